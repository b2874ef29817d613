//! The instance workflow: names and handlers. What they do is in the modules beside this one.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

use std::error::Error;

use futures::FutureExt;
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, MemoValue, SyncWorkflowContext, WorkflowContext, WorkflowContextView,
    WorkflowResult, WorkflowTermination, common::error::ApplicationFailure, workflows::select,
};
use wci_contract::{
    messages::{
        Checked, DeleteRequest, Description, Done, ReleaseRequest, UpdateReply, UpdateRequest,
    },
    names,
    signal::TaskAdd,
    state::State,
};

use crate::{
    attend::{Ending, attend},
    book::{Book, Phase},
    launches::drive_launches,
    registration::drive_registration,
    resizing::drive_resizes,
    telling::drive_telling,
    time::timestamp,
    updates,
    validation::drive_validation,
    watch::drive_watch,
    wire::{decode, payload_of, text_of},
};

type Failure = Box<dyn Error + Send + Sync>;

/// The worker controller instance of one Worker Deployment Version.
#[workflow]
pub struct Instance {
    pub(crate) book: Book,
}

#[workflow_methods]
impl Instance {
    /// Opens the book. Updates and signals of the first activation come before `run`.
    #[init]
    pub fn new(ctx: &WorkflowContextView, input: RawValue) -> Self {
        Self { book: Book::open(decode(&input), timestamp(ctx.start_time())) }
    }

    /// Serves the version until it is deleted, or until the next run takes over.
    #[run(name = names::INSTANCE_WORKFLOW)]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        if let Some(refusal) = ctx.state(|s| s.book.unusable.clone()) {
            return Err(ApplicationFailure::non_retryable(refusal).into());
        }
        let memo = MemoValue::new(ctx.state(|s| s.book.memo()));
        ctx.upsert_memo([(names::MEMO, Some(memo))])?;
        match Self::serve(&ctx.clone()).await {
            Ending::Over | Ending::Unclaimed => Ok(()),
            Ending::Cancelled => Err(WorkflowTermination::cancelled()),
            Ending::NextRun => Self::hand_over(ctx),
        }
    }

    /// Tasks were announced.
    #[signal(name = names::TASK_ADD_SIGNAL)]
    pub fn task_add(&mut self, _ctx: &mut SyncWorkflowContext<Self>, signal: RawValue) {
        match text_of(&signal) {
            Ok(text) => self.book.hear(TaskAdd::decode(text)),
            Err(refusal) => self.book.drop_signal(&refusal.message),
        }
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
        Ok(updates::admit(&self.book)?)
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
        Ok(updates::admit(&self.book)?)
    }

    /// Ends the instance; another controller goes on with the answer.
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
        Ok(updates::admit(&self.book)?)
    }

    /// Checks a change without making it.
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
        Ok(updates::admit(&self.book)?)
    }

    /// What the server's deployment workflows are told.
    #[query(name = names::DESCRIBE)]
    pub fn describe(&self, _ctx: &WorkflowContextView) -> Result<Description, Failure> {
        Ok(self.book.describe()?)
    }

    /// Everything that the instance would carry over now.
    #[query(name = names::DUMP)]
    pub fn dump(&self, _ctx: &WorkflowContextView) -> State {
        self.book.dump()
    }
}

impl Instance {
    /// Attends to what happens, beside launches, resizes, registration and watch: none waits for another.
    async fn serve(ctx: &WorkflowContext<Self>) -> Ending {
        let mut ending = Box::pin(attend(ctx).fuse());
        let mut launches = Box::pin(drive_launches(ctx).fuse());
        let mut resizes = Box::pin(drive_resizes(ctx).fuse());
        let mut registration = Box::pin(drive_registration(ctx).fuse());
        let mut watch = Box::pin(drive_watch(ctx).fuse());
        let mut validation = Box::pin(drive_validation(ctx).fuse());
        let mut telling = Box::pin(drive_telling(ctx).fuse());
        select! {
            ending = ending => ending,
            never = launches => match never {},
            never = resizes => match never {},
            never = registration => match never {},
            never = watch => match never {},
            never = validation => match never {},
            never = telling => match never {},
        }
    }

    fn hand_over(ctx: &WorkflowContext<Self>) -> WorkflowResult<()> {
        let input = ctx.state(|s| s.book.carry());
        let input = payload_of(&input)
            .map_err(|e| WorkflowTermination::from(ApplicationFailure::new(e)))?;
        match ctx.continue_as_new(input, ContinueAsNewOptions::default())? {}
    }

    pub(crate) fn is_open(&self) -> bool {
        self.book.phase == Phase::Open
    }
}
