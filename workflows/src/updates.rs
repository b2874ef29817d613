//! Updates: handled one after another. Each is validated first, and applied as a whole or not at
//! all.

use temporalio_workflow::WorkflowContext;
use wci_contract::{
    FailureType, Refusal, Spec,
    activities::{ValidateInput, ValidateOutput},
    messages::{Checked, DeleteRequest, Done, UpdateReply, UpdateRequest},
    state::State,
};
use wci_instance::Event;

use crate::{
    Instance, InstanceActivities,
    drivers::{handle, resize::release_sets},
    failures::describe,
    options,
    revision::{Revision, follows},
    wait::until,
};

/// `update-worker-controller-instance`.
pub(crate) async fn update(
    ctx: &WorkflowContext<Instance>,
    request: UpdateRequest,
) -> Result<UpdateReply, Refusal> {
    in_turn(ctx, async {
        let spec = ctx.state(|s| s.usable()?.spec_after(&request))?;
        if spec.is_empty() {
            return remove_spec(ctx, request.identity).await;
        }
        let output = validate_spec(ctx, &spec).await?;
        let identity = request.identity;
        handle(ctx, Event::SpecChanged { spec: spec.clone(), identity, output });
        Ok(UpdateReply { spec })
    })
    .await
}

/// `validate-spec`.
pub(crate) async fn validate(
    ctx: &WorkflowContext<Instance>,
    request: UpdateRequest,
) -> Result<Checked, Refusal> {
    in_turn(ctx, async {
        let spec = ctx.state(|s| s.usable()?.spec_after(&request))?;
        validate_spec(ctx, &spec).await.map(|output| Checked { warnings: output.warnings })
    })
    .await
}

/// `delete-worker-controller-instance`.
pub(crate) async fn delete(
    ctx: &WorkflowContext<Instance>,
    request: DeleteRequest,
) -> Result<Done, Refusal> {
    in_turn(ctx, async {
        end(ctx, request.identity).await;
        Ok(Done {})
    })
    .await
}

/// `release-worker-controller-instance`: the spec stays, so that a query of the closed run still
/// returns it.
pub(crate) async fn release(ctx: &WorkflowContext<Instance>) -> Result<State, Refusal> {
    in_turn(ctx, async {
        if ctx.state(|s| s.usable().map(|state| state.spec().is_none()))? {
            return Err(Refusal::precondition("there is no compute config to hand over yet"));
        }
        release_sets(ctx).await;
        handle(ctx, Event::Released);
        ctx.state(|s| s.usable().map(wci_instance::InstanceState::dump))
    })
    .await
}

/// Waits for the update's turn, does `work`, and lets the next update begin.
async fn in_turn<T>(
    ctx: &WorkflowContext<Instance>,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let ticket = ctx.state_mut(|s| s.usable_mut().map(|state| state.enqueue_update()))?;
    until(ctx, |s| s.state().is_none_or(|state| state.is_turn_of(ticket))).await;
    // The version may have been deleted meanwhile.
    let result = match ctx.state(|s| s.usable()?.admit_update()) {
        Ok(()) => work.await,
        Err(refusal) => Err(refusal),
    };
    handle(ctx, Event::UpdateFinished);
    result
}

/// Has the providers of `spec` validate it.
async fn validate_spec(
    ctx: &WorkflowContext<Instance>,
    spec: &Spec,
) -> Result<ValidateOutput, Refusal> {
    let input = ctx.state(|s| {
        let state = s.usable()?;
        let (version, first) = (state.version().clone(), state.spec().is_none());
        Ok::<_, Refusal>(ValidateInput { version, spec: spec.clone(), first })
    })?;
    match ctx.execute_activity(InstanceActivities::validate, input, options::validate()).await {
        Ok(output) => output.refusal.clone().map_or(Ok(output), Err),
        Err(error) => Err(Refusal {
            kind: FailureType::Unavailable,
            message: format!("the compute config could not be checked: {}", describe(&error)),
        }),
    }
}

/// The last group is gone. The instance waits for another one, like a claimed instance: the server
/// does not end it, and would start its own instance if a client added a group again.
async fn remove_spec(
    ctx: &WorkflowContext<Instance>,
    identity: String,
) -> Result<UpdateReply, Refusal> {
    if follows(ctx, Revision::Third) {
        handle(ctx, Event::SpecRemoved { identity });
    } else {
        end(ctx, identity).await;
    }
    Ok(UpdateReply::default())
}

/// Releases the worker sets and ends the instance: the run completes with the update.
async fn end(ctx: &WorkflowContext<Instance>, identity: String) {
    release_sets(ctx).await;
    handle(ctx, Event::Deleted { identity });
}
