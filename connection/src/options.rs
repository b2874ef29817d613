//! From a profile to the options of the SDK.

use temporalio_client::ConnectionOptions;
use temporalio_common::envconfig::{ClientConfigProfile, ClientConfigTLS};

use crate::{SettingsError, address, certificates, unverified};

/// The address of a server on this machine.
const DEFAULT_ADDRESS: &str = "localhost:7233";

/// Turns a profile into options. Reads the files of certificates.
///
/// TLS is on if the profile has TLS settings or an API key, or if its address begins with
/// `https://`, and is not disabled explicitly.
///
/// # Errors
/// The address is not `HOST:PORT`, or a certificate cannot be used.
pub fn options(mut profile: ClientConfigProfile) -> Result<ConnectionOptions, SettingsError> {
    let address = profile.address.take().unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
    if profile.tls.is_none() && address.starts_with("https://") {
        profile.tls = Some(ClientConfigTLS::default());
    }
    let uses_tls = match &profile.tls {
        Some(tls) => tls.disabled != Some(true),
        None => profile.api_key.is_some(),
    };
    let mut is_unverified = false;
    if let Some(tls) = profile.tls.as_mut().filter(|_| uses_tls) {
        certificates::read(tls)?;
        is_unverified = tls.disable_host_verification;
    }
    profile.address = Some(address::parse(&address, uses_tls)?.to_string());
    let mut options = ConnectionOptions::try_from(profile)
        .map_err(|error| SettingsError::Contradiction(error.to_string()))?;
    if let Some(tls) = options.tls_options.as_mut().filter(|_| is_unverified) {
        // The SDK refuses a CA certificate that nobody checks.
        tls.server_root_ca_cert = None;
        tls.server_cert_verifier = Some(unverified::verifier());
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options_of(profile: ClientConfigProfile) -> Result<ConnectionOptions, String> {
        options(profile).map_err(|error| error.to_string())
    }

    #[test]
    fn an_api_key_turns_tls_on_unless_it_is_disabled() {
        let mut keyed = ClientConfigProfile::builder().address("a:1").api_key("k").build();
        let found = options_of(keyed.clone()).unwrap();
        assert_eq!(found.target.as_str(), "https://a:1/");
        assert!(found.tls_options.is_some());
        keyed.tls = Some(ClientConfigTLS::builder().disabled(true).build());
        let found = options_of(keyed).unwrap();
        assert_eq!(found.target.as_str(), "http://a:1/");
        assert!(found.tls_options.is_none());
    }

    #[test]
    fn https_turns_tls_on_and_http_never_carries_a_key_that_expects_tls() {
        let found = options_of(ClientConfigProfile::builder().address("https://a:1").build());
        assert!(found.unwrap().tls_options.is_some());
        let keyed = ClientConfigProfile::builder().address("http://a:1").api_key("k").build();
        assert!(options_of(keyed).unwrap_err().contains("TLS is on"));
    }

    #[test]
    fn disabling_the_verification_replaces_the_verifier() {
        let tls = ClientConfigTLS::builder().disable_host_verification(true).build();
        let found = options_of(ClientConfigProfile::builder().tls(tls).build()).unwrap();
        assert!(found.tls_options.unwrap().server_cert_verifier.is_some());
    }

    #[test]
    fn a_certificate_that_cannot_be_used_is_named() {
        let with_ca = |path: &str| {
            let source = temporalio_common::envconfig::DataSource::Path(path.to_owned());
            let tls = ClientConfigTLS::builder().server_ca_cert(source).build();
            options_of(ClientConfigProfile::builder().tls(tls).build()).unwrap_err()
        };
        assert!(with_ca("/nonexistent/ca.pem").contains("CA certificate of the server in /nonex"));
        assert_eq!(
            with_ca("/dev/null"),
            "the CA certificate of the server in /dev/null is not valid PEM of that kind"
        );
    }
}
