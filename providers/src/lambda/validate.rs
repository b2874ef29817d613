//! Checking that a function can be reached and that only we can reach it.

use wci_contract::FailureClass;

use super::{
    access::{Aws, Way},
    session::{Role, Session},
    spec::LambdaSpec,
    trouble::Trouble,
    warnings,
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
    let warnings = look_at_function(&session, spec, scope).await?;
    if let Some(role) = &spec.role {
        check_external_id(aws, &way, role).await?;
    }
    Ok(warnings)
}

async fn look_at_function(
    session: &Session,
    spec: &LambdaSpec,
    scope: &Scope,
) -> Result<Vec<String>, ProviderError> {
    let request = session.lambda.get_function().function_name(&spec.function.text);
    let answer = request.send().await.map_err(|error| {
        let trouble = Trouble::of("Lambda: GetFunction", &error);
        // Without credentials of our own nothing was asked of the function.
        if trouble.class == FailureClass::Internal { trouble.connect() } else { trouble.access() }
    })?;
    Ok(warnings::of(&spec.function, answer.configuration.as_ref(), scope))
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
