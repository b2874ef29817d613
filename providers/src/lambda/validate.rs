//! Checking that a function can be reached and that only we can reach it.

use aws_sdk_lambda::types::FunctionConfiguration;
use wci_contract::FailureClass;

use super::{
    access::{Aws, Way},
    session::{Role, Session},
    spec::LambdaSpec,
    trouble::Trouble,
    warnings::{self, Retries},
};
use crate::{ProviderError, Scope};

/// Checks role, function and trust policy, in this order. Answers with warnings.
pub(super) async fn run(
    aws: &Aws,
    spec: &LambdaSpec,
    scope: &Scope,
) -> Result<Vec<String>, ProviderError> {
    let way = Way::to(spec);
    // Not the session that is kept: whether the role can be assumed is the question.
    let session = aws.new_session(&way).await.map_err(Trouble::connect)?;
    let found = look_at_function(&session, spec).await?;
    if let Some(role) = &spec.role {
        check_external_id(aws, &way, role).await?;
    }
    let mut warnings = warnings::of(&spec.function, found.as_ref(), scope);
    warnings.extend(look_at_retries(&session, spec).await);
    Ok(warnings)
}

async fn look_at_function(
    session: &Session,
    spec: &LambdaSpec,
) -> Result<Option<FunctionConfiguration>, ProviderError> {
    let request = session.lambda.get_function().function_name(&spec.function.text);
    let answer = request.send().await.map_err(|error| {
        let trouble = Trouble::of("Lambda: GetFunction", &error);
        // Without credentials of our own nothing was asked of the function.
        if trouble.class == FailureClass::Internal { trouble.connect() } else { trouble.access() }
    })?;
    Ok(answer.configuration)
}

/// What Lambda does with an event that it cannot deliver at once. Whoever may not know it goes
/// without this warning: nothing else depends on it.
async fn look_at_retries(session: &Session, spec: &LambdaSpec) -> Option<String> {
    let function = &spec.function;
    let request = session
        .lambda
        .get_function_event_invoke_config()
        .function_name(function.base())
        .set_qualifier(function.qualifier.clone());
    let retries = match request.send().await {
        Ok(found) => Retries {
            attempts: found.maximum_retry_attempts,
            age_secs: found.maximum_event_age_in_seconds,
        },
        Err(error) => {
            let trouble = Trouble::of("Lambda: GetFunctionEventInvokeConfig", &error);
            if trouble.class != FailureClass::NotFound {
                tracing::debug!(function = function.text, message = trouble.message, "unknown");
                return None;
            }
            // The function is there, so it is its configuration that is not.
            Retries::default()
        }
    };
    warnings::of_retries(function, &retries)
}

/// Whoever knows a role's name could have us assume it, if its trust policy did not ask for the
/// external ID: so without it we must be turned away.
async fn check_external_id(aws: &Aws, way: &Way, role: &Role) -> Result<(), ProviderError> {
    if role.external_id.is_none() {
        return Ok(());
    }
    let before = aws.before_last(way).await.map_err(Trouble::connect)?;
    let without = Role { external_id: None, ..role.clone() };
    match before.assume(&without).await {
        Ok(_) => Err(ProviderError::ExternalIdNotEnforced(format!(
            "{} can be assumed without its external ID: add a condition on sts:ExternalId to its \
             trust policy",
            role.arn
        ))),
        Err(trouble) if trouble.class == FailureClass::AccessDenied => Ok(()),
        Err(trouble) => Err(trouble.connect()),
    }
}
