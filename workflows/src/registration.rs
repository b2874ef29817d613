//! After a change of the spec, groups whose queues the server does not know get a worker each.

use std::convert::Infallible;

use temporalio_workflow::WorkflowContext;
use wci_contract::{
    FailureClass, activities::RegisterInput, launch::Outcome, state::FailureRecord,
};

use crate::{Controller, Instance, launches::describe, options, time::millis, wait::until};

/// Registers when the book asks for it. A failure is remembered; tasks bring the next try.
pub(crate) async fn drive_registration(ctx: &WorkflowContext<Instance>) -> Infallible {
    loop {
        let wanted =
            |s: &Instance| s.is_open() && s.book.state.wci.as_ref().is_some_and(|wci| wci.register);
        until(ctx, wanted).await;
        let Some(spec) = ctx.state(|s| s.book.spec().cloned()) else {
            ctx.state_mut(|s| s.book.wci().register = false);
            continue;
        };
        let input = RegisterInput {
            version: ctx.state(|s| s.book.version()),
            spec: spec.clone(),
            launch_id: ctx.uuid4(),
        };
        let result = ctx.execute_activity(Controller::register, input, options::register()).await;
        let now_ms = millis(ctx.workflow_time());
        ctx.state_mut(|s| {
            // A change in the meantime asks again, for its own groups.
            s.book.wci().register = s.book.state.spec.as_ref() != Some(&spec);
            let failed = match result {
                Ok(output) => output.failed,
                Err(error) => {
                    let groups = spec.scaling_group_specs.into_keys();
                    groups.map(|group| (group, describe(&error))).collect()
                }
            };
            for (group, message) in failed {
                let outcome = Outcome::failed(1, FailureClass::Unavailable, message);
                let record = FailureRecord { at_ms: now_ms, outcome };
                s.book.wci().last_failures.insert(group, record);
            }
        });
    }
}
