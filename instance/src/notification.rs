//! Notifications: the version's workflow is notified of each validation status that differs from
//! the last one.

use wci_contract::{
    Trouble,
    limits::{MAX_MESSAGE, cut},
    state::ValidationState,
};

use crate::{Effect, InstanceState};

impl InstanceState {
    pub(crate) fn request_notification(&mut self) {
        if self.is_open() && !self.notifying && self.unknown_status().is_some() {
            self.notifying = true;
            self.effects.push(Effect::NotifyVersion);
        }
    }

    /// The status for a notification that begins now; `None` if there is nothing to notify about any
    /// more.
    pub fn begin_notification(&mut self) -> Option<ValidationState> {
        let status = self.unknown_status().filter(|_| self.is_open());
        self.notifying = status.is_some();
        if !self.notifying && self.is_open() {
            self.wci().untold = None;
        }
        status
    }

    /// Whether the version's workflow should be notified of another status than `status`.
    pub fn is_outdated(&self, status: &ValidationState) -> bool {
        self.unknown_status().is_none_or(|now| !is_same(&now, status))
    }

    pub(crate) fn end_notification(&mut self, status: ValidationState) {
        self.notifying = false;
        self.wci().untold = None;
        self.wci().last_notified = Some(status);
    }

    /// Keeps why an attempt failed. The driver makes the next one.
    pub(crate) fn note_failed_notification(&mut self, now_ms: i64, message: &str, wait_ms: i64) {
        let last = self.wci().untold.take();
        self.wci().untold = Some(Trouble {
            attempts: last.as_ref().map_or(1, |last| last.attempts.saturating_add(1)),
            since_ms: last.map_or(now_ms, |last| last.since_ms),
            next_attempt_ms: now_ms.saturating_add(wait_ms),
            message: cut(message, MAX_MESSAGE).to_owned(),
            ..Trouble::default()
        });
    }

    /// The validation status as clients of the server see it. A valid compute config whose workers
    /// do not run is of no use to them, so it counts as failed.
    pub(crate) fn validation_status(&self) -> Option<ValidationState> {
        let found = self.state.validation_state.clone()?;
        let troubles = self.reported_troubles();
        if !found.is_success() || troubles.is_empty() {
            return Some(found);
        }
        let err_message = cut(&troubles.join("; "), MAX_MESSAGE).to_owned();
        Some(ValidationState { status: "failed".to_owned(), err_message, ..found })
    }

    /// What keeps workers from running, a sentence for each group.
    fn reported_troubles(&self) -> Vec<String> {
        let Some(wci) = &self.state.wci else { return Vec::new() };
        let is_told = |text: &&str| !text.is_empty();
        let unregistered = wci.unregistered.iter().filter_map(|(group, trouble)| {
            let text = trouble.reported.as_deref().filter(is_told)?;
            Some(format!("not registered: {group}: {text}"))
        });
        let crashes = wci.crashes.iter().filter_map(|(group, crashes)| {
            let text = crashes.reported.as_deref().filter(is_told)?;
            let is_registered = !wci.unregistered.contains_key(group);
            is_registered.then(|| format!("crash loop: {group}: {text}"))
        });
        unregistered.chain(crashes).collect()
    }

    /// The validation status, if the version's workflow does not know it.
    fn unknown_status(&self) -> Option<ValidationState> {
        let found = self.validation_status()?;
        let last = self.state.wci.as_ref().and_then(|wci| wci.last_notified.as_ref());
        let is_known = last.is_some_and(|last| is_same(last, &found));
        (!is_known).then_some(found)
    }
}

fn is_same(a: &ValidationState, b: &ValidationState) -> bool {
    (&a.status, &a.err_message) == (&b.status, &b.err_message)
}
