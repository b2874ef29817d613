//! Asks a server in a second connection whether it speaks TLS, when the first one failed with an
//! error that does not say so.

use std::{sync::Arc, time::Duration};

use rustls::{AlertDescription, Error, pki_types::ServerName};
use temporalio_client::Url;
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use crate::{diagnosis::tls_error, unverified};

/// Time limit of each step.
const LIMIT: Duration = Duration::from_secs(2);

/// What a server does when a client begins a TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// TLS; with the alert that ended the connection of a client without a certificate.
    Tls(Option<AlertDescription>),
    /// Something else.
    Plaintext,
}

/// Probes the server at `target`. `None` if nothing can be told.
pub(crate) async fn probe(target: &Url) -> Option<Speaks> {
    let host = target.host_str()?.trim_matches(['[', ']']).to_owned();
    let address = (host.clone(), target.port_or_known_default()?);
    let tcp = timeout(LIMIT, TcpStream::connect(address)).await.ok()?.ok()?;
    let connector = TlsConnector::from(Arc::new(unverified::client().ok()?));
    let name = ServerName::try_from(host).ok()?;
    let error = match timeout(LIMIT, connector.connect(name, tcp)).await.ok()? {
        // With TLS 1.3, a server asks for the client's certificate after the handshake.
        Ok(mut stream) => timeout(LIMIT, stream.read_u8()).await.ok().and_then(Result::err),
        Err(error) => match tls_error(&error)? {
            Error::InvalidMessage(_) => return Some(Speaks::Plaintext),
            _ => Some(error),
        },
    };
    let alert = error.as_ref().and_then(|error| match tls_error(error) {
        Some(Error::AlertReceived(alert)) => Some(*alert),
        _ => None,
    });
    Some(Speaks::Tls(alert))
}
