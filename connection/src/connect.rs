//! Connecting.

use std::time::Duration;

use temporalio_client::{
    Connection, ConnectionOptions, TlsOptions, Url, errors::ClientConnectError, tonic::Code,
};
use tokio::time::{Instant, timeout_at};

use crate::{
    ConnectError, ConnectFailure,
    diagnosis::{root_cause, tls_error},
    server_probe::{Speaks, probe},
};

/// Connects within `limit`.
///
/// # Errors
/// The server does not respond or denies access, or TLS is set up differently on both sides.
pub async fn connect(
    mut options: ConnectionOptions,
    limit: Duration,
) -> Result<Connection, ConnectError> {
    let deadline = Instant::now() + limit;
    let (target, tls) = (options.target.clone(), options.tls_options.clone());
    options.connect_timeout = Some(limit);
    let failure = match timeout_at(deadline, Connection::connect(options)).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => diagnose(&error, &target, tls.as_ref(), deadline).await,
        Err(_) => {
            ConnectFailure::Unreachable(format!("no response within {} ms", limit.as_millis()))
        }
    };
    Err(ConnectError { target: target.origin().ascii_serialization(), failure })
}

async fn diagnose(
    error: &ClientConnectError,
    target: &Url,
    tls: Option<&TlsOptions>,
    deadline: Instant,
) -> ConnectFailure {
    let cause: &(dyn std::error::Error + 'static) = match error {
        ClientConnectError::SystemInfoCallError(status) => {
            let message = status.message().to_owned();
            match status.code() {
                Code::Unauthenticated | Code::PermissionDenied => {
                    return ConnectFailure::Denied(message);
                }
                _ => status,
            }
        }
        other => other,
    };
    let has_certificate = tls.is_some_and(|tls| tls.client_tls_options.is_some());
    if let Some(error) = tls_error(cause) {
        return ConnectFailure::of(error, has_certificate);
    }
    let seen = timeout_at(deadline, probe(target)).await.ok().flatten();
    match (tls, seen) {
        (None, Some(Speaks::Tls(_))) => ConnectFailure::TlsRequired,
        (Some(_), Some(Speaks::Plaintext)) => ConnectFailure::NotTls,
        (Some(_), Some(Speaks::Tls(Some(alert)))) if !has_certificate => {
            ConnectFailure::of(&rustls::Error::AlertReceived(alert), false)
        }
        // The probe knows no more.
        _ => ConnectFailure::Unreachable(root_cause(cause)),
    }
}
