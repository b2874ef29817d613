//! The story of one instance, read from its history: what it saw, what it decided and why, what
//! was done, and what it waits for. Pure: events in, data and words out.
//!
//! Histories of older and later builds are read by the names of activities alone. What this build
//! does not understand is told as it is, or left out; nothing makes the reading fail.

mod activity;
mod loose;
mod moment;
mod reader;
mod reason;
mod sentence;
mod waiting;
mod words;

use std::collections::BTreeMap;

use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use wci_contract::{VersionId, summaries};

pub(crate) use self::{
    moment::{Decision, Ending, Launch, LaunchEnd, Moment, Seen, Set, What},
    reason::{Explanation, explain},
    sentence::sentences,
    waiting::{Waiting, waits},
};
use crate::clock::Millis;

#[cfg(test)]
pub(crate) mod tests;

/// What happened to one instance, up to some time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story {
    /// The version, where the history names it.
    pub(crate) id: Option<VersionId>,
    /// The runs, oldest first.
    pub(crate) runs: Vec<Run>,
    /// Everything that is worth telling, in the order of time.
    pub(crate) moments: Vec<Moment>,
    /// How each group is doing at the end.
    pub(crate) groups: BTreeMap<String, Group>,
    /// What is under way at the end.
    pub(crate) open: Open,
}

/// One run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    pub(crate) run_id: String,
    /// The run that this one continues.
    pub(crate) continues: Option<String>,
    pub(crate) began: Millis,
    /// The time of the last event.
    pub(crate) last: Millis,
    pub(crate) ended: Option<Ending>,
    pub(crate) events: usize,
}

/// A group, as its last decision left it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Group {
    pub(crate) provider: String,
    pub(crate) algorithm: String,
    pub(crate) back_off: Option<BackOff>,
    /// Workers that its provider is to keep.
    pub(crate) set_size: Option<u32>,
    pub(crate) last: Option<(Millis, Decision)>,
}

/// Why a group asks its provider for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BackOff {
    pub(crate) class: String,
    pub(crate) failures: u64,
    pub(crate) until: Millis,
    pub(crate) probing: bool,
}

/// What is under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Open {
    /// By the number of the event that asked for it.
    pub(crate) activities: BTreeMap<i64, activity::Activity>,
    pub(crate) timers: BTreeMap<i64, Timer>,
    pub(crate) updates: BTreeMap<i64, String>,
    /// Whether there is a compute config, as far as the history tells.
    pub(crate) has_spec: bool,
}

impl Open {
    /// What a timer is for: one to ask again is the last of an instance without a compute config.
    fn purpose_of<'a>(&self, summary: &'a str) -> &'a str {
        match summary {
            summaries::DECIDE_AGAIN if !self.has_spec => {
                "end because nobody gave it a compute config"
            }
            other => other,
        }
    }
}

/// A timer that has not rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timer {
    pub(crate) summary: String,
    pub(crate) rings: Millis,
}

impl Story {
    /// The story of `runs`, oldest first, as it was at `until`; up to the end when there is none.
    pub(crate) fn read<'a>(
        runs: impl IntoIterator<Item = &'a [HistoryEvent]>,
        until: Option<Millis>,
    ) -> Self {
        let mut reader = reader::Reader::new(until.unwrap_or(Millis::MAX));
        for events in runs {
            reader.run(events);
        }
        reader.finish()
    }

    /// When the first run began.
    pub(crate) fn began(&self) -> Option<Millis> {
        self.runs.first().map(|run| run.began)
    }

    /// How the last run ended, if it did.
    pub(crate) fn ended(&self) -> Option<&Ending> {
        self.runs.last()?.ended.as_ref()
    }
}
