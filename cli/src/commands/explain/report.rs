//! The report: a stable object for programs, from which the text is made.

use serde::Serialize;
use wci_contract::{decision::Reason, state::Extension};
use wci_history::{Announcing, Explanation, Group, History, Waiting, explain, sentences, waits};

use crate::{
    clock::{self, Millis},
    commands::history_source::{HistorySource, Origin},
    control::{Announcements, Owner},
    health,
};

/// Everything that is reported about an instance.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    /// Null if a recording names no version.
    pub(super) deployment: Option<String>,
    pub(super) build_id: Option<String>,
    /// Null for files, which do not say.
    pub(super) namespace: Option<String>,
    pub(super) run_by: Option<Owner>,
    /// The time that the report is about.
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) at: Millis,
    /// Whether that is the present.
    pub(super) is_now: bool,
    #[serde(skip)]
    pub(super) now: Millis,
    /// The run at that time.
    pub(super) run_id: String,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) run_started: Millis,
    pub(super) running: bool,
    /// Why the instance makes no progress now: no system worker polls for it.
    pub(super) trouble: Option<String>,
    /// What keeps workers from running now; empty where the instance was not queried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) troubles: Vec<String>,
    /// What the instance counted since it was created; null where it was not queried.
    pub(super) totals: Option<Totals>,
    /// Whether the server announces tasks, as far as the history shows.
    pub(super) announcements: Announcements,
    pub(super) groups: Vec<GroupReport>,
    pub(super) waits_for: Vec<WaitReport>,
    /// Whether more events happened before the first of `events`.
    pub(super) more: bool,
    #[serde(rename = "moments")]
    pub(super) events: Vec<EventReport>,
}

/// What an instance counted since it was created.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Totals {
    pub(super) workers_started: u64,
    pub(super) signals_dropped: u64,
    /// Launches under way, including those that earlier runs left.
    pub(super) launches_under_way: usize,
}

/// One scaling group.
#[derive(Debug, Clone, Serialize)]
pub(super) struct GroupReport {
    pub(super) group: String,
    pub(super) provider: String,
    pub(super) scaler: String,
    pub(super) backing_off: Option<BackingOff>,
    /// The size of its worker set; absent where workers are started one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set_size: Option<u32>,
    /// Whether its workers are a worker set.
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
    /// The new size of the worker set; absent if it stays, or where workers are started one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set_size: Option<u32>,
    #[serde(rename = "held_back")]
    pub(super) deferred: u64,
    pub(super) reasons: Vec<ReasonReport>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ReasonReport {
    /// One of a closed set; later builds may add some.
    pub(super) name: String,
    /// As recorded in the history.
    pub(super) line: String,
    pub(super) text: String,
    /// What the reader could do about it.
    pub(super) advice: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct WaitReport {
    pub(super) kind: &'static str,
    /// When the wait is over at the latest, where that is known.
    #[serde(serialize_with = "clock::as_rfc3339_or_null")]
    pub(super) until: Option<Millis>,
    pub(super) text: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct EventReport {
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) at: Millis,
    pub(super) run_id: String,
    /// The ID of the event in that run's history; the last one of several.
    pub(super) event_id: i64,
    pub(super) kind: &'static str,
    pub(super) text: String,
}

impl Report {
    pub(super) fn new(source: HistorySource, limit: usize) -> Self {
        let HistorySource { history, at, now, server } = source;
        let (namespace, run_by, is_open, trouble, state) = match server {
            Some(Origin { namespace, run_by, is_open, trouble, state }) => {
                (Some(namespace), Some(run_by), is_open, trouble, state)
            }
            None => (None, None, false, None, None),
        };
        let sentences = sentences(&history.events);
        let skipped = sentences.len().saturating_sub(limit);
        let run_id = |run: usize| history.runs.get(run).map(|run| run.run_id.clone());
        let events = sentences.into_iter().skip(skipped).map(|sentence| EventReport {
            at: sentence.at,
            run_id: run_id(sentence.run).unwrap_or_default(),
            event_id: sentence.event_id,
            kind: sentence.kind,
            text: sentence.text,
        });
        let is_now = at == now;
        let waits = waits(&history, at).into_iter();
        Self {
            deployment: history.id.as_ref().map(|id| id.deployment().to_owned()),
            build_id: history.id.as_ref().map(|id| id.build_id().to_owned()),
            namespace,
            run_by,
            at,
            is_now,
            now,
            run_id: history.runs.last().map(|run| run.run_id.clone()).unwrap_or_default(),
            run_started: history.runs.last().map_or(0, |run| run.started),
            running: if is_now && run_by.is_some() { is_open } else { history.close().is_none() },
            trouble: trouble.filter(|_| is_now),
            troubles: state.iter().filter(|_| is_now).flat_map(health::troubles).collect(),
            totals: state.and_then(|state| state.wci).map(Totals::from),
            announcements: Announcing::of(&history, at).into(),
            groups: groups(&history, at),
            waits_for: waits.map(WaitReport::from).collect(),
            more: skipped > 0
                || history.runs.first().is_some_and(|run| run.continued_from.is_some()),
            events: events.collect(),
        }
    }
}

fn groups(history: &History, at: Millis) -> Vec<GroupReport> {
    let report = |(name, group): (&String, &Group)| GroupReport {
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
        is_set: group.is_worker_set(),
        last_decision: group.last_decision.as_ref().map(|(at, decision)| DecisionReport {
            at: *at,
            workers: decision.set_size.unwrap_or(decision.workers),
            set_size: decision.set_size,
            deferred: decision.deferred,
            reasons: decision
                .reasons
                .iter()
                .map(|line| ReasonReport::new(line, group.is_worker_set()))
                .collect(),
        }),
    };
    history.groups.iter().map(report).collect()
}

impl ReasonReport {
    fn new(line: &str, is_worker_set: bool) -> Self {
        let Explanation { text, advice } = explain(line, is_worker_set);
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

impl From<Waiting> for WaitReport {
    fn from(waiting: Waiting) -> Self {
        let Waiting { kind, until, text } = waiting;
        Self { kind, until, text }
    }
}
