//! What works but may surprise.

use aws_sdk_lambda::types::{FunctionConfiguration, State};

use super::arn::FunctionArn;
use crate::{Scope, scrub::scrub};

/// A worker needs time to connect, work and leave. Seconds.
const SHORT_TIMEOUT: i32 = 30;
const DEPLOYMENT_VARIABLE: &str = "TEMPORAL_DEPLOYMENT_NAME";
const BUILD_VARIABLE: &str = "TEMPORAL_WORKER_BUILD_ID";

/// Warnings about a function, `found` being what Lambda says of it.
pub(super) fn of(
    function: &FunctionArn,
    found: Option<&FunctionConfiguration>,
    scope: &Scope,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if function.is_unpinned() {
        warnings.push(format!(
            "{} names no published version: a deploy changes the code under pinned workflows; \
             publish a version and append its number",
            function.text
        ));
    }
    if let Some(found) = found {
        warnings.extend(of_timeout(found));
        warnings.extend(of_state(found));
        warnings.extend(of_variables(found, scope));
    }
    warnings.iter().map(|warning| scrub(warning)).collect()
}

fn of_timeout(found: &FunctionConfiguration) -> Option<String> {
    let timeout = found.timeout().filter(|timeout| *timeout < SHORT_TIMEOUT)?;
    Some(format!(
        "the function's timeout is {timeout} s: a worker needs time to connect, work and leave; \
         set at least {SHORT_TIMEOUT} s"
    ))
}

fn of_state(found: &FunctionConfiguration) -> Option<String> {
    let state = found.state().filter(|state| **state == State::Failed)?;
    let reason = found.state_reason().unwrap_or("no reason given");
    Some(format!("the function is in state {}: {reason}", state.as_str()))
}

/// A worker of another version would never take the tasks that it is started for.
fn of_variables(found: &FunctionConfiguration, scope: &Scope) -> Vec<String> {
    let variables = found.environment().and_then(|environment| environment.variables());
    let expected = [
        (DEPLOYMENT_VARIABLE, &scope.version.deployment_name),
        (BUILD_VARIABLE, &scope.version.build_id),
    ];
    let differing = expected.into_iter().filter_map(|(name, ours)| {
        let theirs = variables?.get(name).filter(|theirs| *theirs != ours)?;
        Some(format!(
            "the function sets {name} to {theirs:?}, but this version has {ours:?}: its workers \
             would poll for another version"
        ))
    });
    differing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::EnvironmentResponse;
    use wci_contract::activities::Version;

    fn scope() -> Scope {
        let version = Version { deployment_name: "orders".to_owned(), build_id: "v1".to_owned() };
        Scope { version, ..Scope::default() }
    }

    fn function(end: &str) -> FunctionArn {
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:orders{end}");
        FunctionArn::parse(&arn).unwrap()
    }

    fn with_build(build: &str) -> FunctionConfiguration {
        let environment = EnvironmentResponse::builder()
            .variables(DEPLOYMENT_VARIABLE, "orders")
            .variables(BUILD_VARIABLE, build)
            .build();
        FunctionConfiguration::builder().timeout(600).environment(environment).build()
    }

    #[test]
    fn a_pinned_function_of_this_version_is_fine() {
        assert_eq!(of(&function(":5"), Some(&with_build("v1")), &scope()), Vec::<String>::new());
    }

    #[test]
    fn what_may_surprise_is_told() {
        let short = FunctionConfiguration::builder().timeout(3).build();
        assert!(of(&function(":5"), Some(&short), &scope())[0].contains("timeout is 3 s"));
        assert!(of(&function(""), None, &scope())[0].contains("no published version"));
        let other = of(&function(":5"), Some(&with_build("v2")), &scope());
        assert!(other[0].contains("TEMPORAL_WORKER_BUILD_ID to \"v2\""), "{other:?}");
    }
}
