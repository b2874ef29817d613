//! The activities that the workflows execute. The crate `wci-activities` implements them.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

use std::convert::Infallible;

use temporalio_macros::activity_definitions;
use wci_contract::activities::{
    self, DecideInput, DecideOutput, InvokeInput, RegisterInput, RegisterOutput, ResizeInput,
    ValidateInput, ValidateOutput, WatchInput, WatchOutput,
};
use wci_contract::launch::Outcome;

/// The activities of an instance.
#[derive(Debug)]
pub struct InstanceActivities;

#[activity_definitions]
#[allow(clippy::unimplemented)] // the form that the macro requires
impl InstanceActivities {
    /// Validates a spec, with every provider in it.
    #[activity(name = activities::VALIDATE_SPEC)]
    pub fn validate(input: ValidateInput) -> Result<ValidateOutput, Infallible> {
        unimplemented!()
    }

    /// Starts a worker for each group whose queues the server does not know yet.
    #[activity(name = activities::REGISTER)]
    pub fn register(input: RegisterInput) -> Result<RegisterOutput, Infallible> {
        unimplemented!()
    }

    /// Decides for every group at once.
    #[activity(name = activities::DECIDE)]
    pub fn decide(input: DecideInput) -> Result<DecideOutput, Infallible> {
        unimplemented!()
    }

    /// Reads the stats of the task queues until they call for a decision.
    #[activity(name = activities::WATCH)]
    pub fn watch(input: WatchInput) -> Result<WatchOutput, Infallible> {
        unimplemented!()
    }

    /// Requests workers from a provider.
    #[activity(name = activities::INVOKE)]
    pub fn invoke(input: InvokeInput) -> Result<Outcome, Infallible> {
        unimplemented!()
    }

    /// Sets the size of a worker set at its provider.
    #[activity(name = activities::RESIZE)]
    pub fn resize(input: ResizeInput) -> Result<Outcome, Infallible> {
        unimplemented!()
    }
}
