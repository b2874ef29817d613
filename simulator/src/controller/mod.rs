//! What drives the algorithm: our instance, or the loop of the built-in controller.

mod built_in;
mod inbox;
mod instance;
mod mind;
mod watch;

use crate::{Contender, Loop, agenda::Control, site::Site};

use built_in::BuiltIn;
use instance::Instance;
use mind::Mind;

/// A controller at work.
#[derive(Debug)]
pub(crate) enum Controller {
    Instance(Instance),
    BuiltIn(BuiltIn),
}

impl Controller {
    pub(crate) fn new(contender: &Contender) -> Self {
        let mind = Mind::new(contender.algorithm, contender.config.clone());
        match contender.controller {
            Loop::Instance => Self::Instance(Instance::new(mind)),
            Loop::BuiltIn => Self::BuiltIn(BuiltIn::new(mind)),
        }
    }

    /// Begins its work.
    pub(crate) fn begin(&mut self, site: &mut Site<'_>) {
        match self {
            Self::Instance(instance) => instance.begin(site),
            Self::BuiltIn(built_in) => built_in.begin(site),
        }
    }

    /// Something that it waited for is there.
    pub(crate) fn go_on(&mut self, control: Control, site: &mut Site<'_>) {
        match self {
            Self::Instance(instance) => instance.go_on(control, site),
            Self::BuiltIn(built_in) => built_in.go_on(control, site),
        }
    }
}
