//! Connecting to the Temporal server.

use crate::{
    error::{Error, chain},
    settings::Settings,
};
use std::time::Duration;
use temporal_client_connection::{
    ConnectError, ConnectFailure, Environment, ProfileSource, SettingNames, connect as connect_to,
    load as load_profile, options,
};
use temporalio_client::{Client, ClientOptions, ConnectionOptions};
use temporalio_common::data_converters::DataConverter;

/// Loads the client profile and connects within `timeout`.
pub(crate) async fn connect(
    settings: &Settings,
    data_converter: DataConverter,
    timeout: Duration,
) -> Result<Client, Error> {
    let (mut connection_options, mut client_options) = load(settings)?;
    client_options.data_converter = data_converter;
    // Load balancing resolves addresses in the background, which only helps long-lived processes.
    connection_options.dns_load_balancing = None;
    if let Some(identity) = &settings.identity {
        connection_options.identity.clone_from(identity);
    }
    let target = connection_options.target.origin().ascii_serialization();
    let connection = connect_to(connection_options, timeout).await.map_err(connect_error)?;
    Client::new(connection, client_options)
        .map_err(|error| Error::Unreachable { target, reason: chain(&error) })
}

fn load(settings: &Settings) -> Result<(ConnectionOptions, ClientOptions), Error> {
    let file = settings.config_file.clone();
    // Without a located file, do not fall back to the profile in the user's home directory.
    let source = ProfileSource { file: file.clone(), profile: None, user_file: false };
    let loaded = Environment::of_process().and_then(|environment| {
        let profile = load_profile(&source, &environment)?;
        let namespace = profile.namespace.clone().unwrap_or_else(|| "default".to_owned());
        Ok((options(profile)?, ClientOptions::new(namespace).build()))
    });
    loaded.map_err(|error| Error::ClientSettings { file, reason: error.to_string() })
}

fn connect_error(error: ConnectError) -> Error {
    let remedy = error.remedy(SettingNames::Variables);
    let ConnectError { target, failure } = error;
    match failure {
        ConnectFailure::Denied(reason) => Error::Refused { target, reason },
        failure => Error::Unreachable { target, reason: format!("{failure}; {remedy}") },
    }
}
