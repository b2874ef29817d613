//! Changes of the spec: which are admitted, and what follows from them.

use std::collections::BTreeMap;

use wci_contract::{
    FailureType, Refusal, Spec, activities::ValidateOutput, checks::check_groups,
    decision::Event as ScalingEvent, mask, messages::UpdateRequest, token,
};

use crate::{
    InstanceState, Ticket, inbox::announced, revalidation::validation_state, state::Phase,
};

impl InstanceState {
    /// Whether an update is admitted now.
    ///
    /// # Errors
    /// The answer to the client: to retry while another run or controller takes over, or that the
    /// version was deleted.
    pub fn admit_update(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Closing => Err(retry("the next run of this instance is about to take over")),
            Phase::Released => Err(retry("another controller is about to take over")),
            Phase::Deleted => Err(Refusal::precondition("worker deployment deleted")),
        }
    }

    /// Puts an update at the end of the queue: updates are handled one after another.
    pub fn enqueue_update(&mut self) -> Ticket {
        self.updates.enqueue()
    }

    /// Whether the update with `ticket` has its turn.
    pub fn is_turn_of(&self, ticket: Ticket) -> bool {
        self.updates.is_turn_of(ticket)
    }

    /// The spec after `request`. Changes nothing yet.
    ///
    /// # Errors
    /// A request that does not fit the spec, or that leads to an invalid one.
    pub fn spec_after(&self, request: &UpdateRequest) -> Result<Spec, Refusal> {
        let current = self.state.spec.clone().unwrap_or_default();
        if request.conflict_token.is_some() && request.conflict_token != self.state.conflict_token {
            return Err(Refusal::precondition("conflict token mismatch"));
        }
        let mut next = mask::apply(&current, request)?;
        next.bound_unknown();
        if current.is_empty() && next.is_empty() {
            return Err(Refusal::invalid(
                "the compute config has no scaling group: give at least one",
            ));
        }
        if request.conflict_token.is_some() && next == current {
            return Err(Refusal::precondition("no change found"));
        }
        check_groups(&next)?;
        Ok(next)
    }

    /// Puts a validated spec into service.
    pub(crate) fn change_spec(
        &mut self,
        now_ms: i64,
        spec: Spec,
        identity: String,
        output: ValidateOutput,
    ) {
        self.plan_revalidation(now_ms, output.interval_ms, false);
        self.wci().warnings = output.warnings;
        self.sign(now_ms, identity);
        self.state.validation_state = Some(validation_state(now_ms, None));
        self.put_in_service(now_ms, spec);
    }

    /// Removes the last group, and with it the findings of the last validation.
    pub(crate) fn remove_spec(&mut self, now_ms: i64, identity: String) {
        self.sign(now_ms, identity);
        self.put_in_service(now_ms, Spec::default());
        self.state.spec = None;
        self.state.validation_state = None;
        self.wci().check = None;
        self.wci().warnings.clear();
        self.vacated_ms = Some(now_ms);
    }

    pub(crate) fn delete(&mut self, identity: String) {
        self.state.last_modifier_identity = identity;
        self.state.spec = None;
        self.close(Phase::Deleted);
    }

    /// Records who changed the spec, and gives it a new conflict token.
    fn sign(&mut self, now_ms: i64, identity: String) {
        let last = self.state.conflict_token.take();
        self.state.conflict_token = Some(token::next(last.as_deref(), now_ms));
        self.state.last_modifier_identity = identity;
    }

    /// Serves `spec` from now on. Tasks that were announced for a group that is gone may belong to
    /// another one now.
    fn put_in_service(&mut self, now_ms: i64, spec: Spec) {
        let types = self.served_types();
        self.inbox.regroup(&spec);
        let has = |group: &String| spec.scaling_group_specs.contains_key(group);
        self.state.scaling_state.retain(|group, _| has(group));
        self.next_poll_ms.retain(|group, _| has(group));
        let (kept, gone) =
            std::mem::take(&mut self.events).into_iter().partition(|(group, _)| has(group));
        self.events = kept;
        let gone: BTreeMap<String, Vec<ScalingEvent>> = gone;
        for signal in announced(gone.into_values().flatten()) {
            self.inbox.add(None, signal);
        }
        self.forget_workers_not_in(now_ms, &spec);
        self.restart_attempts();
        self.release_sets_not_in(&spec);
        self.wci().last_failures.clear();
        self.wci().register = !spec.is_empty();
        self.state.spec = Some(spec);
        let has_sets = self.next_set_poll_ms(0).is_some();
        if has_sets || self.served_types() != types {
            self.watch_anew();
        }
        self.request_initial_ticks();
    }
}

/// A refusal that makes clients retry.
fn retry(why: &str) -> Refusal {
    Refusal { kind: FailureType::LongHistory, message: format!("{why}: try again") }
}
