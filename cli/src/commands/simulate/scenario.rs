//! Builds the scenario from the flags.

use std::{fs::File, io::Read, path::Path};

use anyhow::{Context, bail};
use wci_simulator::{Scenario, Traffic};

use super::args::{ModelArgs, TrafficArg};

/// Size limit of a file with recorded arrivals, in bytes.
const MAX_BYTES: u64 = 1 << 30;

pub(super) fn build(args: &ModelArgs) -> anyhow::Result<Scenario> {
    let mut scenario = Scenario { seed: args.seed, service: args.service, ..Scenario::default() };
    for traffic in &args.traffic {
        scenario.traffic.push(match traffic {
            TrafficArg::Pattern(traffic) => traffic.clone(),
            TrafficArg::File(path) => recorded(path)?,
        });
    }
    scenario.queue.partitions = args.partitions;
    scenario.queue.rate_limit = args.queue_rps;
    let workers = &mut scenario.workers;
    workers.slots = args.slots;
    workers.cold_start = args.cold_start;
    workers.idle_exit = args.idle_exit;
    workers.lifetime = args.lifetime;
    workers.drain = args.drain;
    workers.task_timeout = args.task_timeout;
    workers.no_show = args.no_show;
    workers.consolidate = args.consolidate;
    let provider = &mut scenario.provider;
    provider.latency = args.invoke_latency;
    provider.concurrency = args.concurrency;
    provider.rate = args.invoke_rate;
    provider.refuse = args.refuse;
    provider.outage = args.outage;
    scenario.controller.decision_latency = args.decision_latency;
    scenario.controller.sees_workers = !args.workers_unseen;
    scenario.target = args.target;
    scenario.patience = args.patience;
    scenario.check()?;
    Ok(scenario)
}

fn recorded(path: &Path) -> anyhow::Result<Traffic> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
    let size = read.with_context(|| format!("cannot read {name}"))?;
    if u64::try_from(size).unwrap_or(u64::MAX) > MAX_BYTES {
        bail!("{name}: larger than {MAX_BYTES} bytes");
    }
    Ok(Traffic::recorded(&name, &text)?)
}
