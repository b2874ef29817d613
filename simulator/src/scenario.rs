//! What is simulated, but for the algorithm.

use crate::{Distribution, Micros, Outage, ParseError, Traffic};
use serde::Serialize;

/// The most slots that a worker may have.
const MAX_SLOTS: u32 = 10_000;
/// The most partitions that a queue may have.
const MAX_PARTITIONS: u32 = 256;

/// Traffic, queue, workers and provider: everything but what decides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    /// What chance begins with.
    pub seed: u64,
    /// When tasks arrive.
    pub traffic: Vec<Traffic>,
    /// How long a worker takes for a task, where a recording does not say.
    pub service: Distribution,
    /// The task queue and how the server speaks of it.
    pub queue: QueueModel,
    /// The workers.
    pub workers: WorkerModel,
    /// The provider that starts them.
    pub provider: ProviderModel,
    /// How long a controller takes.
    pub controller: ControllerModel,
    /// The wait that the ideal is allowed to let a task have.
    pub target: Micros,
    /// The simulation ends when no task was done for so long after the last arrived.
    pub patience: Micros,
}

/// One task queue of one type.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueueModel {
    /// Its partitions; the server's default is 4.
    pub partitions: u32,
    /// Between two announcements of tasks that found no worker, for each partition.
    pub miss_interval: Micros,
    /// Between two announcements of tasks that found one, for each partition.
    pub sync_interval: Micros,
    /// From an announcement to its arrival at the controller.
    pub signal_latency: Micros,
    /// How old the server's figures get.
    #[serde(rename = "figures_age")]
    pub stats_age: Micros,
}

/// Workers that live for one invocation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkerModel {
    /// Tasks that one runs at once.
    pub slots: u32,
    /// From its start to its first poll.
    pub cold_start: Distribution,
    /// It leaves when it had no task for so long.
    pub idle_exit: Micros,
    /// It is killed after so long.
    pub lifetime: Micros,
    /// So long before, it takes no more tasks.
    pub drain: Micros,
    /// When a task that was killed with its worker comes back to the queue.
    pub task_timeout: Micros,
    /// The share of workers that start but never poll.
    pub no_show: f64,
}

/// What starts workers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProviderModel {
    /// How long it takes to answer.
    pub latency: Distribution,
    /// Workers that may run at once.
    pub concurrency: Option<u32>,
    /// Starts that it allows in a second, and as many at once.
    pub rate: Option<f64>,
    /// The share of starts that it refuses for no good reason.
    pub refuse: f64,
    /// When it refuses everything.
    pub outage: Option<Outage>,
}

/// How long our instance or the built-in controller takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControllerModel {
    /// From what calls for a decision to what it asks of the provider.
    pub decision_latency: Micros,
    /// Whether it is told of the workers that poll.
    pub sees_workers: bool,
}

impl Default for Scenario {
    /// Twenty tasks a second for ten minutes, workers with two slots that start within a second.
    fn default() -> Self {
        Self {
            seed: 1,
            traffic: Vec::new(),
            service: Distribution::Fixed(Micros::from_ms(200)),
            queue: QueueModel {
                partitions: 4,
                miss_interval: Micros::from_ms(500),
                sync_interval: Micros::from_ms(60_000),
                signal_latency: Micros::from_ms(10),
                stats_age: Micros::from_ms(5_000),
            },
            workers: WorkerModel {
                slots: 2,
                cold_start: Distribution::Fixed(Micros::from_ms(1_000)),
                idle_exit: Micros::from_ms(10_000),
                lifetime: Micros::from_ms(600_000),
                drain: Micros::from_ms(10_000),
                task_timeout: Micros::from_ms(10_000),
                no_show: 0.0,
            },
            provider: ProviderModel {
                latency: Distribution::Fixed(Micros::from_ms(30)),
                concurrency: None,
                rate: None,
                refuse: 0.0,
                outage: None,
            },
            controller: ControllerModel {
                decision_latency: Micros::from_ms(20),
                sees_workers: true,
            },
            target: Micros::from_ms(1_000),
            patience: Micros::from_ms(900_000),
        }
    }
}

impl Scenario {
    /// Checks what types do not.
    ///
    /// # Errors
    /// The first value that makes no sense, with what to do.
    pub fn check(&self) -> Result<(), ParseError> {
        let unfit = |what: &str| Err(ParseError::unfit(what));
        let (workers, provider) = (&self.workers, &self.provider);
        let shares = [workers.no_show, provider.refuse];
        let expected: f64 = self.traffic.iter().map(Traffic::expected).sum();
        match () {
            () if self.traffic.is_empty() => unfit("there is no traffic"),
            () if expected > f64::from(crate::MAX_TASKS) => {
                let most = crate::MAX_TASKS;
                unfit(&format!("the traffic is {expected:.0} tasks: at most {most} can be"))
            }
            () if !(1..=MAX_PARTITIONS).contains(&self.queue.partitions) => {
                unfit(&format!("partitions must be from 1 to {MAX_PARTITIONS}"))
            }
            () if !(1..=MAX_SLOTS).contains(&workers.slots) => {
                unfit(&format!("slots must be from 1 to {MAX_SLOTS}"))
            }
            () if workers.lifetime <= workers.drain => unfit(
                "workers that stop taking tasks when they start do nothing: \
                    let the lifetime be longer than the drain",
            ),
            () if shares.iter().any(|share| !(0.0..=1.0).contains(share)) => {
                unfit("a share must be from 0 to 1")
            }
            () if provider.rate.is_some_and(|rate| !(rate > 0.0 && rate <= 1e6)) => {
                unfit("the provider's rate must be above 0 and at most 1000000")
            }
            () => Ok(()),
        }
    }
}
