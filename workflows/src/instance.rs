//! The instance workflow and its handlers. [`InstanceState`] has the rules, and the drivers carry
//! out the effects.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

use std::error::Error;

use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, MemoValue, SyncWorkflowContext, WorkflowContext, WorkflowContextView,
    WorkflowResult, WorkflowTermination, common::error::ApplicationFailure,
};
use wci_contract::{
    Refusal,
    messages::{
        Checked, DeleteRequest, Description, Done, ReleaseRequest, UpdateReply, UpdateRequest,
    },
    names,
    signal::TaskAdd,
    state::State,
};
use wci_instance::{Effect, Ending, Event, InstanceState, RunStatus};

use crate::{
    drivers::{Outbox, drive, main_loop::RunEnd},
    time::{millis, timestamp},
    updates,
    wire::{decode, payload_of, text_of},
};

type Failure = Box<dyn Error + Send + Sync>;

/// The worker controller instance of one Worker Deployment Version.
#[workflow]
pub struct Instance {
    /// `Err` if the start input of the run cannot be used.
    state: Result<InstanceState, Refusal>,
    pub(crate) outbox: Outbox,
}

#[workflow_methods]
impl Instance {
    /// Reads the start input. Updates and signals of the first activation are handled before `run`.
    #[init]
    pub fn new(ctx: &WorkflowContextView, input: RawValue) -> Self {
        let started = timestamp(ctx.start_time());
        let state = decode(&input).and_then(|input| InstanceState::new(input, started));
        Self { state, outbox: Outbox::default() }
    }

    /// Serves the version until it is deleted, or until the next run takes over.
    #[run(name = names::INSTANCE_WORKFLOW)]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        let memo = match ctx.state(|s| s.usable().map(InstanceState::memo)) {
            Ok(memo) => MemoValue::new(memo),
            Err(refusal) => return Err(ApplicationFailure::non_retryable(refusal).into()),
        };
        ctx.upsert_memo([(names::MEMO, Some(memo))])?;
        match drive(&ctx.clone()).await {
            RunEnd::Ended(Ending::Completed | Ending::Unclaimed) => Ok(()),
            RunEnd::Ended(Ending::Cancelled) => Err(WorkflowTermination::cancelled()),
            RunEnd::ContinueAsNew => Self::continue_as_new(ctx),
        }
    }

    /// Matching announces tasks.
    #[signal(name = names::TASK_ADD_SIGNAL)]
    pub fn task_add(&mut self, ctx: &mut SyncWorkflowContext<Self>, signal: RawValue) {
        let event = match text_of(&signal).map(TaskAdd::decode) {
            Ok(Some(signal)) => Event::TasksAnnounced(signal),
            Ok(None) => Event::SignalDropped {
                reason: "it is not of the shape that matching sends".to_owned(),
            },
            Err(refusal) => Event::SignalDropped { reason: refusal.message },
        };
        self.handle(millis(ctx.workflow_time()), event);
    }

    /// Changes the spec.
    #[update(name = names::UPDATE)]
    pub async fn update(
        ctx: &mut WorkflowContext<Self>,
        request: RawValue,
    ) -> Result<UpdateReply, Failure> {
        Ok(updates::update(ctx, decode(&request)?).await?)
    }

    #[update_validator(update)]
    fn check_update(&self, _ctx: &WorkflowContextView, request: &RawValue) -> Result<(), Failure> {
        decode::<UpdateRequest>(request)?;
        Ok(self.usable()?.admit_update()?)
    }

    /// Ends the instance.
    #[update(name = names::DELETE)]
    pub async fn delete(
        ctx: &mut WorkflowContext<Self>,
        request: RawValue,
    ) -> Result<Done, Failure> {
        Ok(updates::delete(ctx, decode(&request)?).await?)
    }

    #[update_validator(delete)]
    fn check_delete(&self, _ctx: &WorkflowContextView, request: &RawValue) -> Result<(), Failure> {
        decode::<DeleteRequest>(request)?;
        Ok(self.usable()?.admit_update()?)
    }

    /// Ends the instance; another controller continues with the returned state.
    #[update(name = names::RELEASE)]
    pub async fn release(
        ctx: &mut WorkflowContext<Self>,
        request: RawValue,
    ) -> Result<State, Failure> {
        decode::<ReleaseRequest>(&request)?;
        Ok(updates::release(ctx).await?)
    }

    #[update_validator(release)]
    fn check_release(&self, _ctx: &WorkflowContextView, request: &RawValue) -> Result<(), Failure> {
        decode::<ReleaseRequest>(request)?;
        Ok(self.usable()?.admit_update()?)
    }

    /// Validates a change without applying it.
    #[update(name = names::VALIDATE)]
    pub async fn validate(
        ctx: &mut WorkflowContext<Self>,
        request: RawValue,
    ) -> Result<Checked, Failure> {
        Ok(updates::validate(ctx, decode(&request)?).await?)
    }

    #[update_validator(validate)]
    fn check_validate(
        &self,
        _ctx: &WorkflowContextView,
        request: &RawValue,
    ) -> Result<(), Failure> {
        decode::<UpdateRequest>(request)?;
        Ok(self.usable()?.admit_update()?)
    }

    /// The description that the server's deployment workflows query.
    #[query(name = names::DESCRIBE)]
    pub fn describe(&self, _ctx: &WorkflowContextView) -> Result<Description, Failure> {
        Ok(self.usable()?.describe()?)
    }

    /// The state that the instance would carry over now.
    #[query(name = names::DUMP)]
    pub fn dump(&self, _ctx: &WorkflowContextView) -> State {
        self.state().map(InstanceState::dump).unwrap_or_default()
    }
}

impl Instance {
    /// The state; `None` if the start input cannot be used.
    pub(crate) fn state(&self) -> Option<&InstanceState> {
        self.state.as_ref().ok()
    }

    /// The mutable state; `None` if the start input cannot be used.
    pub(crate) fn state_mut(&mut self) -> Option<&mut InstanceState> {
        self.state.as_mut().ok()
    }

    /// The state, or why the start input cannot be used.
    pub(crate) fn usable(&self) -> Result<&InstanceState, Refusal> {
        self.state.as_ref().map_err(Clone::clone)
    }

    /// The mutable state, or why the start input cannot be used.
    pub(crate) fn usable_mut(&mut self) -> Result<&mut InstanceState, Refusal> {
        self.state.as_mut().map_err(|refusal| refusal.clone())
    }

    /// Handles `event`, and routes the effects to the drivers.
    pub(crate) fn handle(&mut self, now_ms: i64, event: Event) {
        let effects = self.state_mut().map(|state| state.handle(now_ms, event));
        self.route(effects);
    }

    /// Takes the next step of the main loop.
    pub(crate) fn advance(&mut self, now_ms: i64, run: RunStatus, new_id: impl FnMut() -> String) {
        let effects = self.state_mut().map(|state| state.advance(now_ms, run, new_id));
        self.route(effects);
    }

    fn route(&mut self, effects: Option<Vec<Effect>>) {
        effects.into_iter().flatten().for_each(|effect| self.outbox.route(effect));
    }

    fn continue_as_new(ctx: &WorkflowContext<Self>) -> WorkflowResult<()> {
        let input = ctx.state(|s| s.usable().map(InstanceState::carry_over));
        let input = input.map_err(ApplicationFailure::non_retryable)?;
        let input = payload_of(&input)
            .map_err(|e| WorkflowTermination::from(ApplicationFailure::new(e)))?;
        match ctx.continue_as_new(input, ContinueAsNewOptions::default())? {}
    }
}
