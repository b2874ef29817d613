//! The activities `InvokeWorker` and `UpdateWorkerSetSize`.

use wci_contract::activities::InvokeInput;
use wci_instance::Event;

use super::{Instance, Step};
use crate::{Micros, controller::algorithm_runner::outcome, event_queue::Answer, world::World};

/// A launch of one worker that started with its decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpeculativeLaunch {
    /// When the provider answers.
    pub(super) ends: Micros,
    pub(super) answer: Answer,
}

impl Instance {
    /// Starts workers, unless the launch has started with its decision.
    pub(super) fn launch(&mut self, input: InvokeInput, world: &mut World<'_>) {
        let InvokeInput { launch_id, count, .. } = input;
        self.last_launch = Some(world.now);
        self.end_idleness(world);
        let SpeculativeLaunch { ends, answer } =
            self.speculative.remove(&launch_id).unwrap_or_else(|| {
                let answer = world.request_workers(count);
                SpeculativeLaunch { ends: world.now + world.latency(), answer }
            });
        let event = Event::LaunchEnded { launch_id, outcome: outcome(answer) };
        self.do_after(ends.saturating_sub(world.now), Step::Report(event), world);
    }

    pub(super) fn resize(&mut self, group: &str, world: &mut World<'_>) {
        let Some(input) = self.state.begin_resize(group) else { return };
        self.last_launch = Some(world.now);
        self.end_idleness(world);
        let outcome = outcome(world.resize(input.count));
        let event = Event::SetResized { input, outcome };
        self.do_after(world.latency(), Step::Report(event), world);
    }
}
