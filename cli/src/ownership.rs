//! Who runs an instance: taking it over from the server's controller, and handing it back. Used
//! by the operator's commands and by the system worker itself.

mod adopt;
mod hindrance;
mod nudge;
mod release;

pub use adopt::{Adopted, Manner, adopt};
pub use hindrance::Hindrance;
pub(crate) use release::{Released, release};
