//! Traffic and settings of a day, by a seed.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    Contender, ParseError, Scenario,
    rng_stream::{Purpose, RngStream},
};

/// The scenario of a day, and the algorithm that lives through it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) scenario: Scenario,
    pub(super) contender: Contender,
}

impl Plan {
    /// The plan of `seed`: three days in four for `demand`, the others for the other algorithms.
    pub(super) fn of(seed: u64) -> Result<Self, ParseError> {
        let mut rng = RngStream::new(seed, Purpose::Plan);
        let name = match rng.below(8) {
            0 => "no-sync",
            1 => "rate-based",
            _ => "demand",
        };
        let mut contender = Contender::named(name)?;
        let mut scenario = Scenario { seed, ..Scenario::default() };
        for text in traffic(&mut rng) {
            scenario.traffic.push(text.parse()?);
        }
        let mut of =
            |texts: &[&'static str]| texts.get(rng.below(texts.len())).copied().unwrap_or("1s");
        scenario.service =
            of(&["200ms", "5s", "exp:mean=2s", "uniform:from=1s,to=30s", "45s"]).parse()?;
        scenario.workers.cold_start =
            of(&["300ms", "1s", "uniform:from=500ms,to=5s", "4s"]).parse()?;
        scenario.workers.idle_exit = of(&["2s", "10s", "1m"]).parse()?;
        scenario.workers.lifetime = of(&["2m", "10m"]).parse()?;
        scenario.workers.slots = 1 + u32::try_from(rng.below(4)).unwrap_or_default();
        let limits: [Option<u32>; 3] = [None, Some(3), Some(12)];
        scenario.provider.concurrency = limits.get(rng.below(3)).copied().flatten();
        scenario.controller.sees_workers = rng.below(4) > 0;
        scenario.queue.rate_limit = [None, None, Some(2.0)].get(rng.below(3)).copied().flatten();
        if name == "demand" {
            contender.config = demand(&mut rng, &scenario);
        }
        contender.check()?;
        scenario.check()?;
        Ok(Self { scenario, contender })
    }
}

/// A task now and then, bursts every few hours, and one large burst.
fn traffic(rng: &mut RngStream) -> [String; 3] {
    let (burst, storm) = (2 + rng.below(30), 20 + rng.below(80));
    let (first_m, every_m, storm_h) = (rng.below(60), 90 + rng.below(120), rng.below(23));
    [
        "poisson:rate=0.001,for=24h".to_owned(),
        format!("burst:{burst},at={first_m}m,every={every_m}m,times=12"),
        format!("burst:{storm},at={storm_h}h"),
    ]
}

fn demand(rng: &mut RngStream, scenario: &Scenario) -> Map<String, Value> {
    let mut config = Map::new();
    let mut set = |key: &str, value: u64| config.insert(key.to_owned(), value.into());
    set("worker_slots", scenario.workers.slots.into());
    set("worker_lifetime_ms", scenario.workers.lifetime.whole_ms());
    set("max_concurrent_workers", u64::try_from(1 + rng.below(20)).unwrap_or(1));
    set("max_invocations_per_minute", u64::try_from(3 + rng.below(60)).unwrap_or(3));
    config
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scenario { service, workers, provider, controller, queue, .. } = &self.scenario;
        let config = Value::Object(self.contender.config.clone());
        write!(
            f,
            "{} {config}, tasks {service:?}, slots {}, cold start {:?}, idle exit {}, lifetime {}, \
             concurrency {:?}, sees workers {}, queue limit {:?}",
            self.contender,
            workers.slots,
            workers.cold_start,
            workers.idle_exit,
            workers.lifetime,
            provider.concurrency,
            controller.sees_workers,
            queue.rate_limit,
        )
    }
}

/// The setting of `demand` with this name.
pub(super) fn setting(contender: &Contender, key: &str) -> Option<u64> {
    contender.config.get(key).and_then(Value::as_u64)
}
