//! The drivers carry out the effects of the instance.
//!
//! Each driver is a loop that waits for its own effects, runs an activity or a timer, and reports
//! the result to the instance as an event. The drivers run concurrently: none waits for another.
//! They are polled in a fixed order, which a replay must repeat.

pub(crate) mod launch;
pub(crate) mod main_loop;
pub(crate) mod notify;
pub(crate) mod register;
pub(crate) mod resize;
pub(crate) mod revalidate;
pub(crate) mod watch;

use std::collections::VecDeque;

use futures::FutureExt;
use temporalio_workflow::{WorkflowContext, workflows::select};
use wci_contract::activities::InvokeInput;
use wci_instance::{Effect, Event, Rules};

use crate::{
    Instance,
    revision::{Revision, follows},
    time::now_ms,
};
use main_loop::{RunEnd, Step};
use revalidate::RevalidationOrder;
use watch::WatchOrder;

/// Effects that no driver has taken yet.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) main_loop: VecDeque<Step>,
    pub(crate) launches: VecDeque<InvokeInput>,
    /// Groups whose worker set is to be resized.
    pub(crate) resizes: VecDeque<String>,
    pub(crate) registration: bool,
    /// The latest order replaces earlier ones.
    pub(crate) watch: Option<WatchOrder>,
    /// The latest order replaces earlier ones.
    pub(crate) revalidation: Option<RevalidationOrder>,
    pub(crate) notification: bool,
}

impl Outbox {
    /// Routes `effect` to the driver that carries it out.
    pub(crate) fn route(&mut self, effect: Effect) {
        match effect {
            Effect::Advance => self.advance(),
            Effect::Decide(input) => self.main_loop.push_back(Step::Decide(input)),
            Effect::SetTimer { at_ms } => self.main_loop.push_back(Step::SetTimer { at_ms }),
            Effect::CancelTimer => self.main_loop.push_back(Step::CancelTimer),
            Effect::ContinueAsNew => self.main_loop.push_back(Step::ContinueAsNew),
            Effect::End(ending) => self.main_loop.push_back(Step::End(ending)),
            Effect::Launch(input) => self.launches.push_back(*input),
            Effect::Resize { group } => self.resizes.push_back(group),
            Effect::Register => self.registration = true,
            Effect::Watch => self.watch = Some(WatchOrder::Begin),
            Effect::StopWatch => self.watch = Some(WatchOrder::Stop),
            Effect::RevalidateAt { due_ms } => {
                self.revalidation = Some(RevalidationOrder::At { due_ms });
            }
            Effect::CancelRevalidation => self.revalidation = Some(RevalidationOrder::Cancel),
            Effect::NotifyVersion => self.notification = true,
        }
    }

    /// One step of the main loop handles everything that happened before it.
    fn advance(&mut self) {
        if !self.main_loop.contains(&Step::Advance) {
            self.main_loop.push_back(Step::Advance);
        }
    }
}

/// Has the instance handle `event` now.
pub(crate) fn handle(ctx: &WorkflowContext<Instance>, event: Event) {
    let now_ms = now_ms(ctx);
    ctx.state_mut(|s| s.handle(now_ms, event));
}

/// Drives the instance until its run ends.
pub(crate) async fn drive(ctx: &WorkflowContext<Instance>) -> RunEnd {
    let rules = if follows(ctx, Revision::Fifth) { Rules::Fifth } else { Rules::Fourth };
    handle(ctx, Event::RulesFollowed(rules));
    handle(ctx, Event::RunStarted);
    let mut main_loop = Box::pin(main_loop::drive(ctx).fuse());
    let mut launches = Box::pin(launch::drive(ctx).fuse());
    let mut resizes = Box::pin(resize::drive(ctx).fuse());
    let mut registration = Box::pin(register::drive(ctx).fuse());
    let mut watch = Box::pin(watch::drive(ctx).fuse());
    let mut revalidation = Box::pin(revalidate::drive(ctx).fuse());
    let mut notification = Box::pin(notify::drive(ctx).fuse());
    select! {
        end = main_loop => end,
        never = launches => match never {},
        never = resizes => match never {},
        never = registration => match never {},
        never = watch => match never {},
        never = revalidation => match never {},
        never = notification => match never {},
    }
}
