//! Changes of the spec: one after another, checked first, applied whole or not at all.

use temporalio_workflow::WorkflowContext;
use wci_contract::{
    FailureType, Refusal, Spec,
    activities::{ValidateInput, ValidateOutput},
    checks::check_groups,
    mask,
    messages::{Checked, DeleteRequest, Done, UpdateReply, UpdateRequest},
    state::State,
    token,
};

use crate::{
    Controller, Instance,
    book::{Book, Phase},
    launches::describe,
    options,
    resizing::let_go,
    revision::{Revision, follows},
    time::millis,
    validation::found,
    wait::until,
};

/// Whether an update is taken now.
pub(crate) fn admit(book: &Book) -> Result<(), Refusal> {
    match book.phase {
        Phase::Open => Ok(()),
        Phase::Closing => Err(come_again("the next run of this instance is about to take over")),
        Phase::Released => Err(come_again("another controller is about to take over")),
        Phase::Deleted => Err(Refusal::precondition("worker deployment deleted")),
    }
}

/// A refusal that makes clients try again.
fn come_again(why: &str) -> Refusal {
    Refusal { kind: FailureType::LongHistory, message: format!("{why}: try again") }
}

/// `update-worker-controller-instance`.
pub(crate) async fn update(
    ctx: &WorkflowContext<Instance>,
    request: UpdateRequest,
) -> Result<UpdateReply, Refusal> {
    in_turn(ctx, async {
        let next = ctx.state(|s| changed(&s.book, &request))?;
        if next.is_empty() {
            return vacate(ctx, request.identity).await;
        }
        let output = check(ctx, &next).await?;
        ctx.state_mut(|s| {
            let now_ms = millis(ctx.workflow_time());
            s.book.plan(now_ms, output.interval_ms, false);
            s.book.wci().warnings = output.warnings;
            commit(&mut s.book, next.clone(), request.identity, now_ms);
        });
        Ok(UpdateReply { spec: next })
    })
    .await
}

/// `validate-spec`.
pub(crate) async fn validate(
    ctx: &WorkflowContext<Instance>,
    request: UpdateRequest,
) -> Result<Checked, Refusal> {
    in_turn(ctx, async {
        let next = ctx.state(|s| changed(&s.book, &request))?;
        check(ctx, &next).await.map(|output| Checked { warnings: output.warnings })
    })
    .await
}

/// `delete-worker-controller-instance`.
pub(crate) async fn delete(
    ctx: &WorkflowContext<Instance>,
    request: DeleteRequest,
) -> Result<Done, Refusal> {
    in_turn(ctx, async { end(ctx, &request.identity).await.map(|_| Done {}) }).await
}

/// `release-worker-controller-instance`: the spec stays, so that a query of the run that ended
/// still answers with it.
pub(crate) async fn release(ctx: &WorkflowContext<Instance>) -> Result<State, Refusal> {
    in_turn(ctx, async {
        if ctx.state(|s| s.book.spec().is_none()) {
            return Err(Refusal::precondition("there is no compute config to hand over yet"));
        }
        let_go(ctx).await;
        ctx.state_mut(|s| {
            s.book.phase = Phase::Released;
            Ok(s.book.dump())
        })
    })
    .await
}

/// Waits for its turn, does `work` and lets the next one in.
async fn in_turn<T>(
    ctx: &WorkflowContext<Instance>,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let ticket = ctx.state_mut(|s| s.book.tickets.take());
    until(ctx, |s| s.book.tickets.is_served(ticket)).await;
    // Deleted while it waited: there is nothing left to change.
    let result = match ctx.state(|s| admit(&s.book)) {
        Ok(()) => work.await,
        Err(refusal) => Err(refusal),
    };
    ctx.state_mut(|s| {
        s.book.tickets.done();
        s.book.moved = true;
    });
    result
}

/// The spec after `request`, if the request fits what is there.
fn changed(book: &Book, request: &UpdateRequest) -> Result<Spec, Refusal> {
    let current = book.state.spec.clone().unwrap_or_default();
    if request.conflict_token.is_some() && request.conflict_token != book.state.conflict_token {
        return Err(Refusal::precondition("conflict token mismatch"));
    }
    let next = mask::apply(&current, request)?;
    if current.is_empty() && next.is_empty() {
        return Err(Refusal::invalid("the compute config has no scaling group: give at least one"));
    }
    if request.conflict_token.is_some() && next == current {
        return Err(Refusal::precondition("no change found"));
    }
    check_groups(&next)?;
    Ok(next)
}

/// Asks the providers of `spec` whether they could start its workers.
async fn check(ctx: &WorkflowContext<Instance>, spec: &Spec) -> Result<ValidateOutput, Refusal> {
    let (version, first) = ctx.state(|s| (s.book.version(), s.book.spec().is_none()));
    let version = version.ok_or_else(|| Refusal::invalid("the start input names no version"))?;
    let input = ValidateInput { version, spec: spec.clone(), first };
    match ctx.execute_activity(Controller::validate, input, options::validate()).await {
        Ok(output) => output.refusal.clone().map_or(Ok(output), Err),
        Err(error) => Err(Refusal {
            kind: FailureType::Unavailable,
            message: format!("the compute config could not be checked: {}", describe(&error)),
        }),
    }
}

fn commit(book: &mut Book, next: Spec, identity: String, now_ms: i64) {
    book.sign(now_ms, identity);
    book.state.validation_state = Some(found(now_ms, None));
    book.put_in_service(next);
}

/// The last group is gone. The instance waits for another as one that was claimed does: the
/// server does not end it, and would start its own for whoever adds a group again.
async fn vacate(ctx: &WorkflowContext<Instance>, identity: String) -> Result<UpdateReply, Refusal> {
    if !follows(ctx, Revision::Third) {
        return end(ctx, &identity).await;
    }
    let now_ms = millis(ctx.workflow_time());
    ctx.state_mut(|s| s.book.vacate(now_ms, identity));
    Ok(UpdateReply::default())
}

/// Ends the instance: with the update's answer the run is over, and its worker sets are ended.
async fn end(ctx: &WorkflowContext<Instance>, identity: &str) -> Result<UpdateReply, Refusal> {
    let_go(ctx).await;
    ctx.state_mut(|s| {
        s.book.state.last_modifier_identity = identity.to_owned();
        s.book.state.spec = None;
        s.book.phase = Phase::Deleted;
    });
    Ok(UpdateReply::default())
}

impl Book {
    /// Takes note of who changed the spec, and when.
    fn sign(&mut self, now_ms: i64, identity: String) {
        let last = self.state.conflict_token.take();
        self.state.conflict_token = Some(token::next(last.as_deref(), now_ms));
        self.state.last_modifier_identity = identity;
    }

    /// Is without a spec from now on. What the latest check found was about the one that is gone.
    pub(crate) fn vacate(&mut self, now_ms: i64, identity: String) {
        self.sign(now_ms, identity);
        self.put_in_service(Spec::default());
        self.state.spec = None;
        self.state.validation_state = None;
        self.wci().check = None;
        self.wci().warnings.clear();
        self.vacated_ms = Some(now_ms);
    }
}
