//! The activity `DecideScaling`: runs the real algorithm, starts a launch of one worker with its
//! decision, and waits for that launch for a while.

use wci_contract::{
    activities::{DecideInput, DecideOutput},
    decision::{Action, Decision, DecisionResult, Event as ScalingEvent},
    payload::config_map,
};
use wci_instance::Event;
use wci_scaling::{decide_batch, decide_with_worker_count, needs_worker_count};

use super::{Instance, provider_calls::SpeculativeLaunch};
use crate::{
    Micros, controller::algorithm_runner::outcome, event_queue::ControllerEvent, world::World,
};

/// How long a decision waits for the outcome of its own launch, as the activity does.
const OUTCOME_WITHIN: Micros = Micros::from_ms(100);

/// A decision in progress.
#[derive(Debug)]
pub(super) struct PendingDecision {
    input: DecideInput,
    /// The decision, once it is made and only waits for its launch.
    output: Option<DecideOutput>,
}

impl Instance {
    pub(super) fn begin_decision(&mut self, input: DecideInput, world: &mut World<'_>) {
        self.decision = Some(PendingDecision { input, output: None });
        world.schedule(world.scenario.controller.decision_latency, ControllerEvent::Decided);
    }

    /// Decides, or reports the decision that has waited for its launch.
    pub(super) fn end_decision(&mut self, world: &mut World<'_>) {
        let Some(PendingDecision { input, output }) = self.decision.take() else { return };
        if let Some(output) = output {
            self.report(Event::DecisionMade { input, output }, world);
            return;
        }
        let Some(input) = self.decide_under_faults(input, world) else { return };
        let (output, wait) = self.decide_and_launch(&input, world);
        if wait == Micros::ZERO {
            self.report(Event::DecisionMade { input, output }, world);
        } else {
            self.decision = Some(PendingDecision { input, output: Some(output) });
            world.schedule(wait, ControllerEvent::Decided);
        }
    }

    /// The decision, and how long it waits for its launch.
    pub(super) fn decide_and_launch(
        &mut self,
        input: &DecideInput,
        world: &mut World<'_>,
    ) -> (DecideOutput, Micros) {
        let (mut output, mut wait) = (DecideOutput::default(), Micros::ZERO);
        for (name, group) in &input.groups {
            let decision = self.decide(input, name, world);
            let is_of_one =
                matches!(decision.actions.as_slice(), [Action::InvokeWorker { count: 1 }]);
            let launch = group.speculative_launch.as_ref().filter(|_| is_of_one);
            output.groups.insert(name.clone(), DecisionResult::from(decision));
            let Some(launch) = launch else { continue };
            self.last_launch = Some(world.now);
            self.end_idleness(world);
            let answer = world.request_workers(1);
            let latency = world.latency();
            if group.report_outcome && latency <= OUTCOME_WITHIN {
                output.launched.insert(name.clone(), outcome(answer));
                wait = wait.max(latency);
            } else {
                let launched = SpeculativeLaunch { ends: world.now + latency, answer };
                self.speculative.insert(launch.launch_id.clone(), launched);
                wait = if group.report_outcome { OUTCOME_WITHIN } else { wait };
            }
        }
        (output, wait)
    }

    /// Counts the workers that poll before the maximum number of workers defers announced tasks.
    fn decide(&self, input: &DecideInput, name: &str, world: &mut World<'_>) -> Decision {
        let Some(group) = input.groups.get(name) else { return Decision::default() };
        let config = config_map(group.scaling.config.as_ref()).unwrap_or_default();
        let (now_ms, events) = (input.now_ms, &group.events);
        let mut decision = decide_batch(now_ms, self.algorithm, &config, &group.state, events);
        // The activity knows the version by the parameters of the launch.
        let is_counted = needs_worker_count(&decision)
            && group.speculative_launch.is_some()
            && events.iter().any(is_announced);
        if is_counted && let Some(workers) = world.workers() {
            let (algorithm, state) = (self.algorithm, &group.state);
            decision = decide_with_worker_count(now_ms, algorithm, &config, state, events, workers);
        }
        world.counters.decided(&decision);
        decision
    }
}

/// Whether the server announced a task.
fn is_announced(event: &ScalingEvent) -> bool {
    matches!(event, ScalingEvent::TaskAdd(signal) if !signal.task_queue_name.is_empty())
}
