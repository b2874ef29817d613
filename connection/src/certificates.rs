//! Certificates and keys, from files or settings.

use std::fs;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use temporalio_common::envconfig::{ClientConfigTLS, DataSource};

use crate::SettingsError;

/// What a source contains.
#[derive(Debug, Clone, Copy)]
enum Content {
    ServerCa,
    ClientCertificate,
    ClientKey,
}

impl Content {
    fn as_str(self) -> &'static str {
        match self {
            Self::ServerCa => "CA certificate of the server",
            Self::ClientCertificate => "client certificate",
            Self::ClientKey => "private key of the client certificate",
        }
    }

    fn is_in(self, pem: &[u8]) -> bool {
        match self {
            Self::ServerCa | Self::ClientCertificate => {
                let mut certificates = CertificateDer::pem_slice_iter(pem).peekable();
                certificates.peek().is_some() && certificates.all(|found| found.is_ok())
            }
            Self::ClientKey => PrivateKeyDer::from_pem_slice(pem).is_ok(),
        }
    }
}

/// Replaces the files in `tls` by their content.
///
/// # Errors
/// A file that cannot be read, is not what it should be, or a certificate without its key.
pub(crate) fn read(tls: &mut ClientConfigTLS) -> Result<(), SettingsError> {
    for (source, content) in [
        (&mut tls.server_ca_cert, Content::ServerCa),
        (&mut tls.client_cert, Content::ClientCertificate),
        (&mut tls.client_key, Content::ClientKey),
    ] {
        if let Some(source) = source {
            *source = DataSource::Data(read_source(source, content)?);
        }
    }
    let lone = match (&tls.client_cert, &tls.client_key) {
        (Some(_), None) => "a client certificate is set without its private key",
        (None, Some(_)) => "a private key is set without its client certificate",
        _ => return Ok(()),
    };
    Err(SettingsError::Tls(format!("{lone}: set both")))
}

fn read_source(source: &DataSource, content: Content) -> Result<Vec<u8>, SettingsError> {
    let what = content.as_str();
    let (pem, place) = match source {
        DataSource::Path(path) => {
            let pem = fs::read(path).map_err(|error| {
                SettingsError::Tls(format!("cannot read the {what} in {path}: {error}"))
            })?;
            (pem, format!("in {path}"))
        }
        DataSource::Data(pem) => (pem.clone(), "in the settings".to_owned()),
        _ => return Err(SettingsError::Tls(format!("the {what} is in an unknown place"))),
    };
    if content.is_in(&pem) {
        return Ok(pem);
    }
    Err(SettingsError::Tls(format!("the {what} {place} is not valid PEM of that kind")))
}
