//! What drives the algorithm: the real instance, or a model of the built-in controller's loop.

mod algorithm_runner;
mod built_in;
mod instance;

pub(crate) use instance::Instance;

use crate::{Contender, Loop, ParseError, event_queue::ControllerEvent, world::World};

use algorithm_runner::AlgorithmRunner;
use built_in::BuiltIn;

/// The controller of one simulation.
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
    pub(crate) fn new(contender: &Contender) -> Result<Self, ParseError> {
        Ok(match contender.controller {
            Loop::Instance => Self::Instance(Box::new(Instance::new(contender)?)),
            Loop::BuiltIn => {
                let config = contender.config.clone();
                Self::BuiltIn(BuiltIn::new(AlgorithmRunner::new(contender.algorithm, config)))
            }
        })
    }

    /// Starts at the beginning of the simulation.
    pub(crate) fn start(&mut self, world: &mut World<'_>) {
        match self {
            Self::Instance(instance) => instance.start(world),
            Self::BuiltIn(built_in) => built_in.start(world),
        }
    }

    pub(crate) fn handle(&mut self, event: ControllerEvent, world: &mut World<'_>) {
        match self {
            Self::Instance(instance) => instance.handle(event, world),
            Self::BuiltIn(built_in) => built_in.handle(event, world),
        }
    }
}
