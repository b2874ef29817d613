//! Takes a step: reports to the instance what happened.

use wci_contract::{
    Refusal,
    activities::{RegisterOutput, ValidateOutput, WatchOutput},
    signal::TaskAdd,
};

use wci_instance::{Effect, Event, RegistrationFailure};

use super::{
    decider::{Choice, decide},
    driver::{Driver, Stage, Work},
    step::{Fate, Step},
};

/// Between a watch that failed for good and the next.
const AFTER_FAILURE_MS: i64 = 10_000;

impl Driver {
    /// Takes `step`; the workflow task ends with it if `settles`.
    pub(crate) fn take(&mut self, step: &Step, settles: bool) {
        if self.stage == Stage::Ended {
            return;
        }
        self.now_ms += 1;
        self.report(step);
        if settles {
            self.settle();
            self.check();
        }
    }

    fn report(&mut self, step: &Step) {
        match step {
            Step::Announce(signal) => self.announce(signal.clone()),
            Step::Flood(queues) => (0..*queues).for_each(|queue| self.announce(one_of(queue))),
            Step::Rounds(rounds) => (0..*rounds).for_each(|_| {
                self.announce(one_of(0));
                self.settle();
                self.end_decision(&[Choice::two_workers()]);
            }),
            Step::DropSignal => self.handle(Event::SignalDropped { reason: "odd".to_owned() }),
            Step::Wait(ms) => self.wait(*ms),
            Step::Decide(choices) => self.end_decision(choices),
            Step::FailDecision => {
                if let Some(input) = self.deciding.take() {
                    self.handle(Event::DecisionFailed { input });
                }
            }
            Step::EndLaunch(at, fate) => self.end_launch(*at, fate),
            Step::RepeatLaunch(at, fate) => self.repeat_launch(*at, fate),
            Step::EndResize(at, fate) => self.end_resize(*at, fate),
            Step::EndWatch(output) => self.end_watch(output.clone()),
            Step::FailWatch => {
                if matches!(self.watch, Work::Running(_)) {
                    self.watch = Work::Timer(self.now_ms + AFTER_FAILURE_MS);
                }
            }
            Step::EndRegistration { .. } | Step::FailRegistration => self.end_registration(step),
            Step::EndRevalidation { .. } | Step::FailRevalidation => self.end_revalidation(step),
            Step::EndNotification => {
                if let Some(status) = self.notifying.take() {
                    self.notified = Some((status.status.clone(), status.err_message.clone()));
                    self.handle(Event::VersionNotified(status));
                }
            }
            Step::Update(update) => self.accept(update.clone()),
            Step::EndUpdate { refused } => self.end_update(*refused),
            Step::LongHistory => self.history_is_long = true,
            Step::Cancel => self.cancelled = true,
            Step::HandOver => {
                self.hand_over();
            }
        }
    }

    fn announce(&mut self, signal: TaskAdd) {
        self.ledger.announce(&signal);
        self.handle(Event::TasksAnnounced(signal));
    }

    /// Time passes, and timers fire.
    fn wait(&mut self, ms: i64) {
        let until_ms = self.now_ms + ms;
        self.settle();
        while let Some(at_ms) = self.next_timer_ms().filter(|at| *at <= until_ms) {
            self.now_ms = at_ms;
            self.settle();
            self.check();
        }
        self.now_ms = self.now_ms.max(until_ms);
    }

    /// When the next timer fires.
    fn next_timer_ms(&self) -> Option<i64> {
        let watch_ms = match self.watch {
            Work::Timer(at_ms) => Some(at_ms),
            Work::Idle | Work::Running(_) => None,
        };
        let revalidation_ms = match self.revalidation {
            Work::Timer(at_ms) => Some(at_ms),
            Work::Idle | Work::Running(_) => None,
        };
        let end_ms = match self.stage {
            Stage::Continuing { until_ms } => Some(until_ms),
            Stage::Running | Stage::Completing => None,
            Stage::Ended => return None,
        };
        let timers = [self.timer_ms, watch_ms, revalidation_ms, end_ms];
        let all = timers.into_iter().chain([self.updates.release_ends_ms()]).flatten();
        all.filter(|at_ms| *at_ms > self.now_ms).min()
    }

    fn end_decision(&mut self, choices: &[Choice]) {
        let Some(input) = self.deciding.take() else { return };
        let output = decide(self.decider, &input, choices);
        if self.instance.admit_update().is_ok() && !self.updates.release_sets() {
            self.ledger.decided(&self.instance, &input, &output);
        }
        self.handle(Event::DecisionMade { input, output });
    }

    fn end_launch(&mut self, at: usize, fate: &Fate) {
        if at >= self.launches.len() {
            return;
        }
        let launch = self.launches.remove(at);
        let outcome = fate.outcome(launch.count);
        self.ledger.launched(&self.instance, &launch.group, &outcome);
        self.ended_launches.push(launch.launch_id.clone());
        self.handle(Event::LaunchEnded { launch_id: launch.launch_id, outcome });
    }

    /// A launch that ended, or that nobody knows, changes nothing when it ends once more.
    fn repeat_launch(&mut self, at: usize, fate: &Fate) {
        let ended = self.ended_launches.get(at).cloned();
        let launch_id = ended.unwrap_or_else(|| format!("nobody-knows-{at}"));
        let before = self.instance.dump();
        let outcome = fate.outcome(1);
        let effects = self.instance.handle(self.now_ms, Event::LaunchEnded { launch_id, outcome });
        assert!(effects.iter().all(|effect| *effect == Effect::Advance), "{effects:?}");
        assert_eq!(self.instance.dump(), before);
    }

    fn end_resize(&mut self, at: usize, fate: &Fate) {
        if at >= self.resizes.len() {
            return;
        }
        let input = self.resizes.remove(at);
        let outcome = fate.outcome(input.count.max(1));
        if outcome.is_success() {
            self.acknowledged.insert((input.group.clone(), input.requested_ms));
        }
        self.handle(Event::SetResized { input, outcome });
    }

    fn end_watch(&mut self, output: WatchOutput) {
        if matches!(self.watch, Work::Running(_)) {
            self.watch = Work::Idle;
            self.handle(Event::WatchEnded(output));
        }
    }

    fn end_registration(&mut self, step: &Step) {
        let Some(spec) = self.registering.take() else { return };
        self.is_unregistered &= self.instance.spec() != Some(&spec);
        let groups = || spec.scaling_group_specs.keys().cloned();
        let result = match step {
            Step::EndRegistration { started, failed, empty_sets } => Ok(RegisterOutput {
                started: groups().filter(|_| *started).collect(),
                failed: groups().filter(|_| *failed).map(|group| (group, "no".into())).collect(),
                empty_sets: groups().filter(|_| *empty_sets).collect(),
                unregistered: groups()
                    .filter(|_| *failed)
                    .map(|group| (group, "no".into()))
                    .collect(),
            }),
            _ => Err(RegistrationFailure { message: "no answer".to_owned(), is_retried: true }),
        };
        for group in result.iter().flat_map(|output| &output.empty_sets) {
            let current = self.instance.spec().map(|spec| &spec.scaling_group_specs);
            let is_set = current.and_then(|groups| groups.get(group));
            if is_set.is_some_and(|group| group.compute.is_worker_set()) {
                self.ledger.reannounce(1);
            }
        }
        self.handle(Event::RegistrationEnded { spec, result });
    }

    fn end_revalidation(&mut self, step: &Step) {
        let Work::Running(input) = self.revalidation.clone() else { return };
        self.revalidation = Work::Idle;
        let output = match step {
            Step::EndRevalidation { refused, may_pass, interval_ms } => Some(ValidateOutput {
                refusal: refused.then(|| Refusal::invalid("g: gone")),
                may_pass: *may_pass,
                interval_ms: *interval_ms,
                warnings: Vec::new(),
            }),
            _ => None,
        };
        self.handle(Event::Revalidated { spec: input.spec, output });
    }
}

fn one_of(queue: u16) -> TaskAdd {
    TaskAdd {
        task_queue_name: format!("queue-{queue}"),
        task_queue_type: i64::from(queue % 3) + 1,
        misses: 1,
        ..TaskAdd::default()
    }
}
