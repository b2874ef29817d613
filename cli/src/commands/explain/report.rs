//! What is told: a stable object for programs, which the text is made from.

use serde::Serialize;
use wci_contract::{LaunchStrategy, decision::Reason, state::Extension};
use wci_history::Story;

use crate::{
    clock::{self, Millis},
    commands::past::{Origin, Past},
    control::Owner,
};

/// Everything that is told of an instance.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    pub(super) deployment: String,
    pub(super) build_id: String,
    /// Null for a story from files, which do not say.
    pub(super) namespace: Option<String>,
    pub(super) run_by: Option<Owner>,
    /// The time that is told of.
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) at: Millis,
    /// Whether that is the present.
    pub(super) is_now: bool,
    #[serde(skip)]
    pub(super) now: Millis,
    /// The run of that time.
    pub(super) run_id: String,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) run_started: Millis,
    pub(super) running: bool,
    /// Why nothing goes on now, when nobody attends to the instance.
    pub(super) trouble: Option<String>,
    /// What the instance counted since it was created; null where it was not asked.
    pub(super) totals: Option<Totals>,
    pub(super) groups: Vec<GroupReport>,
    pub(super) waits_for: Vec<WaitReport>,
    /// Whether there is more that was read, before the first of `moments`.
    pub(super) more: bool,
    pub(super) moments: Vec<MomentReport>,
}

/// What an instance counted since it was created.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Totals {
    pub(super) workers_started: u64,
    pub(super) signals_dropped: u64,
    /// Launches under way, those of earlier runs whose end nobody saw among them.
    pub(super) launches_under_way: usize,
}

/// One scaling group.
#[derive(Debug, Clone, Serialize)]
pub(super) struct GroupReport {
    pub(super) group: String,
    pub(super) provider: String,
    pub(super) scaler: String,
    pub(super) backing_off: Option<BackingOff>,
    /// Workers that its provider is to keep; absent where workers are started one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set_size: Option<u32>,
    /// Whether its provider keeps a set of workers.
    #[serde(skip)]
    pub(super) is_set: bool,
    pub(super) last_decision: Option<DecisionReport>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct BackingOff {
    pub(super) class: String,
    pub(super) failures: u64,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) until: Millis,
    pub(super) probing: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct DecisionReport {
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) at: Millis,
    pub(super) workers: u32,
    /// Workers to keep; absent where that was left as it is, or workers are started one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set_size: Option<u32>,
    pub(super) held_back: u64,
    pub(super) reasons: Vec<ReasonReport>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ReasonReport {
    /// One of a closed set; later builds may add some.
    pub(super) name: String,
    /// As it stands in the history.
    pub(super) line: String,
    pub(super) text: String,
    /// What somebody could do about it.
    pub(super) advice: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct WaitReport {
    pub(super) kind: &'static str,
    /// When that is over at the latest, where that is known.
    #[serde(serialize_with = "clock::as_rfc3339_or_null")]
    pub(super) until: Option<Millis>,
    pub(super) text: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct MomentReport {
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) at: Millis,
    pub(super) run_id: String,
    /// The event of that run's history that tells of it, the last of several.
    pub(super) event_id: i64,
    pub(super) kind: &'static str,
    pub(super) text: String,
}

impl Report {
    pub(super) fn new(past: Past, limit: usize) -> Self {
        let Past { story, at, now, server } = past;
        let (namespace, run_by, is_open, trouble, state) = match server {
            Some(Origin { namespace, run_by, is_open, trouble, state }) => {
                (Some(namespace), Some(run_by), is_open, trouble, state)
            }
            None => (None, None, false, None, None),
        };
        let sentences = wci_history::sentences(&story.moments);
        let skipped = sentences.len().saturating_sub(limit);
        let run_id = |run: usize| story.runs.get(run).map(|run| run.run_id.clone());
        let moments = sentences.into_iter().skip(skipped).map(|told| MomentReport {
            at: told.at,
            run_id: run_id(told.run).unwrap_or_default(),
            event_id: told.event_id,
            kind: told.kind,
            text: told.text,
        });
        let is_now = at == now;
        let waits = wci_history::waits(&story, at).into_iter();
        Self {
            deployment: story.id.as_ref().map(|id| id.deployment().to_owned()).unwrap_or_default(),
            build_id: story.id.as_ref().map(|id| id.build_id().to_owned()).unwrap_or_default(),
            namespace,
            run_by,
            at,
            is_now,
            now,
            run_id: story.runs.last().map(|run| run.run_id.clone()).unwrap_or_default(),
            run_started: story.runs.last().map_or(0, |run| run.began),
            running: if is_now && run_by.is_some() { is_open } else { story.ended().is_none() },
            trouble: trouble.filter(|_| is_now),
            totals: state.and_then(|state| state.wci).map(Totals::from),
            groups: groups(&story, at),
            waits_for: waits.map(WaitReport::from).collect(),
            more: skipped > 0 || story.runs.first().is_some_and(|run| run.continues.is_some()),
            moments: moments.collect(),
        }
    }
}

fn groups(story: &Story, at: Millis) -> Vec<GroupReport> {
    let told = |(name, group): (&String, &wci_history::Group)| GroupReport {
        group: name.clone(),
        provider: group.provider.clone(),
        scaler: group.algorithm.clone(),
        backing_off: group.back_off.as_ref().filter(|back_off| back_off.until > at).map(
            |back_off| BackingOff {
                class: back_off.class.clone(),
                failures: back_off.failures,
                until: back_off.until,
                probing: back_off.probing,
            },
        ),
        set_size: group.set_size,
        is_set: is_set(group),
        last_decision: group.last.as_ref().map(|(at, decision)| DecisionReport {
            at: *at,
            workers: decision.set_size.unwrap_or(decision.workers),
            set_size: decision.set_size,
            held_back: decision.held_back,
            reasons: decision
                .reasons
                .iter()
                .map(|line| ReasonReport::new(line, is_set(group)))
                .collect(),
        }),
    };
    story.groups.iter().map(told).collect()
}

fn is_set(group: &wci_history::Group) -> bool {
    group.set_size.is_some() || LaunchStrategy::of(&group.provider).is_worker_set()
}

impl ReasonReport {
    fn new(line: &str, is_of_set: bool) -> Self {
        let wci_history::Explanation { text, advice } = wci_history::explain(line, is_of_set);
        let name = Reason::parse(line).name().to_owned();
        Self { name, text, advice, line: line.to_owned() }
    }
}

impl From<Extension> for Totals {
    fn from(wci: Extension) -> Self {
        Self {
            workers_started: wci.workers_started,
            signals_dropped: wci.signals_dropped,
            launches_under_way: wci.launches.len(),
        }
    }
}

impl From<wci_history::Waiting> for WaitReport {
    fn from(waiting: wci_history::Waiting) -> Self {
        let wci_history::Waiting { kind, until, text } = waiting;
        Self { kind, until, text }
    }
}
