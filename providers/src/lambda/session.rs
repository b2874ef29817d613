//! Acting as a role: credentials for a while, and a client that uses them.

use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_sdk_sts::{
    config::{Credentials, IdentityCache, SharedCredentialsProvider},
    operation::assume_role::AssumeRoleOutput,
};
use wci_contract::FailureClass;

use super::trouble::Trouble;

/// What AWS's logs call our sessions.
const SESSION_NAME: &str = "managed-workers-aws";
/// Credentials are renewed this long before they expire.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);
/// When they cannot be renewed they are used until this long before they expire.
const UNUSABLE_BEFORE: Duration = Duration::from_secs(30);

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Role {
    /// Its ARN.
    pub(super) arn: String,
    /// What its trust policy asks for.
    pub(super) external_id: Option<String>,
}

/// Being able to call Lambda as some role in some region.
#[derive(Clone)]
pub(super) struct Session {
    /// For clients of other services.
    pub(super) config: SdkConfig,
    /// Calls Lambda.
    pub(super) lambda: aws_sdk_lambda::Client,
    /// When its credentials end; `None`: the SDK sees to that.
    expires: Option<SystemTime>,
}

impl Session {
    /// With our own credentials.
    pub(super) fn own(base: &SdkConfig, region: &str) -> Self {
        let config = base.to_builder().region(Region::new(region.to_owned())).build();
        Self { lambda: aws_sdk_lambda::Client::new(&config), config, expires: None }
    }

    /// As `role`, which is assumed from this session.
    pub(super) async fn assume(&self, role: &Role) -> Result<Self, Trouble> {
        let answer = self.ask(role).await?;
        let Some(given) = answer.credentials else {
            return Err(Trouble {
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
        // They are kept here, so the SDK need not keep them as well.
        let config = self
            .config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .identity_cache(IdentityCache::no_cache())
            .build();
        Ok(Self { lambda: aws_sdk_lambda::Client::new(&config), config, expires })
    }

    /// Whether it is to be used without asking for a new one.
    pub(super) fn is_fresh(&self) -> bool {
        self.lasts(RENEW_BEFORE)
    }

    /// Whether it can be used at all.
    pub(super) fn is_usable(&self) -> bool {
        self.lasts(UNUSABLE_BEFORE)
    }

    fn lasts(&self, at_least: Duration) -> bool {
        self.expires.is_none_or(|end| end > SystemTime::now() + at_least)
    }

    async fn ask(&self, role: &Role) -> Result<AssumeRoleOutput, Trouble> {
        let request = aws_sdk_sts::Client::new(&self.config)
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(SESSION_NAME)
            .set_external_id(role.external_id.clone());
        request.send().await.map_err(|error| {
            let trouble = Trouble::of("STS: AssumeRole", &error);
            trouble.prefixed(&format!("failed to assume role {}", role.arn))
        })
    }
}
