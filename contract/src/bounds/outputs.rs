//! Bounds of the results of activities. A client of the namespace can complete them, too.

use std::collections::BTreeMap;

use super::{json_len, state::bound_groups, state::bound_reasons};
use crate::{
    Crashes,
    activities::{DecideOutput, RegisterOutput, ValidateOutput, WatchOutput},
    decision::{DecisionResult, GroupState},
    launch::Outcome,
    limits::{
        MAX_ACTIONS, MAX_GROUP_NAME, MAX_KNOWN_GROUPS, MAX_MESSAGE, MAX_SCALING_STATE,
        MAX_SHORT_TEXT, MAX_WARNINGS, shorten,
    },
    state::ValidationState,
};

impl Outcome {
    /// Cuts the message.
    pub fn bound(&mut self) {
        bound_message(&mut self.message);
    }
}

impl DecideOutput {
    /// Cuts and drops what no decision of ours has.
    pub fn bound(&mut self) {
        bound_groups(&mut self.groups);
        bound_groups(&mut self.launched);
        self.groups.values_mut().for_each(DecisionResult::bound);
        self.launched.values_mut().for_each(Outcome::bound);
        bound_all_crashes(&mut self.crashes);
    }
}

impl DecisionResult {
    fn bound(&mut self) {
        if json_len(&self.state) > MAX_SCALING_STATE {
            self.state = GroupState::new();
        }
        self.actions.truncate(MAX_ACTIONS);
        bound_reasons(&mut self.reasons);
    }
}

impl ValidateOutput {
    /// Cuts messages, and drops warnings beyond the limit.
    pub fn bound(&mut self) {
        if let Some(refusal) = &mut self.refusal {
            bound_message(&mut refusal.message);
        }
        bound_warnings(&mut self.warnings);
    }
}

impl RegisterOutput {
    /// Cuts messages, and drops groups that no spec can have.
    pub fn bound(&mut self) {
        for groups in [&mut self.started, &mut self.empty_sets] {
            groups.retain(|name| name.len() <= MAX_GROUP_NAME);
            groups.truncate(MAX_KNOWN_GROUPS);
        }
        for groups in [&mut self.failed, &mut self.unregistered] {
            bound_groups(groups);
            groups.values_mut().for_each(bound_message);
        }
    }
}

impl WatchOutput {
    /// Cuts messages, and drops groups that no spec can have.
    pub fn bound(&mut self) {
        bound_all_crashes(&mut self.crashes);
    }
}

/// What processes report of their workers; its unknown fields are not kept.
fn bound_all_crashes(crashes: &mut BTreeMap<String, Crashes>) {
    bound_groups(crashes);
    for crashes in crashes.values_mut() {
        bound_crashes(crashes);
        crashes.rest.clear();
    }
}

pub(super) fn bound_crashes(crashes: &mut Crashes) {
    shorten(&mut crashes.exit, MAX_SHORT_TEXT);
    bound_message(&mut crashes.last_line);
    crashes.reported.iter_mut().for_each(bound_message);
}

pub(super) fn bound_message(message: &mut String) {
    shorten(message, MAX_MESSAGE);
}

pub(super) fn bound_warnings(warnings: &mut Vec<String>) {
    warnings.truncate(MAX_WARNINGS);
    warnings.iter_mut().for_each(bound_message);
}

pub(super) fn bound_validation(found: &mut ValidationState) {
    shorten(&mut found.last_validation_time, MAX_SHORT_TEXT);
    shorten(&mut found.status, MAX_SHORT_TEXT);
    bound_message(&mut found.err_message);
}
