//! The input of the next run, and the results of queries.

use wci_contract::{
    Refusal,
    messages::{Description, Memo, StartInput},
    signal::coalesce,
    state::State,
};

use crate::{InstanceState, inbox::announced, state::Phase};

impl InstanceState {
    /// The input of the next run: everything that is known, and what is still in progress.
    pub fn carry_over(&self) -> StartInput {
        StartInput { state: Some(self.dump()), ..self.input.clone() }
    }

    /// The state that the instance would carry over now.
    pub fn dump(&self) -> State {
        let mut state = self.state.clone();
        state.pending_task_add_signals = self.inbox.all();
        // Tasks that no decision of this run was about.
        for signal in announced(self.events.values().flatten().cloned()) {
            coalesce(&mut state.pending_task_add_signals, signal);
        }
        // A decision that is under way when the instance ends is not carried out.
        for signal in self.under_decision.iter().filter(|_| self.phase.is_over()) {
            coalesce(&mut state.pending_task_add_signals, signal.clone());
        }
        let wci = state.wci.get_or_insert_default();
        wci.launches.extend(self.orphaned_launches.iter().cloned());
        wci.wake_at_ms = self.inbox.next_wake_ms();
        state
    }

    /// The answer to queries of the server's deployment workflows.
    ///
    /// # Errors
    /// The version was deleted.
    pub fn describe(&self) -> Result<Description, Refusal> {
        if self.phase == Phase::Deleted {
            return Err(Refusal::precondition("worker deployment deleted"));
        }
        Ok(Description {
            deployment_name: self.input.deployment_name.clone(),
            deployment_build_id: self.input.build_id.clone(),
            create_time: self.state.create_time,
            spec: self.state.spec.clone(),
            conflict_token: self.state.conflict_token.clone(),
            last_modifier_identity: self.state.last_modifier_identity.clone(),
            validation_state: self.validation_status(),
        })
    }

    /// The memo of the instance workflow.
    pub fn memo(&self) -> Memo {
        Memo {
            deployment_name: self.input.deployment_name.clone(),
            build_id: self.input.build_id.clone(),
            create_time: self.state.create_time.unwrap_or_default(),
        }
    }
}
