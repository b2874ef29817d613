//! Ownership of instances: adopts them from the server's controller and releases them to it. Used by
//! the operator's commands and by the system worker.

mod adopt;
mod adopt_error;
mod for_server;
mod reannounce;
mod release;
mod retry;

pub use adopt::{AdoptMode, Adopted, adopt};
pub use adopt_error::AdoptError;
pub(crate) use for_server::ForServer;
pub(crate) use release::{Released, release};
