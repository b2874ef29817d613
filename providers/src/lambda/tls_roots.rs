//! The root certificates that AWS's certificates are checked against.

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use base64::{Engine, engine::general_purpose::STANDARD};

/// The root certificates of this machine, read once.
///
/// The AWS SDK would read them when it first needs them, and keep what it found then for good:
/// nothing, if the process had no file descriptors left at that moment.
#[derive(Debug, Clone)]
pub struct TlsRoots(TrustStore);

/// The machine has no root certificates.
#[derive(Debug, thiserror::Error)]
#[error(
    "no TLS root certificates were found, without which AWS cannot be called{reason}: install the \
     package ca-certificates, or name a PEM file in SSL_CERT_FILE"
)]
pub struct NoTlsRoots {
    reason: String,
}

impl TlsRoots {
    /// Reads them from where OpenSSL keeps them, or from `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    ///
    /// # Errors
    /// There are none.
    pub fn load() -> Result<Self, NoTlsRoots> {
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            let reason = found.errors.first().map(|error| format!(" ({error})"));
            return Err(NoTlsRoots { reason: reason.unwrap_or_default() });
        }
        for error in &found.errors {
            tracing::warn!(%error, "cannot read some TLS root certificates");
        }
        let pem = |der: &[u8]| {
            let text = STANDARD.encode(der);
            format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
        };
        let store = found.certs.iter().fold(TrustStore::empty(), |store, certificate| {
            store.with_pem_certificate(pem(certificate))
        });
        Ok(Self(store))
    }

    /// The TLS settings of an HTTP client; `None` if they cannot be made.
    pub(super) fn context(&self) -> Option<TlsContext> {
        TlsContext::builder().with_trust_store(self.0.clone()).build().ok()
    }
}
