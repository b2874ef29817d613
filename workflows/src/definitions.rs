//! The activities that the workflows call; another crate gives them bodies.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

use std::convert::Infallible;

use temporalio_macros::activity_definitions;
use wci_contract::activities::{
    self, DecideInput, DecideOutput, InvokeInput, RegisterInput, RegisterOutput, ResizeInput,
    ValidateInput, ValidateOutput, WatchInput, WatchOutput,
};
use wci_contract::launch::Outcome;

/// What an instance has done outside of its workflow.
#[derive(Debug)]
pub struct Controller;

#[activity_definitions]
#[allow(clippy::unimplemented)] // the form that the macro requires
impl Controller {
    /// Checks a spec, and every provider in it.
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

    /// Reads the queues' figures until a decision is called for.
    #[activity(name = activities::WATCH)]
    pub fn watch(input: WatchInput) -> Result<WatchOutput, Infallible> {
        unimplemented!()
    }

    /// Has a provider start workers.
    #[activity(name = activities::INVOKE)]
    pub fn invoke(input: InvokeInput) -> Result<Outcome, Infallible> {
        unimplemented!()
    }

    /// Has a provider keep a set of workers at a size.
    #[activity(name = activities::RESIZE)]
    pub fn resize(input: ResizeInput) -> Result<Outcome, Infallible> {
        unimplemented!()
    }
}
