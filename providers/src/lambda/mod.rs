//! The provider `aws-lambda`: workers are invocations of a function.

mod access;
mod arn;
mod base;
mod bounded;
mod invoke;
mod pace;
mod session;
mod spec;
mod trouble;
mod validate;
mod warnings;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};
use wci_contract::{FailureClass, launch::Outcome};

use crate::{InvokeProvider, LambdaSettings, LaunchRequest, Progress, ProviderError, Scope};

pub(crate) use access::Aws;
pub use arn::{check_account, check_role};
use spec::LambdaSpec;

/// The type as it stands in a spec.
pub const TYPE: &str = "aws-lambda";

/// Invokes functions for one namespace.
pub(crate) struct Lambda {
    aws: Arc<Aws>,
    settings: LambdaSettings,
}

impl Lambda {
    /// Functions by way of `aws`, within what `settings` allows.
    pub(crate) fn new(aws: Arc<Aws>, settings: LambdaSettings) -> Self {
        Self { aws, settings }
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
        let spec = LambdaSpec::parse(config, &self.settings)?;
        validate::run(&self.aws, &spec, scope).await
    }

    async fn invoke(&self, request: &LaunchRequest, progress: &dyn Progress) -> Outcome {
        if let Err(message) = request.check() {
            return request.refused(FailureClass::Rejected, message);
        }
        match LambdaSpec::parse(&request.config, &self.settings) {
            Ok(spec) => invoke::run(&self.aws, &spec, request, progress).await,
            Err(error) => request.refused(error.class(), error.to_string()),
        }
    }
}
