//! What validation finds, with the messages that clients know.

use serde_json::{Value, json};
use wci_contract::FailureClass;
use wci_providers::{IntermediaryRole, LambdaSettings, Provider, ProviderError};

use crate::{
    fake_aws::{Call, EXTERNAL_ID, FUNCTION, FakeAws, ROLE, config, provider},
    support::{map, scope},
};

async fn validate(provider: &Provider, config: Value) -> Result<Vec<String>, ProviderError> {
    provider.validate(&scope(), &map(config)).await
}

#[tokio::test]
async fn a_function_whose_role_requires_the_external_id_is_valid() {
    let aws = FakeAws::start().await;
    assert_eq!(validate(&aws.provider(), config()).await, Ok(Vec::new()));
    let assume = |id: Option<&str>| {
        let session = "managed-workers-aws".to_owned();
        (Call::AssumeRole(ROLE.to_owned(), id.map(str::to_owned), session), "OWNKEY".to_owned())
    };
    let get = (Call::GetFunction(FUNCTION.to_owned()), "KEY1".to_owned());
    let base = FUNCTION.strip_suffix(":5").unwrap().to_owned();
    let retries = (Call::GetRetries(base, Some("5".to_owned())), "KEY1".to_owned());
    let expected = [assume(Some(EXTERNAL_ID)), get, assume(None), retries];
    assert_eq!(aws.behaviour().calls, expected);
}

#[tokio::test]
async fn an_invalid_config_causes_no_request_to_aws() {
    let aws = FakeAws::start().await;
    let error = validate(&aws.provider(), json!({"arn": FUNCTION})).await.unwrap_err();
    assert_eq!(error.to_string(), "AWS Lambda compute provider requires \"role\" to be configured");
    assert_eq!(aws.behaviour().calls, []);
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_a_failure_to_connect() {
    let aws = FakeAws::start().await;
    let wrong = json!({"arn": FUNCTION, "role": ROLE, "role_external_id": "wrong"});
    let error = validate(&aws.provider(), wrong).await.unwrap_err();
    assert_eq!(error.class(), FailureClass::AccessDenied);
    let message = error.to_string();
    let start = format!("cannot connect to the compute provider: failed to assume role {ROLE}: ");
    assert!(message.starts_with(&start), "{message}");
    assert!(message.contains("StatusCode: 403") && message.contains("AccessDenied: not you"));
}

#[tokio::test]
async fn a_trust_policy_that_does_not_require_the_external_id_is_refused() {
    let aws = FakeAws::start().await;
    aws.behaviour().enforces_external_id = false;
    let error = validate(&aws.provider(), config()).await.unwrap_err();
    let message = error.to_string();
    let start = "IAM role trust policy does not enforce ExternalID condition: ";
    assert!(message.starts_with(start), "{message}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_function_that_does_not_exist_is_named() {
    let aws = FakeAws::start().await;
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:nothing:1";
    let config = json!({"arn": arn, "role": ROLE, "role_external_id": EXTERNAL_ID});
    let error = validate(&aws.provider(), config).await.unwrap_err();
    assert_eq!(error.class(), FailureClass::NotFound);
    assert_eq!(
        error.to_string(),
        format!(
            "cannot access the compute resource: operation error Lambda: GetFunction, https \
             response error StatusCode: 404, RequestID: 33333333-3333-3333-3333-333333333333, \
             ResourceNotFoundException: Function not found: {arn}"
        )
    );
}

#[tokio::test]
async fn an_unavailable_sts_is_a_transient_failure() {
    let aws = FakeAws::start().await;
    aws.behaviour().sts_refuses = Some((503, "ServiceUnavailable"));
    let error = validate(&aws.provider(), config()).await.unwrap_err();
    assert_eq!(error.class(), FailureClass::Unavailable);
    assert!(error.is_transient());
}

#[tokio::test]
async fn without_a_role_the_own_credentials_are_used() {
    let aws = FakeAws::start().await;
    let lambda = LambdaSettings { allow_no_role: true, ..LambdaSettings::default() };
    let provider = provider(aws.settings(), lambda);
    let unpinned = FUNCTION.strip_suffix(":5").unwrap();
    let warnings = validate(&provider, json!({"arn": unpinned})).await.unwrap();
    assert!(warnings[0].contains("no published version"), "{warnings:?}");
    let get = (Call::GetFunction(unpinned.to_owned()), "OWNKEY".to_owned());
    let retries = (Call::GetRetries(unpinned.to_owned(), None), "OWNKEY".to_owned());
    assert_eq!(aws.behaviour().calls, [get, retries]);
}

#[tokio::test]
async fn a_function_for_another_version_causes_a_warning() {
    let aws = FakeAws::start().await;
    let variables = json!({"Variables": {"TEMPORAL_WORKER_BUILD_ID": "v2"}});
    aws.behaviour().configuration = json!({"Timeout": 3, "Environment": variables});
    let warnings = validate(&aws.provider(), config()).await.unwrap();
    assert!(warnings.iter().any(|warning| warning.contains("timeout is 3 s")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("\"v2\"")), "{warnings:?}");
}

#[tokio::test]
async fn retries_of_events_cause_a_warning_if_they_may_be_read() {
    let aws = FakeAws::start().await;
    for (retries, expected) in [
        ((200, json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60})), None),
        (
            (200, json!({"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60})),
            Some("1 times"),
        ),
        ((404, Value::Null), Some("2 times and keeps it up to 21600 s")),
        ((403, Value::Null), None),
        ((500, Value::Null), None),
    ] {
        aws.behaviour().retries = retries;
        let warnings = validate(&aws.provider(), config()).await.unwrap();
        assert_eq!(warnings.len(), usize::from(expected.is_some()), "{warnings:?}");
        assert!(warnings.iter().all(|it| it.contains(expected.unwrap())), "{warnings:?}");
    }
}

#[tokio::test]
async fn the_external_id_is_tested_from_the_end_of_the_operators_chain() {
    let aws = FakeAws::start().await;
    let role = "arn:aws:iam::999999999999:role/hub".to_owned();
    let step = IntermediaryRole { role, external_id: Some(EXTERNAL_ID.to_owned()) };
    let lambda = LambdaSettings { intermediary_roles: vec![step], ..LambdaSettings::default() };
    validate(&provider(aws.settings(), lambda), config()).await.unwrap();
    let calls = aws.behaviour().calls.clone();
    let probe = calls.iter().find(|(call, _)| matches!(call, Call::AssumeRole(_, None, _)));
    assert_eq!(probe.unwrap().1, "KEY1", "the hub's credentials, not the own ones: {calls:?}");
}
