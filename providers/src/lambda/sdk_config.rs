//! The SDK configuration that all sessions share: own credentials, HTTP client, timeouts.

use std::time::Duration;

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig,
    environment::EnvironmentVariableRegionProvider, meta::region::RegionProviderChain,
    profile::ProfileFileRegionProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

use super::tls_roots::TlsRoots;
use crate::AwsSettings;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// Loads credentials and endpoints as the AWS CLI does. `region` is the fallback if neither the
/// environment nor a profile names one.
pub(super) async fn load(settings: &AwsSettings, region: &str) -> SdkConfig {
    let mut loader = loader(settings, region.to_owned());
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(credentials) = &settings.credentials {
        loader = loader.credentials_provider(credentials.clone());
    }
    loader.load().await
}

fn loader(settings: &AwsSettings, region: String) -> ConfigLoader {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    let http = match settings.roots.as_ref().and_then(TlsRoots::context) {
        Some(context) => http.tls_context(context).build_https(),
        None => http.build_https(),
    };
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    // Not the default region chain, which sends a request over the network.
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else(Region::new(region));
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(region)
        .timeout_config(timeouts)
        // The instance retries launches: it knows about back-off and about other groups.
        .retry_config(RetryConfig::disabled())
}
