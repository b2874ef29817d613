//! The compute config of an instance: from the input of a run and from its updates.

use temporalio_common::protos::temporal::api::{
    history::v1::{
        WorkflowExecutionStartedEventAttributes, WorkflowExecutionUpdateAcceptedEventAttributes,
        WorkflowExecutionUpdateCompletedEventAttributes,
    },
    sdk::v1::UserMetadata,
    update::v1::outcome::Value,
};
use wci_contract::{
    Spec, VersionId,
    limits::{MAX_MESSAGE, cut},
    messages::{DeleteRequest, StartInput, UpdateReply},
    names::UPDATE,
    summaries,
};

use super::Reader;
use crate::{
    back_off::BackOff,
    event::EventKind,
    history::{Pending, Run},
    lenient,
};

/// The version that the summary of an instance workflow names.
fn version_in(summary: &str) -> Option<VersionId> {
    summary.strip_prefix(summaries::INSTANCE)?.parse().ok()
}

impl Reader {
    /// A run starts, with the state of the run that it continues.
    pub(super) fn start(
        &mut self,
        start: &WorkflowExecutionStartedEventAttributes,
        metadata: Option<&UserMetadata>,
    ) {
        let run_id = &start.continued_execution_run_id;
        let continued_from = (!run_id.is_empty()).then(|| run_id.clone());
        let input: StartInput = lenient::value(start.input.as_ref()).unwrap_or_default();
        self.history.id = VersionId::from_workflow_id(&start.workflow_id)
            .or_else(|| VersionId::new(&input.deployment_name, &input.build_id).ok())
            .or_else(|| version_in(&lenient::summary(metadata)))
            .or(self.history.id.take());
        let state = input.state.unwrap_or_default();
        self.history.pending = Pending::default();
        self.in_effect(&state.spec.unwrap_or_default());
        for (name, state) in &state.scaling_state {
            if let Some(group) = self.history.groups.get_mut(name) {
                group.back_off = BackOff::in_state(state);
            }
        }
        let continued = continued_from.is_some();
        self.history.runs.push(Run {
            run_id: start.original_execution_run_id.clone(),
            continued_from,
            started: self.at,
            ..Run::default()
        });
        let wci = state.wci.unwrap_or_default();
        for (name, set) in &wci.worker_sets {
            if let Some(group) = self.history.groups.get_mut(name) {
                group.set_size = Some(set.wanted);
            }
        }
        self.push(EventKind::RunStarted { continued, launches: wci.launches.len() });
    }

    pub(super) fn update_accepted(
        &mut self,
        accepted: &WorkflowExecutionUpdateAcceptedEventAttributes,
    ) {
        let request = accepted.accepted_request.as_ref();
        let input = request.and_then(|request| request.input.as_ref());
        let update = input.map(|input| input.name.clone()).unwrap_or_default();
        // Every update of an instance names its client in the same field.
        let client: DeleteRequest =
            input.and_then(|input| lenient::value(input.args.as_ref())).unwrap_or_default();
        self.history.pending.updates.insert(self.event_id, update.clone());
        let identity = cut(&client.identity, MAX_MESSAGE).to_owned();
        self.push(EventKind::UpdateAccepted { update, identity });
    }

    pub(super) fn update_completed(
        &mut self,
        completed: &WorkflowExecutionUpdateCompletedEventAttributes,
    ) {
        let accepted = &completed.accepted_event_id;
        let update = self.history.pending.updates.remove(accepted).unwrap_or_default();
        let outcome = completed.outcome.as_ref().and_then(|outcome| outcome.value.as_ref());
        let refusal = match outcome {
            Some(Value::Failure(failure)) => Some(lenient::failure(Some(failure))),
            _ => None,
        };
        if let (UPDATE, Some(Value::Success(result))) = (update.as_str(), outcome) {
            let reply: UpdateReply = lenient::value(Some(result)).unwrap_or_default();
            self.in_effect(&reply.spec);
            if reply.spec.is_empty() {
                return self.push(EventKind::LastGroupRemoved);
            }
        }
        self.push(EventKind::UpdateCompleted { update, refusal });
    }

    /// A compute config takes effect.
    fn in_effect(&mut self, spec: &Spec) {
        self.history.pending.has_spec = !spec.is_empty();
        let groups = &mut self.history.groups;
        groups.retain(|name, _| spec.scaling_group_specs.contains_key(name));
        for (name, spec) in &spec.scaling_group_specs {
            let group = groups.entry(name.clone()).or_default();
            group.provider.clone_from(&spec.compute.provider_type);
            group.algorithm = spec.algorithm().to_owned();
            group.set_size = group.set_size.filter(|_| spec.compute.is_worker_set());
        }
    }
}
