//! Notifications: the version's workflow is notified of each validation status that differs from
//! the last one.

use wci_contract::state::ValidationState;

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
        let status = self.unknown_status().filter(|_| self.is_open()).cloned();
        self.notifying = status.is_some();
        status
    }

    pub(crate) fn end_notification(&mut self, status: ValidationState) {
        self.notifying = false;
        self.wci().last_notified = Some(status);
    }

    /// The validation status, if the version's workflow does not know it.
    fn unknown_status(&self) -> Option<&ValidationState> {
        let found = self.state.validation_state.as_ref()?;
        let last = self.state.wci.as_ref().and_then(|wci| wci.last_notified.as_ref());
        let is_known = last.is_some_and(|last| {
            (&last.status, &last.err_message) == (&found.status, &found.err_message)
        });
        (!is_known).then_some(found)
    }
}
