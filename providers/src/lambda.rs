//! The `aws-lambda` provider: workers are invocations of a Lambda function.

mod arn;
mod config;
mod failure;
#[cfg(test)]
mod fuzz;
mod invoke;
mod lru_map;
mod sdk_config;
mod session;
mod session_cache;
mod slow_start;
mod timeouts;
mod tls_roots;
mod validate;
mod warnings;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Map, Value};
use wci_contract::{FailureClass, launch::Outcome};

use crate::{InvokeProvider, LambdaSettings, LaunchRequest, Progress, ProviderError, Scope};

pub use arn::{check_account, check_role};
use config::LambdaConfig;
pub(crate) use session_cache::SessionCache;
use timeouts::Timeouts;
pub use tls_roots::{NoTlsRoots, TlsRoots};

/// The provider type as specs name it.
pub const TYPE: &str = "aws-lambda";

/// Invokes functions for one namespace.
pub(crate) struct Lambda {
    sessions: Arc<SessionCache>,
    settings: LambdaSettings,
    timeouts: Timeouts,
}

impl Lambda {
    /// Invokes functions with these sessions, within what `settings` allows.
    pub(crate) fn new(sessions: Arc<SessionCache>, settings: LambdaSettings) -> Self {
        Self { sessions, settings, timeouts: Timeouts::default() }
    }
}

#[async_trait]
impl InvokeProvider for Lambda {
    fn provider_type(&self) -> &'static str {
        TYPE
    }

    async fn validate(
        &self,
        scope: &Scope,
        config: &Map<String, Value>,
    ) -> Result<Vec<String>, ProviderError> {
        let config = LambdaConfig::parse(config, &self.settings)?;
        validate::run(&self.sessions, &self.timeouts, &config, scope).await
    }

    fn longest_run(&self, config: &Map<String, Value>) -> Option<Duration> {
        // A config that cannot be read starts nothing.
        let config = LambdaConfig::parse(config, &self.settings).ok();
        Some(config.map_or(Duration::ZERO, |config| self.timeouts.of(&config.function.text)))
    }

    async fn invoke(&self, request: &LaunchRequest, progress: &dyn Progress) -> Outcome {
        if let Err(message) = request.check() {
            return request.refused(FailureClass::Rejected, message);
        }
        match LambdaConfig::parse(&request.config, &self.settings) {
            Ok(config) => invoke::run(&self.sessions, &config, request, progress).await,
            Err(error) => request.refused(error.class(), error.to_string()),
        }
    }
}
