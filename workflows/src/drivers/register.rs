//! Registration of task queues: one activity at a time.

use std::convert::Infallible;

use temporalio_workflow::WorkflowContext;
use wci_instance::{Event, RegistrationFailure};

use super::handle;
use crate::{
    Instance, InstanceActivities,
    failures::describe,
    options,
    revision::{Revision, follows},
    time::now_ms,
    wait::until,
};

/// Registers task queues whenever the instance asks for it.
pub(crate) async fn drive(ctx: &WorkflowContext<Instance>) -> Infallible {
    loop {
        until(ctx, |s| s.outbox.registration).await;
        let now_ms = now_ms(ctx);
        let input = ctx.state_mut(|s| {
            s.outbox.registration = false;
            s.state_mut()?.begin_registration(now_ms, || ctx.uuid4())
        });
        let Some(input) = input else { continue };
        let spec = input.spec.clone();
        let registered =
            ctx.execute_activity(InstanceActivities::register, input, options::register());
        let result = registered.await.map_err(|error| RegistrationFailure {
            message: describe(&error),
            is_retried: follows(ctx, Revision::Fourth),
        });
        handle(ctx, Event::RegistrationEnded { spec, result });
    }
}
