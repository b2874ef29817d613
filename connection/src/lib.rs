//! Connections to a Temporal server with the settings of the `temporal` CLI: environment variables
//! and profiles of `temporal.toml`.
//!
//! [`load`] reads the settings, [`options`] turns them into those of the SDK, and [`connect`]
//! connects. Their errors say what was wrong and where; [`ConnectError::remedy`] says what to do.
//!
//! Where this differs from the SDK's own loader: an empty variable counts as unset, a broken profile
//! only matters if it is the one in use, `disable_host_verification` takes effect, and errors name
//! the profile, variable or file.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod address;
mod certificates;
mod connect;
mod diagnosis;
mod environment;
mod load;
mod options;
mod profile;
mod server_probe;
mod settings_error;
mod unverified;

pub use connect::connect;
pub use diagnosis::{ConnectError, ConnectFailure, SettingNames};
pub use environment::Environment;
pub use load::{ProfileSource, load};
pub use options::options;
pub use settings_error::{SettingsError, Subject};
pub use temporalio_common::envconfig::{ClientConfigProfile, ClientConfigTLS, DataSource};
