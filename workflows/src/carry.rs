//! What the next run is given, and what queries answer with.

use wci_contract::{
    Refusal,
    messages::{Description, Memo, StartInput},
    signal::coalesce,
    state::State,
};

use crate::{
    book::{Book, Phase},
    inbox::announced,
};

impl Book {
    /// The input of the next run: everything that is known, and what is still under way.
    pub(crate) fn carry(&self) -> StartInput {
        StartInput { state: Some(self.dump()), ..self.input.clone() }
    }

    /// Everything that the instance would carry over now.
    pub(crate) fn dump(&self) -> State {
        let mut state = self.state.clone();
        state.pending_task_add_signals = self.inbox.all();
        // What the end of the run left undecided.
        for signal in announced(self.events.values().flatten().cloned()) {
            coalesce(&mut state.pending_task_add_signals, signal);
        }
        let wci = state.wci.get_or_insert_default();
        wci.launches.extend(self.unknown.iter().cloned());
        wci.wake_at_ms = self.inbox.next_wake_ms();
        state
    }

    /// What the server's deployment workflows are told.
    pub(crate) fn describe(&self) -> Result<Description, Refusal> {
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
            validation_state: self.state.validation_state.clone(),
        })
    }

    /// What the memo says.
    pub(crate) fn memo(&self) -> Memo {
        Memo {
            deployment_name: self.input.deployment_name.clone(),
            build_id: self.input.build_id.clone(),
            create_time: self.state.create_time.unwrap_or_default(),
        }
    }
}
