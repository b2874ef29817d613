//! Who runs an instance: taking it over from the server's controller, and handing it back. Used
//! by the operator's commands and by the system worker itself.

mod adopt;
mod adopt_error;
mod reannounce;
mod release;

pub use adopt::{AdoptMode, Adopted, adopt};
pub use adopt_error::AdoptError;
pub(crate) use release::{Released, release};
