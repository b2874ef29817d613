//! What an instance waits for.

use wci_contract::activities::{WATCH, WatchInput};

use crate::{
    Announcing,
    activity::{Activity, Purpose},
    event::{Close, WorkerSet},
    history::{History, Timer},
    phrase::{count, full_stop, list, purpose, span},
    time::{self, Millis},
};

/// Something that the instance waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What it is: `run`, `timer`, `decision`, `launch`, `watch`, `register`, `check`, `update`,
    /// `signal` or `other`.
    pub kind: &'static str,
    /// When the wait is over at the latest, where that is known.
    pub until: Option<Millis>,
    /// The same in words.
    pub text: String,
}

impl Waiting {
    fn new(kind: &'static str, until: Option<Millis>, text: impl Into<String>) -> Self {
        Self { kind, until, text: full_stop(text.into()) }
    }
}

/// What the instance waits for at the end of `history`, which is at `now`. The soonest first.
pub fn waits(history: &History, now: Millis) -> Vec<Waiting> {
    match history.close() {
        None => {}
        Some(Close::ContinuedAsNew { .. }) => {
            return vec![Waiting::new("run", None, "The next run to start")];
        }
        Some(_) => return Vec::new(),
    }
    if history.runs.is_empty() {
        return Vec::new();
    }
    let pending = &history.pending;
    let mut waits: Vec<Waiting> =
        pending.timers.values().map(|it| of_timer(it, history, now)).collect();
    waits.extend(awaited(history).map(|activity| of_activity(activity, now)));
    for update in pending.updates.values() {
        waits.push(Waiting::new("update", None, format!("Update {update:?} to complete")));
    }
    waits.sort_by_key(|waiting| waiting.until.unwrap_or(Millis::MAX));
    waits.push(if pending.has_spec {
        let mut text = "A signal from the server that tasks found no worker".to_owned();
        if let Announcing::Missing { .. } = Announcing::of(history, now) {
            text.push_str(", although none came for tasks that waited");
        }
        Waiting::new("signal", None, text)
    } else {
        let text = "A compute config: without one, no workers are started (wci apply)";
        Waiting::new("update", None, text)
    });
    waits
}

/// Activities whose end matters. A watch that was told to stop is pending until it has
/// stopped, but the instance waits for its successor only.
fn awaited(history: &History) -> impl Iterator<Item = &Activity> {
    let activities = &history.pending.activities;
    let is_watch = |activity: &Activity| activity.activity_type == WATCH;
    let latest = activities.iter().rfind(|activity| is_watch(activity)).map(|it| it.event_id);
    activities.iter().filter(move |it| !is_watch(it) || Some(it.event_id) == latest)
}

fn of_timer(timer: &Timer, history: &History, now: Millis) -> Waiting {
    let when = time::relative(timer.fires, now);
    let purpose = purpose(history.pending.purpose_of(&timer.summary));
    Waiting::new("timer", Some(timer.fires), format!("A timer {when}: {purpose}"))
}

fn of_activity(activity: &Activity, now: Millis) -> Waiting {
    let ago = time::relative(activity.scheduled, now);
    match activity.purpose() {
        Purpose::Decide => Waiting::new("decision", None, format!("A decision, requested {ago}")),
        Purpose::Launch(launch) => {
            let workers = count(launch.workers, "worker");
            let (provider, group) = (&launch.provider, &launch.group);
            let text = format!("{provider} to start {workers} for {group}, requested {ago}");
            Waiting::new("launch", None, text)
        }
        Purpose::Resize(WorkerSet { group, provider, size }) => {
            let text = format!(
                "{provider} to set the size of the worker set of {group} to {size}, requested {ago}"
            );
            Waiting::new("launch", None, text)
        }
        Purpose::Watch(Some(watch)) => of_watch(&watch, now),
        Purpose::Watch(None) => Waiting::new("watch", None, "The watch of the task queues"),
        Purpose::Register => {
            let text = "Workers to start, so that the server learns of task queues";
            Waiting::new("register", None, text)
        }
        Purpose::Validate => {
            Waiting::new("check", None, "The providers to validate a compute config")
        }
        Purpose::Unknown(activity) => {
            Waiting::new("other", None, format!("Activity {activity}, scheduled {ago}"))
        }
    }
}

fn of_watch(watch: &WatchInput, now: Millis) -> Waiting {
    let types: Vec<String> = watch.types.iter().map(|kind| kind.as_str().to_owned()).collect();
    let queues = if types.is_empty() { "task".to_owned() } else { list(&types) };
    let mut text = format!("The watch of the {queues} queues to find tasks that no worker takes");
    if let Some(until_ms) = watch.backlog_grace.until_ms().filter(|at| *at > now) {
        let grace = span(until_ms - now);
        text.push_str(&format!("; for {grace}, it leaves waiting tasks to starting workers"));
    }
    let until = watch.until_ms;
    if until > now {
        let renewed = time::relative(until, now);
        text.push_str(&format!("; an idle watch is renewed {renewed}"));
    }
    Waiting::new("watch", (until > 0).then_some(until), text)
}
