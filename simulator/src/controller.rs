//! What drives the algorithm: the real instance, or a model of the built-in controller's loop.

mod algorithm_runner;
mod built_in;
mod instance;

use crate::{Contender, Loop, agenda::Control, site::Site};

use algorithm_runner::AlgorithmRunner;
use built_in::BuiltIn;
use instance::Instance;

/// A controller at work.
#[derive(Debug)]
pub(crate) enum Controller {
    Instance(Box<Instance>),
    BuiltIn(BuiltIn),
}

impl Controller {
    /// The controller of `contender`.
    ///
    /// # Errors
    /// A spec that the instance cannot start with.
    pub(crate) fn new(contender: &Contender) -> Result<Self, crate::ParseError> {
        Ok(match contender.controller {
            Loop::Instance => Self::Instance(Box::new(Instance::new(contender)?)),
            Loop::BuiltIn => {
                let config = contender.config.clone();
                Self::BuiltIn(BuiltIn::new(AlgorithmRunner::new(contender.algorithm, config)))
            }
        })
    }

    /// Begins its work.
    pub(crate) fn begin(&mut self, site: &mut Site<'_>) {
        match self {
            Self::Instance(instance) => instance.begin(site),
            Self::BuiltIn(built_in) => built_in.begin(site),
        }
    }

    /// Handles something that it waited for.
    pub(crate) fn go_on(&mut self, control: Control, site: &mut Site<'_>) {
        match self {
            Self::Instance(instance) => instance.go_on(control, site),
            Self::BuiltIn(built_in) => built_in.go_on(control, site),
        }
    }
}
