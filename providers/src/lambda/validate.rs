//! Checking that the function can be invoked, and that the role requires the external ID.

use aws_sdk_lambda::types::FunctionConfiguration;
use wci_contract::FailureClass;

use super::{
    config::LambdaConfig,
    failure::ProviderFailure,
    session::{Role, Session},
    session_cache::{RoleChain, SessionCache},
    timeouts::Timeouts,
    warnings::{self, Retries},
};
use crate::{ProviderError, Scope};

/// Checks role, function and trust policy, in this order. Returns warnings.
pub(super) async fn run(
    sessions: &SessionCache,
    timeouts: &Timeouts,
    config: &LambdaConfig,
    scope: &Scope,
) -> Result<Vec<String>, ProviderError> {
    let roles = RoleChain::new(config);
    // Not the cached session: the check is whether the role can be assumed now.
    let session = sessions.new_session(&roles).await.map_err(ProviderFailure::connect)?;
    let found = find_function(&session, config).await?;
    if let Some(seconds) = found.as_ref().and_then(FunctionConfiguration::timeout) {
        timeouts.record(&config.function.text, seconds);
    }
    if let Some(role) = &config.role {
        check_external_id(sessions, &roles, role).await?;
    }
    let mut warnings = warnings::for_function(&config.function, found.as_ref(), scope);
    warnings.extend(check_retries(&session, config).await);
    Ok(warnings)
}

async fn find_function(
    session: &Session,
    config: &LambdaConfig,
) -> Result<Option<FunctionConfiguration>, ProviderError> {
    let request = session.lambda.get_function().function_name(&config.function.text);
    let answer = request.send().await.map_err(|error| {
        let failure = ProviderFailure::new("Lambda: GetFunction", &error);
        // Without valid own credentials the request never reached the function.
        if failure.class == FailureClass::Internal { failure.connect() } else { failure.access() }
    })?;
    Ok(answer.configuration)
}

/// Warns about Lambda's retries of events that it cannot deliver at once. Without permission to
/// read them there is no warning: nothing else depends on it.
async fn check_retries(session: &Session, config: &LambdaConfig) -> Option<String> {
    let function = &config.function;
    let request = session
        .lambda
        .get_function_event_invoke_config()
        .function_name(function.unqualified())
        .set_qualifier(function.qualifier.clone());
    let retries = match request.send().await {
        Ok(found) => Retries {
            attempts: found.maximum_retry_attempts,
            age_secs: found.maximum_event_age_in_seconds,
        },
        Err(error) => {
            let failure = ProviderFailure::new("Lambda: GetFunctionEventInvokeConfig", &error);
            if failure.class != FailureClass::NotFound {
                tracing::debug!(
                    function = function.text,
                    message = failure.message,
                    "cannot read how often Lambda retries events"
                );
                return None;
            }
            // The function exists, so it has no such configuration.
            Retries::default()
        }
    };
    warnings::for_retries(function, &retries)
}

/// Checks that the role cannot be assumed without its external ID. Otherwise anyone who knows the
/// role's name could have the system worker assume it.
async fn check_external_id(
    sessions: &SessionCache,
    roles: &RoleChain,
    role: &Role,
) -> Result<(), ProviderError> {
    if role.external_id.is_none() {
        return Ok(());
    }
    let source = sessions.source(roles).await.map_err(ProviderFailure::connect)?;
    let without = Role { external_id: None, ..role.clone() };
    match source.assume(&without).await {
        Ok(_) => Err(ProviderError::ExternalIdNotEnforced(format!(
            "{} can be assumed without its external ID: add a condition on sts:ExternalId to its \
             trust policy",
            role.arn
        ))),
        Err(failure) if failure.class == FailureClass::AccessDenied => Ok(()),
        Err(failure) => Err(failure.connect()),
    }
}
