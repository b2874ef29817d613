//! Validates a spec that has no instance yet, on the task queue of the instances.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    WorkflowContext, WorkflowContextView, WorkflowResult, common::error::ApplicationFailure,
};
use wci_contract::{
    Refusal, Spec,
    activities::{DryRun, ValidateInput, ValidateOutput},
    checks::check_groups,
    mask, names,
};

use crate::{InstanceActivities, options, wire::decode};

/// Validates a spec that has no instance yet.
#[workflow]
pub struct Validate {
    request: Result<DryRun, Refusal>,
}

#[workflow_methods]
impl Validate {
    /// Reads the request.
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: RawValue) -> Self {
        Self { request: decode(&input) }
    }

    /// Returns the providers' findings. A refusal is a result, not a failure.
    #[run(name = names::VALIDATE_WORKFLOW)]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<ValidateOutput> {
        let input = match ctx.state(|s| input(&s.request)) {
            Ok(input) => input,
            Err(refusal) => {
                return Ok(ValidateOutput { refusal: Some(refusal), ..ValidateOutput::default() });
            }
        };
        ctx.execute_activity(InstanceActivities::validate, input, options::validate())
            .await
            .map_err(|error| ApplicationFailure::non_retryable(error).into())
    }
}

fn input(request: &Result<DryRun, Refusal>) -> Result<ValidateInput, Refusal> {
    let DryRun { version, request } = request.clone()?;
    let mut spec = mask::apply(&Spec::default(), &request)?;
    spec.bound_unknown();
    if spec.is_empty() {
        return Err(Refusal::invalid("the compute config has no scaling group: give at least one"));
    }
    check_groups(&spec)?;
    Ok(ValidateInput { version, spec, first: true })
}
