//! From the server's events to the history of an instance.

mod activities;
mod spec;

use temporalio_common::protos::temporal::api::{
    history::v1::{HistoryEvent, TimerStartedEventAttributes, history_event::Attributes},
    sdk::v1::UserMetadata,
};
use wci_contract::{
    limits::{MAX_MESSAGE, cut},
    names::TASK_ADD_SIGNAL,
    signal::TaskAdd,
};

use crate::{
    event::{Close, Event, EventKind},
    history::{History, Pending, Timer},
    lenient,
    time::{self, Millis},
    workflow_task::is_failure,
};

impl History {
    /// Reads `runs`, oldest first, up to `until` or, if that is `None`, up to their end.
    pub fn read<'a>(
        runs: impl IntoIterator<Item = &'a [HistoryEvent]>,
        until: Option<Millis>,
    ) -> Self {
        let mut reader = Reader::new(until.unwrap_or(Millis::MAX));
        for events in runs {
            reader.run(events);
        }
        reader.finish()
    }
}

/// Reads runs one after another.
struct Reader {
    until: Millis,
    history: History,
    at: Millis,
    event_id: i64,
}

impl Reader {
    /// Reads what happened up to `until`.
    fn new(until: Millis) -> Self {
        Self { until, history: History::default(), at: 0, event_id: 0 }
    }

    fn finish(mut self) -> History {
        // The server records some events later than they happened.
        self.history.events.sort_by_key(|event| (event.run, event.at, event.event_id));
        self.history
    }

    /// Reads one run.
    fn run(&mut self, events: &[HistoryEvent]) {
        let until = self.until;
        for event in events.iter().filter(|event| time::of(event) <= until) {
            (self.at, self.event_id) = (time::of(event), event.event_id);
            if let Some(attributes) = &event.attributes {
                self.event(attributes, event.user_metadata.as_ref());
            }
            if let Some(run) = self.history.runs.last_mut() {
                run.last_event = run.last_event.max(self.at);
            }
        }
    }

    fn push(&mut self, kind: EventKind) {
        let run = self.history.runs.len().saturating_sub(1);
        self.history.events.push(Event { at: self.at, event_id: self.event_id, run, kind });
    }

    fn event(&mut self, attributes: &Attributes, metadata: Option<&UserMetadata>) {
        use Attributes as A;
        let pending = &mut self.history.pending;
        match attributes {
            A::WorkflowExecutionStartedEventAttributes(start) => self.start(start, metadata),
            A::WorkflowExecutionSignaledEventAttributes(signal) => {
                let text = lenient::text(signal.input.as_ref());
                let tasks = TaskAdd::decode(text).filter(|_| signal.signal_name == TASK_ADD_SIGNAL);
                let signal = cut(&signal.signal_name, MAX_MESSAGE).to_owned();
                self.push(
                    tasks.map_or(EventKind::InvalidSignal { signal }, EventKind::TasksAnnounced),
                );
            }
            A::WorkflowExecutionUpdateAcceptedEventAttributes(update) => {
                self.update_accepted(update);
            }
            A::WorkflowExecutionUpdateCompletedEventAttributes(update) => {
                self.update_completed(update);
            }
            A::TimerStartedEventAttributes(timer) => self.timer(timer, metadata),
            A::TimerCanceledEventAttributes(timer) => {
                pending.timers.remove(&timer.started_event_id);
            }
            A::TimerFiredEventAttributes(timer) => {
                if let Some(timer) = pending.timers.remove(&timer.started_event_id) {
                    let purpose = pending.purpose_of(&timer.summary).to_owned();
                    self.push(EventKind::TimerFired { purpose });
                }
            }
            A::WorkflowTaskFailedEventAttributes(failed) if is_failure(failed.cause()) => {
                let why = lenient::failure(failed.failure.as_ref());
                self.push(EventKind::WorkflowTaskFailed { why });
            }
            A::WorkflowTaskTimedOutEventAttributes(_) => {
                let why = "no worker completed it in time".to_owned();
                self.push(EventKind::WorkflowTaskFailed { why });
            }
            other => {
                self.activity(other);
                self.close(other);
            }
        }
    }

    fn timer(&mut self, timer: &TimerStartedEventAttributes, metadata: Option<&UserMetadata>) {
        let summary = lenient::summary(metadata);
        let timeout = timer.start_to_fire_timeout.unwrap_or_default();
        let fires = self.at.saturating_add(time::of_parts(timeout.seconds, timeout.nanos));
        let timer = Timer { summary: cut(&summary, MAX_MESSAGE).to_owned(), fires };
        self.history.pending.timers.insert(self.event_id, timer);
    }

    fn close(&mut self, attributes: &Attributes) {
        use Attributes as A;
        let other = |how, why| Close::Other { how, why };
        let close = match attributes {
            A::WorkflowExecutionCompletedEventAttributes(_) => Close::Completed,
            A::WorkflowExecutionContinuedAsNewEventAttributes(next) => {
                Close::ContinuedAsNew { next: next.new_execution_run_id.clone() }
            }
            A::WorkflowExecutionFailedEventAttributes(end) => {
                other("failed", lenient::failure(end.failure.as_ref()))
            }
            A::WorkflowExecutionTerminatedEventAttributes(end) => {
                other("was terminated", cut(&end.reason, MAX_MESSAGE).to_owned())
            }
            A::WorkflowExecutionCanceledEventAttributes(_) => other("was cancelled", String::new()),
            A::WorkflowExecutionTimedOutEventAttributes(_) => other("timed out", String::new()),
            _ => return,
        };
        if let Some(run) = self.history.runs.last_mut() {
            run.close = Some(close.clone());
        }
        self.history.pending = Pending::default();
        self.push(EventKind::RunClosed(close));
    }
}
