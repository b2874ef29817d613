//! The cases, each by its name.

mod burst;
mod calls;
mod cooloff;
mod demo;
mod drain;
mod flood;
mod hang;
mod hundred;
mod idle;
mod invocations;
mod lone;
mod looks;
mod memory;
mod refusals;
mod sparse;
mod together;

use clap::ValueEnum;

use crate::{figures::Figures, stage::Stage};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// Memory of the system worker at rest.
    Rest,
    /// One task that finds no worker, from its start to the provider's call.
    Lone,
    /// The same for 20 versions at once.
    Together,
    /// 300 tasks of 2 s at once: how long until all are done.
    Drain,
    /// 100 tasks of 1 s at once: worker-seconds beside the ideal.
    Cost,
    /// 1000 tasks in 10 s and no worker ever comes: invocations in the first 2 s.
    Flood,
    /// A second task inside the cooloff, and no worker comes: when the provider is called again.
    Cooloff,
    /// The provider hangs for one group: how long a task of another waits.
    Hang,
    /// The provider throttles for 30 s.
    Refusals,
    /// One task every 25 s: worker-seconds.
    Sparse,
    /// Events that a burst of signals costs.
    Burst,
    /// 1000 Lambda invocations by one launch, and AssumeRole calls for them.
    Invocations,
    /// What clients wait for: create-version, changes, validate.
    Calls,
    /// describe-version while tasks are announced.
    Looks,
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
    /// What mostly waits, in lanes: lanes are measured beside each other, the cases of a lane one
    /// after another. One after another all of them would take half an hour. A thousand instances
    /// come last in theirs: what does next to nothing is measured before.
    pub(crate) fn lanes(cases: &[Self]) -> Vec<Vec<Self>> {
        let lanes = [&[Self::Sparse][..], &[Self::Refusals], &[Self::Idle, Self::Memory]];
        let chosen = lanes.map(|lane| lane.iter().copied().filter(|case| cases.contains(case)));
        chosen.into_iter().map(Iterator::collect).collect()
    }

    /// Whether it does next to nothing for minutes, or more than others should be timed beside.
    pub(crate) fn has_a_lane(self) -> bool {
        matches!(self, Self::Sparse | Self::Refusals | Self::Idle | Self::Memory)
    }

    /// Measures it. `full` takes its time.
    pub(crate) async fn measure(
        self,
        stage: &Stage,
        figures: &mut Figures,
        full: bool,
    ) -> anyhow::Result<()> {
        match self {
            Self::Rest => memory::measure_rest(stage, figures).await,
            Self::Lone => lone::measure(stage, figures).await,
            Self::Together => together::measure(stage, figures, full).await,
            Self::Drain => drain::measure_time(stage, figures).await,
            Self::Cost => drain::measure_cost(stage, figures).await,
            Self::Flood => flood::measure(stage, figures).await,
            Self::Cooloff => cooloff::measure(stage, figures, full).await,
            Self::Hang => hang::measure(stage, figures).await,
            Self::Refusals => refusals::measure(stage, figures).await,
            Self::Sparse => sparse::measure(stage, figures).await,
            Self::Burst => burst::measure(stage, figures).await,
            Self::Invocations => invocations::measure(figures).await,
            Self::Calls => calls::measure(stage, figures).await,
            Self::Looks => looks::measure(stage, figures).await,
            Self::Hundred => hundred::measure(stage, figures).await,
            Self::Memory => memory::measure(stage, figures).await,
            Self::Idle => idle::measure(stage, figures).await,
            Self::Demo => demo::measure(&stage.programs, figures).await,
        }
    }
}
