//! The benchmark cases, by name.

mod burst;
mod calls;
mod cooloff;
mod demo;
mod describe;
mod drain;
mod flood;
mod hang;
mod hundred;
mod idle;
mod invocations;
mod lone;
mod memory;
mod refusals;
mod sparse;
mod together;

use clap::ValueEnum;

use crate::{figures::Figures, testbed::Testbed};

/// A benchmark case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// Memory of the idle system worker.
    Rest,
    /// One task without a worker, from its start to the call of the provider.
    Lone,
    /// The same for 20 versions at once.
    Together,
    /// 300 tasks of 2 s at once: time until all are done.
    Drain,
    /// 100 tasks of 1 s at once: worker-seconds, relative to the ideal.
    Cost,
    /// 1000 tasks in 10 s and no worker ever starts: invocations in the first 2 s.
    Flood,
    /// A second task within the cooloff, and no worker starts: time until the provider is called
    /// again.
    Cooloff,
    /// The provider hangs for one group: how long a task of another group waits.
    Hang,
    /// The provider throttles for 30 s.
    Refusals,
    /// One task every 25 s: worker-seconds.
    Sparse,
    /// Events for each signal of a burst.
    Burst,
    /// 1000 Lambda invocations by one launch, and AssumeRole calls for them.
    Invocations,
    /// Latency of client calls: create-version, changes, validate.
    Calls,
    /// Latency of describe-version while the instance receives signals.
    Describe,
    /// Memory of the system worker with 100 instances.
    Hundred,
    /// Memory of each of a thousand instances.
    Memory,
    /// Events of an idle hour.
    Idle,
    /// `wci demo` as a user runs it.
    Demo,
}

impl Case {
    /// The cases that mostly wait, in lanes: lanes are measured concurrently, the cases of a lane
    /// one after another. One after another, all of them would take half an hour. A thousand
    /// instances are last in their lane, so that they do not disturb the idle case.
    pub(crate) fn lanes(cases: &[Self]) -> Vec<Vec<Self>> {
        let lanes = [&[Self::Sparse][..], &[Self::Refusals], &[Self::Idle, Self::Memory]];
        let chosen = lanes.map(|lane| lane.iter().copied().filter(|case| cases.contains(case)));
        chosen.into_iter().map(Iterator::collect).collect()
    }

    /// Whether it mostly waits for minutes, or would disturb the timing of other cases.
    pub(crate) fn has_a_lane(self) -> bool {
        matches!(self, Self::Sparse | Self::Refusals | Self::Idle | Self::Memory)
    }

    /// Measures it, at full length if `full`.
    pub(crate) async fn measure(
        self,
        testbed: &Testbed,
        figures: &mut Figures,
        full: bool,
    ) -> anyhow::Result<()> {
        match self {
            Self::Rest => memory::measure_rest(testbed, figures).await,
            Self::Lone => lone::measure(testbed, figures).await,
            Self::Together => together::measure(testbed, figures, full).await,
            Self::Drain => drain::measure_time(testbed, figures).await,
            Self::Cost => drain::measure_cost(testbed, figures).await,
            Self::Flood => flood::measure(testbed, figures).await,
            Self::Cooloff => cooloff::measure(testbed, figures, full).await,
            Self::Hang => hang::measure(testbed, figures).await,
            Self::Refusals => refusals::measure(testbed, figures).await,
            Self::Sparse => sparse::measure(testbed, figures).await,
            Self::Burst => burst::measure(testbed, figures).await,
            Self::Invocations => invocations::measure(figures).await,
            Self::Calls => calls::measure(testbed, figures).await,
            Self::Describe => describe::measure(testbed, figures).await,
            Self::Hundred => hundred::measure(testbed, figures).await,
            Self::Memory => memory::measure(testbed, figures).await,
            Self::Idle => idle::measure(testbed, figures).await,
            Self::Demo => demo::measure(&testbed.programs, figures).await,
        }
    }
}
