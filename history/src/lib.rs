//! The story of one instance, read from its history: what it saw, what it decided and why, what
//! was done, and what it waits for. Pure: events in, data and words out.
//!
//! Histories of older and later builds are read by the names of activities alone. What this build
//! does not understand is told as it is, or left out; nothing makes the reading fail.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![allow(missing_docs)]

mod activity;
pub mod json;
mod loose;
mod moment;
mod reader;
mod reason;
mod sentence;
pub mod time;
mod waiting;
mod words;

use std::collections::BTreeMap;

use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use wci_contract::{VersionId, summaries};

use self::time::Millis;
pub use self::{
    activity::{Activity, Kind},
    loose::Asked,
    moment::{Decision, Ending, Launch, LaunchEnd, Moment, Seen, Set, What},
    reason::{Explanation, explain},
    sentence::{Sentence, sentences},
    waiting::{Waiting, waits},
};

#[cfg(test)]
mod tests;

/// What happened to one instance, up to some time.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// The version, where the history names it.
    pub id: Option<VersionId>,
    /// The runs, oldest first.
    pub runs: Vec<Run>,
    /// Everything that is worth telling, in the order of time.
    pub moments: Vec<Moment>,
    /// How each group is doing at the end.
    pub groups: BTreeMap<String, Group>,
    /// What is under way at the end.
    pub open: Open,
}

/// One run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    pub run_id: String,
    /// The run that this one continues.
    pub continues: Option<String>,
    pub began: Millis,
    /// The time of the last event.
    pub last: Millis,
    pub ended: Option<Ending>,
    pub events: usize,
}

/// A group, as its last decision left it.
#[derive(Debug, Clone, Default)]
pub struct Group {
    pub provider: String,
    pub algorithm: String,
    pub back_off: Option<BackOff>,
    /// Workers that its provider is to keep.
    pub set_size: Option<u32>,
    pub last: Option<(Millis, Decision)>,
}

/// Why a group asks its provider for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackOff {
    pub class: String,
    pub failures: u64,
    pub until: Millis,
    pub probing: bool,
}

/// What is under way.
#[derive(Debug, Clone, Default)]
pub struct Open {
    /// By the number of the event that asked for it.
    pub activities: BTreeMap<i64, Activity>,
    pub timers: BTreeMap<i64, Timer>,
    pub updates: BTreeMap<i64, String>,
    /// Whether there is a compute config, as far as the history tells.
    pub has_spec: bool,
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
pub struct Timer {
    pub summary: String,
    pub rings: Millis,
}

impl Story {
    /// The story of `runs`, oldest first, as it was at `until`; up to the end when there is none.
    pub fn read<'a>(
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
    pub fn began(&self) -> Option<Millis> {
        self.runs.first().map(|run| run.began)
    }

    /// How the last run ended, if it did.
    pub fn ended(&self) -> Option<&Ending> {
        self.runs.last()?.ended.as_ref()
    }
}
