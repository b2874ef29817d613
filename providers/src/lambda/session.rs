//! Temporary credentials of a role, and a client that uses them.

use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_sdk_sts::{
    config::{Credentials, IdentityCache, SharedCredentialsProvider},
    operation::assume_role::AssumeRoleOutput,
};
use wci_contract::FailureClass;

use super::failure::ProviderFailure;

/// The session name in AWS's logs.
const SESSION_NAME: &str = "managed-workers-aws";
/// Credentials are renewed this long before they expire.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);
/// If they cannot be renewed, they are used until this long before they expire.
const UNUSABLE_BEFORE: Duration = Duration::from_secs(30);

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Role {
    /// Its ARN.
    pub(super) arn: String,
    /// The external ID that its trust policy requires.
    pub(super) external_id: Option<String>,
}

/// Calls Lambda as one role in one region.
#[derive(Clone)]
pub(super) struct Session {
    /// For clients of other AWS services.
    pub(super) config: SdkConfig,
    /// The Lambda client.
    pub(super) lambda: aws_sdk_lambda::Client,
    /// When its credentials expire; `None` if the SDK renews them.
    expires: Option<SystemTime>,
}

impl Session {
    /// A session with the system worker's own credentials.
    pub(super) fn with_own_credentials(base: &SdkConfig, region: &str) -> Self {
        let config = base.to_builder().region(Region::new(region.to_owned())).build();
        Self { lambda: aws_sdk_lambda::Client::new(&config), config, expires: None }
    }

    /// A session as `role`, which this session assumes.
    pub(super) async fn assume(&self, role: &Role) -> Result<Self, ProviderFailure> {
        let answer = self.request(role).await?;
        let Some(given) = answer.credentials else {
            return Err(ProviderFailure {
                class: FailureClass::Unavailable,
                message: format!("AssumeRole for {} returned no credentials", role.arn),
            });
        };
        let expires = SystemTime::try_from(given.expiration).ok();
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "assumed role",
        );
        // They are cached here, so the SDK need not cache them as well.
        let config = self
            .config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .identity_cache(IdentityCache::no_cache())
            .build();
        Ok(Self { lambda: aws_sdk_lambda::Client::new(&config), config, expires })
    }

    /// Whether its credentials need no renewal yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.lasts(RENEW_BEFORE)
    }

    /// Whether its credentials can still be used.
    pub(super) fn is_usable(&self) -> bool {
        self.lasts(UNUSABLE_BEFORE)
    }

    fn lasts(&self, at_least: Duration) -> bool {
        self.expires.is_none_or(|end| end > SystemTime::now() + at_least)
    }

    async fn request(&self, role: &Role) -> Result<AssumeRoleOutput, ProviderFailure> {
        let request = aws_sdk_sts::Client::new(&self.config)
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(SESSION_NAME)
            .set_external_id(role.external_id.clone());
        request.send().await.map_err(|error| {
            let failure = ProviderFailure::new("STS: AssumeRole", &error);
            failure.with_context(&format!("failed to assume role {}", role.arn))
        })
    }
}
