//! Events in sentences.

mod announcements;
mod decision;
mod launch;
mod update;

use self::announcements::Announcements;
use crate::{
    event::{Close, Event, EventKind},
    phrase::{count, full_stop, purpose},
    time::Millis,
};

/// What happened, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// When it happened.
    pub at: Millis,
    /// The ID of the event of the server's history; the last one if the sentence covers several.
    pub event_id: i64,
    /// The index of its run in [`crate::History::runs`].
    pub run: usize,
    /// What it is about: `run`, `signal`, `update`, `watch`, `decision`, `launch`, `outcome`,
    /// `register`, `timer`, `failure` or `other`.
    pub kind: &'static str,
    /// The sentence.
    pub text: String,
}

/// Describes `events` in sentences, oldest first. Consecutive announcements for one task queue
/// share a sentence.
pub fn sentences(events: &[Event]) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut open: Option<Announcements> = None;
    for event in events {
        if let EventKind::TasksAnnounced(tasks) = &event.kind {
            match open.as_mut() {
                Some(before) if before.is_like(event, tasks) => before.add(event, tasks),
                _ => {
                    let next = Announcements::new(event, tasks);
                    sentences.extend(open.replace(next).map(Announcements::sentence));
                }
            }
            continue;
        }
        sentences.extend(open.take().map(Announcements::sentence));
        sentences.push(event.sentence());
    }
    sentences.extend(open.map(Announcements::sentence));
    sentences
}

impl Event {
    fn sentence(&self) -> Sentence {
        let (kind, text) = self.kind.describe(self.at);
        let Self { at, event_id, run, .. } = *self;
        Sentence { at, event_id, run, kind, text: full_stop(text) }
    }
}

impl EventKind {
    /// What it is about, and a description that lacks its full stop.
    fn describe(&self, at: Millis) -> (&'static str, String) {
        match self {
            Self::RunStarted { continued, launches } => ("run", run_started(*continued, *launches)),
            // Announcements have sentences of their own.
            Self::TasksAnnounced(_) => ("signal", "Tasks were announced".to_owned()),
            Self::InvalidSignal { signal } => {
                ("signal", format!("Signal {signal:?} could not be decoded and was dropped"))
            }
            Self::UpdateAccepted { update, identity } => {
                ("update", update::accepted(update, identity))
            }
            Self::UpdateCompleted { update, refusal } => {
                ("update", update::completed(update, refusal.as_deref()))
            }
            Self::LastGroupRemoved => (
                "update",
                "The last scaling group was removed: no workers are started until one is added"
                    .to_owned(),
            ),
            Self::WatchCompleted(result) => ("watch", result.describe()),
            Self::Decided(decision) => ("decision", decision.describe(at)),
            Self::LaunchRequested(launch) => ("launch", launch.describe()),
            Self::LaunchEnded(result) => ("outcome", result.describe(at)),
            Self::ResizeRequested(set) => ("launch", set.describe()),
            Self::ResizeEnded(result) => ("outcome", result.describe()),
            Self::Registered { started, empty_sets, failed, unregistered } => {
                let mut text = launch::registered(started, empty_sets, failed);
                launch::add_unregistered(&mut text, failed, unregistered);
                ("register", text)
            }
            Self::TimerFired { purpose: of } if of.is_empty() => {
                ("timer", "A timer fired".to_owned())
            }
            Self::TimerFired { purpose: of } => ("timer", format!("Timer fired: {}", purpose(of))),
            Self::ActivityFailed { activity, why } => {
                ("failure", format!("{activity} failed: {why}"))
            }
            Self::UnknownActivity { activity_type } => (
                "other",
                format!(
                    "Activity {activity_type} completed, which this version of wci does not know"
                ),
            ),
            Self::WorkflowTaskFailed { why } => {
                ("failure", format!("A workflow task failed and was retried: {why}"))
            }
            Self::RunClosed(close) => ("run", run_closed(close)),
        }
    }
}

fn run_started(continued: bool, launches: usize) -> String {
    match (continued, launches) {
        (false, _) => "The instance started".to_owned(),
        (true, 0) => "A new run continues the previous one".to_owned(),
        (true, launches) => {
            let launches = count(launches as u64, "launch");
            format!("A new run continues the previous one, which left {launches} under way")
        }
    }
}

fn run_closed(close: &Close) -> String {
    match close {
        Close::Completed => "The instance completed".to_owned(),
        Close::ContinuedAsNew { .. } => "The run continued as new".to_owned(),
        Close::Other { how, why } if why.is_empty() => format!("The run {how}"),
        Close::Other { how, why } => format!("The run {how}: {why}"),
    }
}
