//! Warnings about a function that can be invoked but may not work as expected.

use aws_sdk_lambda::types::{FunctionConfiguration, State};

use super::arn::FunctionArn;
use crate::{Scope, scrub::scrub};

/// A worker needs time to connect, work and shut down. Seconds.
const SHORT_TIMEOUT: i64 = 10;
const DEPLOYMENT_VARIABLE: &str = "TEMPORAL_DEPLOYMENT_NAME";
const BUILD_VARIABLE: &str = "TEMPORAL_WORKER_BUILD_ID";
/// The time that temporal-serverless-worker reserves for its shutdown, and its default.
const BUFFER_VARIABLE: &str = "TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS";
const DEFAULT_BUFFER_MS: i64 = 8_000;
const LONGEST_VARIABLE: &str = "TEMPORAL_SERVERLESS_LONGEST_ACTIVITY_MS";
/// With less time than this to work, temporal-serverless-worker refuses to start.
const MIN_WORK_MS: i64 = 1_000;
/// Lambda's defaults:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html>
const DEFAULT_ATTEMPTS: i32 = 2;
const DEFAULT_AGE_SECS: i32 = 6 * 60 * 60;
/// Lambda need not retry the invocation of a worker: the instance requests another one soon.
const SUITABLE_ATTEMPTS: i32 = 0;
const SUITABLE_AGE_SECS: i32 = 60;

/// How Lambda retries an event that it cannot deliver at once; `None` is its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Retries {
    /// How often it retries after the function has failed.
    pub(super) attempts: Option<i32>,
    /// How long it keeps the event, seconds.
    pub(super) age_secs: Option<i32>,
}

/// Warns about Lambda's retries of events.
pub(super) fn for_retries(function: &FunctionArn, retries: &Retries) -> Option<String> {
    let attempts = retries.attempts.unwrap_or(DEFAULT_ATTEMPTS);
    let age = retries.age_secs.unwrap_or(DEFAULT_AGE_SECS);
    (attempts != SUITABLE_ATTEMPTS || age != SUITABLE_AGE_SECS).then(|| {
        scrub(&format!(
            "Lambda retries an invocation of {} up to {attempts} times and keeps it up to {age} s: \
             workers would start after they are needed; set MaximumRetryAttempts to \
             {SUITABLE_ATTEMPTS} and MaximumEventAgeInSeconds to {SUITABLE_AGE_SECS}",
            function.text
        ))
    })
}

/// Warnings about a function; `found` is the configuration that Lambda returned.
pub(super) fn for_function(
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
        warnings.extend(for_timeout(found));
        warnings.extend(for_state(found));
        warnings.extend(for_variables(found, scope));
    }
    warnings.iter().map(|warning| scrub(warning)).collect()
}

/// Warns about a timeout that leaves too little time to work, given the settings of its worker.
fn for_timeout(found: &FunctionConfiguration) -> Vec<String> {
    let Some(timeout) = found.timeout().map(i64::from) else { return Vec::new() };
    let buffer = setting(found, BUFFER_VARIABLE);
    let buffer_ms = buffer.unwrap_or(DEFAULT_BUFFER_MS);
    let millis = timeout.saturating_mul(1_000);
    let mut warnings = Vec::new();
    if timeout < SHORT_TIMEOUT {
        warnings.push(format!(
            "the function's timeout is {timeout} s: a worker needs time to connect, work and shut \
             down; set at least {SHORT_TIMEOUT} s"
        ));
    }
    if buffer.is_some() && millis <= buffer_ms.saturating_add(MIN_WORK_MS) {
        warnings.push(format!(
            "the function's timeout is {timeout} s and {BUFFER_VARIABLE} reserves {buffer_ms} ms of \
             it for the shutdown: its workers would have no time to work; raise the timeout"
        ));
    }
    if let Some(longest) = setting(found, LONGEST_VARIABLE)
        && millis <= longest.saturating_add(buffer_ms)
    {
        warnings.push(format!(
            "the function's timeout is {timeout} s, but its longest activity takes {longest} ms \
             and {buffer_ms} ms are reserved for the shutdown: raise the timeout above their sum, \
             or make the activity resume from its heartbeat details"
        ));
    }
    warnings
}

/// The value of an environment variable of the function in milliseconds, if it is one.
fn setting(found: &FunctionConfiguration, name: &str) -> Option<i64> {
    let value: i64 = found.environment()?.variables()?.get(name)?.trim().parse().ok()?;
    (value >= 0).then_some(value)
}

fn for_state(found: &FunctionConfiguration) -> Option<String> {
    let state = found.state().filter(|state| **state == State::Failed)?;
    let reason = found.state_reason().unwrap_or("no reason given");
    Some(format!("the function is in the state {}: {reason}", state.as_str()))
}

/// Warns about variables of another version: its workers would never poll for this one's tasks.
fn for_variables(found: &FunctionConfiguration, scope: &Scope) -> Vec<String> {
    let variables = found.environment().and_then(|environment| environment.variables());
    let expected = [
        (DEPLOYMENT_VARIABLE, scope.version.deployment()),
        (BUILD_VARIABLE, scope.version.build_id()),
    ];
    let differing = expected.into_iter().filter_map(|(name, expected)| {
        let actual = variables?.get(name).filter(|actual| actual.as_str() != expected)?;
        Some(format!(
            "the function sets {name} to {actual:?}, but this version has {expected:?}: its workers \
             would poll for another version; set {name} to {expected:?}"
        ))
    });
    differing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::EnvironmentResponse;
    use wci_contract::VersionId;

    fn scope() -> Scope {
        let version = VersionId::new("orders", "v1").unwrap();
        Scope { namespace: String::new(), version, group: String::new() }
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
    fn a_pinned_function_of_this_version_causes_no_warning() {
        assert_eq!(
            for_function(&function(":5"), Some(&with_build("v1")), &scope()),
            Vec::<String>::new()
        );
    }

    fn with_settings(timeout: i32, settings: &[(&str, &str)]) -> Vec<String> {
        let environment =
            settings.iter().fold(EnvironmentResponse::builder(), |all, (name, value)| {
                all.variables(*name, *value)
            });
        let found =
            FunctionConfiguration::builder().timeout(timeout).environment(environment.build());
        for_function(&function(":5"), Some(&found.build()), &scope())
    }

    #[test]
    fn a_timeout_too_short_for_the_worker_causes_a_warning() {
        assert_eq!(with_settings(10, &[]), Vec::<String>::new());
        assert_eq!(with_settings(9, &[]).len(), 1);
        let buffer = with_settings(60, &[(BUFFER_VARIABLE, "59000")]);
        assert!(buffer[0].contains("reserves 59000 ms of it"), "{buffer:?}");
        assert_eq!(with_settings(60, &[(BUFFER_VARIABLE, "58999")]), Vec::<String>::new());
        let longest = with_settings(308, &[(LONGEST_VARIABLE, "300000")]);
        assert!(longest[0].contains("longest activity takes 300000 ms"), "{longest:?}");
        assert_eq!(with_settings(309, &[(LONGEST_VARIABLE, "300000")]), Vec::<String>::new());
        for nonsense in ["", "soon", "-1", "99999999999999999999"] {
            assert_eq!(with_settings(60, &[(BUFFER_VARIABLE, nonsense)]), Vec::<String>::new());
        }
        let endless = with_settings(60, &[(LONGEST_VARIABLE, "9223372036854775807")]);
        assert_eq!(endless.len(), 1);
    }

    #[test]
    fn retries_of_events_cause_a_warning() {
        let warning =
            |attempts, age_secs| for_retries(&function(":5"), &Retries { attempts, age_secs });
        assert_eq!(warning(Some(0), Some(60)), None);
        let default = warning(None, None).unwrap();
        assert!(default.contains("2 times") && default.contains("21600 s"), "{default}");
        assert!(warning(Some(0), None).is_some() && warning(Some(1), Some(60)).is_some());
    }

    #[test]
    fn a_short_timeout_an_unpinned_arn_and_another_version_cause_warnings() {
        let short = FunctionConfiguration::builder().timeout(3).build();
        assert!(
            for_function(&function(":5"), Some(&short), &scope())[0].contains("timeout is 3 s")
        );
        assert!(for_function(&function(""), None, &scope())[0].contains("no published version"));
        let other = for_function(&function(":5"), Some(&with_build("v2")), &scope());
        assert!(other[0].contains("TEMPORAL_WORKER_BUILD_ID to \"v2\""), "{other:?}");
    }
}
