//! Connecting to the Temporal server.

use crate::{
    error::{Error, chain},
    settings::Settings,
};
use std::time::Duration;
use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions,
    envconfig::{DataSource, LoadClientConfigProfileOptions},
    errors::ClientConnectError,
    tonic::Code,
};
use temporalio_common::data_converters::DataConverter;

/// Loads the client profile and connects within `timeout`.
pub(crate) async fn connect(
    settings: &Settings,
    data_converter: DataConverter,
    timeout: Duration,
) -> Result<Client, Error> {
    let (mut connection_options, mut client_options) = load(settings)?;
    client_options.data_converter = data_converter;
    connection_options.connect_timeout = Some(timeout);
    // Load balancing resolves addresses in the background, which only helps long-lived processes.
    connection_options.dns_load_balancing = None;
    if let Some(identity) = &settings.identity {
        connection_options.identity.clone_from(identity);
    }
    let target = connection_options.target.origin().ascii_serialization();
    let unreachable = |reason| Error::Unreachable { target: target.clone(), reason };
    let connection = tokio::time::timeout(timeout, Connection::connect(connection_options))
        .await
        .map_err(|_| unreachable(format!("no response within {} ms", timeout.as_millis())))?
        .map_err(|error| connect_error(error, &target))?;
    Client::new(connection, client_options).map_err(|error| unreachable(chain(&error)))
}

fn load(settings: &Settings) -> Result<(ConnectionOptions, ClientOptions), Error> {
    let file = settings.config_file.clone();
    let source = file.as_ref().map(|path| DataSource::Path(path.to_string_lossy().into_owned()));
    let options = LoadClientConfigProfileOptions::builder()
        // Without a located file, do not fall back to the profile in the user's home directory.
        .disable_file(source.is_none())
        .maybe_config_source(source)
        .build();
    ClientOptions::load_from_config(options)
        .map_err(|error| Error::ClientSettings { file, reason: chain(&error) })
}

fn connect_error(error: ClientConnectError, target: &str) -> Error {
    let target = target.to_owned();
    match error {
        ClientConnectError::TonicTransportError(error) => {
            let mut reason = chain(&error);
            if target.starts_with("https:") {
                reason.push_str(" (over TLS, which TEMPORAL_TLS=false disables)");
            }
            Error::Unreachable { target, reason }
        }
        ClientConnectError::SystemInfoCallError(status) => {
            let reason = match std::error::Error::source(&status) {
                Some(source) => chain(source),
                None => status.message().to_owned(),
            };
            match status.code() {
                Code::Unauthenticated | Code::PermissionDenied => Error::Refused { target, reason },
                _ => Error::Unreachable { target, reason },
            }
        }
        other => Error::Unreachable { target, reason: chain(&other) },
    }
}
