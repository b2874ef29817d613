//! Moments in sentences.

use wci_contract::{LaunchStrategy, launch::Outcome, names, signal::TaskAdd, summaries};

use super::{
    Decision, Ending, LaunchEnd, Moment, Seen, Set, What, explain,
    words::{as_sentence, backlog, list, many, rate, span},
};
use crate::time::{self, Millis};

/// What happened, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub at: Millis,
    /// The event that tells of it, the last of several that are told together.
    pub event_id: i64,
    pub run: usize,
    /// One word for what it is about.
    pub kind: &'static str,
    pub text: String,
}

/// The moments in sentences, oldest first. Announcements that follow each other are told together.
pub fn sentences(moments: &[Moment]) -> Vec<Sentence> {
    let mut told = Vec::new();
    let mut announced: Option<Announced> = None;
    for moment in moments {
        if let What::Announced(tasks) = &moment.what {
            match announced.as_mut() {
                Some(before) if before.is_like(moment, tasks) => before.add(moment, tasks),
                _ => {
                    let next = Announced::new(moment, tasks);
                    told.extend(announced.replace(next).map(Announced::sentence));
                }
            }
            continue;
        }
        told.extend(announced.take().map(Announced::sentence));
        told.push(moment.sentence());
    }
    told.extend(announced.map(Announced::sentence));
    told
}

/// Announcements for one queue that came one after another.
struct Announced {
    first: Millis,
    last: Moment,
    signals: u64,
    tasks: TaskAdd,
}

impl Announced {
    fn new(moment: &Moment, tasks: &TaskAdd) -> Self {
        Self { first: moment.at, last: moment.clone(), signals: 1, tasks: tasks.clone() }
    }

    fn is_like(&self, moment: &Moment, tasks: &TaskAdd) -> bool {
        let key = |tasks: &TaskAdd| (tasks.task_queue_name.clone(), tasks.task_queue_type);
        self.last.run == moment.run && key(&self.tasks) == key(tasks)
    }

    fn add(&mut self, moment: &Moment, tasks: &TaskAdd) {
        self.last = moment.clone();
        self.signals += 1;
        self.tasks.misses = self.tasks.misses.saturating_add(tasks.misses);
        self.tasks.syncs = self.tasks.syncs.saturating_add(tasks.syncs);
    }

    fn sentence(self) -> Sentence {
        let TaskAdd { task_queue_name, misses, syncs, .. } = &self.tasks;
        let kind = self.tasks.kind().map_or("", |kind| kind.as_str());
        let mut parts = Vec::new();
        if *misses > 0 {
            parts.push(format!("{} found no worker", many(*misses, &format!("{kind} task"))));
        }
        if *syncs > 0 || *misses == 0 {
            let one = if *misses > 0 { "one" } else { "a worker" };
            let syncs = many((*syncs).max(1), &format!("{kind} task"));
            parts.push(format!("{syncs} found {one} at once"));
        }
        let mut text = format!("on task queue {task_queue_name}, {}", list(&parts));
        if self.signals > 1 {
            let took = span(self.last.at - self.first);
            text.push_str(&format!(" ({} within {took})", many(self.signals, "signal")));
        }
        let Moment { event_id, run, .. } = self.last;
        Sentence { at: self.first, event_id, run, kind: "signal", text: as_sentence(&text) }
    }
}

impl Moment {
    fn sentence(&self) -> Sentence {
        let (kind, text) = self.what.told(self.at);
        let Self { at, event_id, run, .. } = *self;
        Sentence { at, event_id, run, kind, text: as_sentence(&text) }
    }
}

impl What {
    /// One word for what it is about, and what there is to tell.
    fn told(&self, at: Millis) -> (&'static str, String) {
        match self {
            Self::Began { continued: false, .. } => ("run", "the instance began".to_owned()),
            Self::Began { launches: 0, .. } => {
                ("run", "a new run took over from the one before".to_owned())
            }
            Self::Began { launches, .. } => {
                let launches = many(*launches as u64, "launch");
                let text = format!(
                    "a new run took over from the one before, which did not see {launches} end"
                );
                ("run", text)
            }
            // Told together with those that follow.
            Self::Announced(_) => ("signal", "tasks were announced".to_owned()),
            Self::Unreadable { signal } => {
                ("signal", format!("a signal {signal:?} came that makes no sense, and was dropped"))
            }
            Self::Asked { update, by } => ("update", asked(update, by)),
            Self::Answered { update, refusal } => ("update", answered(update, refusal.as_deref())),
            Self::Emptied => (
                "update",
                "the last scaling group is gone: nothing is started until one is added".to_owned(),
            ),
            Self::Saw(seen) => ("watch", seen.told()),
            Self::Decided(decision) => ("decision", decision.told(at)),
            Self::Launched(launch) => {
                let workers = many(launch.workers, "worker");
                let (provider, group) = (&launch.provider, &launch.group);
                ("launch", format!("a start of {workers} for {group} was asked of {provider}"))
            }
            Self::LaunchEnded(end) => ("outcome", end.told(at)),
            Self::Sized(Set { group, provider, size }) => {
                let workers = many(*size, "worker");
                ("launch", format!("{provider} was told to keep {workers} for {group}"))
            }
            Self::SizeAnswered { set, outcome, why } => {
                ("outcome", size_answered(set, outcome.as_ref(), why))
            }
            Self::Registered { started, empty_sets, failed } => {
                ("register", registered(started, empty_sets, failed))
            }
            Self::Rang { summary } => {
                ("timer", format!("the time had come to {}", purpose(summary)))
            }
            Self::Failed { what, why } => ("failure", format!("{what} failed: {why}")),
            Self::Unknown { activity } => (
                "other",
                format!("an activity {activity} ended, which this version of wci does not know"),
            ),
            Self::TaskLost { why } => {
                ("failure", format!("a workflow task was lost and given out again: {why}"))
            }
            Self::Ended(ending) => ("run", ended(ending)),
        }
    }
}

/// What a timer is for.
pub(super) fn purpose(summary: &str) -> &str {
    match summary {
        summaries::DECIDE_AGAIN => "decide again about what was put off",
        summaries::WAIT_FOR_LAUNCHES => "hand over to the next run",
        "" => "go on",
        other => other,
    }
}

fn asked(update: &str, by: &str) -> String {
    let by = if by.is_empty() { "somebody" } else { by };
    match update {
        names::UPDATE => format!("a change of the compute config was asked for by {by}"),
        names::DELETE => format!("the end of the instance was asked for by {by}"),
        names::VALIDATE => format!("a check of a compute config was asked for by {by}"),
        other => format!("{other:?} was asked for by {by}"),
    }
}

fn answered(update: &str, refusal: Option<&str>) -> String {
    match (update, refusal) {
        (names::UPDATE, None) => "the new compute config is in force".to_owned(),
        (names::DELETE, None) => "the instance ends".to_owned(),
        (names::VALIDATE, None) => "the compute config is sound".to_owned(),
        (other, None) => format!("{other:?} was done"),
        (_, Some(refusal)) => format!("that was refused: {refusal}"),
    }
}

fn size_answered(set: &Set, outcome: Option<&Outcome>, why: &str) -> String {
    let Set { group, provider, size } = set;
    let workers = many(*size, "worker");
    match outcome {
        None => format!("whether {provider} keeps {workers} for {group} is not known: {why}"),
        Some(outcome) if outcome.is_success() => match outcome.started {
            0 => format!("{provider} keeps {workers} for {group}"),
            more => format!("{provider} keeps {workers} for {group}, {more} more than before"),
        },
        Some(outcome) => {
            format!("{provider} does not keep {workers} for {group}: {}", trouble(outcome))
        }
    }
}

fn registered(
    started: &[String],
    empty_sets: &[String],
    failed: &std::collections::BTreeMap<String, String>,
) -> String {
    let mut parts = Vec::new();
    if !empty_sets.is_empty() {
        let groups = list(empty_sets);
        parts.push(format!(
            "the server does not know the task queues of {groups}, whose set gets a worker for that"
        ));
    }
    if !started.is_empty() {
        let groups = list(started);
        parts.push(format!(
            "a worker was started for {groups}, so that the server learns of its task queues"
        ));
    }
    let failures =
        failed.iter().map(|(group, why)| format!("none could be started for {group}: {why}"));
    parts.extend(failures);
    if parts.is_empty() {
        "the server knows the task queues already".to_owned()
    } else {
        parts.join("; ")
    }
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Completed => "the instance ended".to_owned(),
        Ending::Continued { .. } => "the run handed over to the next".to_owned(),
        Ending::Otherwise { how, why } if why.is_empty() => format!("the run {how}"),
        Ending::Otherwise { how, why } => format!("the run {how}: {why}"),
    }
}

impl Seen {
    fn told(&self) -> String {
        let mut text = match backlog(&self.stats) {
            None if self.end == "time-up" => {
                "the time of the watch was up, and it saw nothing wait".to_owned()
            }
            None => "the watch saw nothing wait".to_owned(),
            Some(waiting) => {
                let arrive = rate(self.stats.values().map(|stats| stats.arrival_rate));
                let taken = rate(self.stats.values().map(|stats| stats.dispatch_rate));
                format!("the watch saw {waiting} wait; {arrive} arrive, {taken} are taken")
            }
        };
        if let Some(workers) = self.workers {
            text.push_str(&format!(
                "; {} poll, with {} free",
                many(workers.seen, "worker"),
                many(workers.slots_free, "slot")
            ));
        }
        text
    }
}

impl Decision {
    /// Whether the group's workers are kept as a set.
    fn is_of_set(&self) -> bool {
        self.set_size.is_some() || LaunchStrategy::of(&self.provider).is_worker_set()
    }

    fn words_of(&self, reason: &str) -> String {
        explain(reason, self.is_of_set()).text
    }

    fn told(&self, at: Millis) -> String {
        let reasons = self.reasons.iter().map(|reason| self.words_of(reason));
        let reasons: Vec<String> = reasons.collect();
        let what = match (self.workers, self.set_size) {
            (_, Some(size)) => format!("keep {}", many(size, "worker")),
            (0, None) if self.is_of_set() => "leave the size of its set as it is".to_owned(),
            (0, None) => "start nothing".to_owned(),
            (workers, None) => format!("start {}", many(workers, "worker")),
        };
        let mut text = format!("decided for {} to {what}", self.group);
        if !reasons.is_empty() {
            text.push_str(": ");
            text.push_str(&reasons.join("; "));
        }
        if let Some(wake) = self.wake_at.filter(|wake| *wake > at) {
            text.push_str(&format!(". It is asked again in {} at the latest", span(wake - at)));
        }
        text
    }
}

impl LaunchEnd {
    fn told(&self, at: Millis) -> String {
        let launch = &self.launch;
        let (provider, group) = (&launch.provider, &launch.group);
        let workers = many(launch.workers, "worker");
        let after = time::span(time::since(self.asked, at));
        let tries = if self.attempts > 1 {
            format!(", at attempt {}", self.attempts)
        } else {
            String::new()
        };
        match &self.outcome {
            None => format!(
                "what became of {workers} for {group} is not known, {after} after {provider} was \
                 asked{tries}: {}",
                self.why
            ),
            Some(outcome) if outcome.is_success() => {
                let workers = many(outcome.started, "worker");
                let verb = if outcome.started == 1 { "was" } else { "were" };
                format!("{workers} for {group} {verb} started by {provider}, after {after}{tries}")
            }
            Some(outcome) => format!(
                "of {workers} for {group}, {provider} started {} after {after}{tries}: {}",
                match outcome.started {
                    0 => "none".to_owned(),
                    started => started.to_string(),
                },
                trouble(outcome)
            ),
        }
    }
}

fn trouble(outcome: &Outcome) -> String {
    let class = outcome.class.map_or("failed", |class| class.as_str());
    if outcome.message.is_empty() {
        class.to_owned()
    } else {
        format!("{class}, {}", outcome.message)
    }
}
