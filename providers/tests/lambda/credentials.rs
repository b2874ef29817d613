//! Credentials are requested rarely, renewed in time, and requested once at a time for each role
//! chain.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_sdk_sts::config::SharedCredentialsProvider;
use futures::future::join_all;
use serde_json::json;
use wci_contract::{FailureClass, launch::Outcome};
use wci_providers::{AwsSettings, IntermediaryRole, LambdaSettings};

use crate::{
    fake_aws::{Call, EXTERNAL_ID, FUNCTION, FakeAws, HOUR, ROLE, config, provider},
    support::{invoke, launch, map, scope},
};

/// Due for renewal, but still usable.
const EXPIRES_SOON: Duration = Duration::from_secs(240);

#[tokio::test]
async fn concurrent_launches_share_one_assume_role() {
    let aws = FakeAws::start().await;
    let provider = aws.provider();
    let request = launch("l", 1, config());
    let outcomes = join_all((0..100).map(|_| invoke(&provider, &request))).await;
    assert!(outcomes.iter().all(|(outcome, _)| *outcome == Outcome::started(1)));
    assert_eq!((aws.assumed(), aws.invoked()), (1, 100));
}

#[tokio::test]
async fn concurrent_launches_share_one_refusal() {
    let aws = FakeAws::start().await;
    aws.behaviour().sts_refuses = Some((403, "AccessDenied"));
    let provider = aws.provider();
    let request = launch("l", 1, config());
    let outcomes = join_all((0..100).map(|_| invoke(&provider, &request))).await;
    assert!(outcomes.iter().all(|(it, _)| it.class == Some(FailureClass::AccessDenied)));
    assert_eq!((aws.assumed(), aws.invoked()), (1, 0));
}

#[tokio::test]
async fn validation_and_a_thousand_invocations_take_two_assume_roles() {
    let aws = FakeAws::start().await;
    let provider = aws.provider();
    provider.validate(&scope(), &map(config())).await.unwrap();
    for number in 0..100 {
        invoke(&provider, &launch(&format!("l{number}"), 10, config())).await;
    }
    assert_eq!((aws.assumed(), aws.invoked()), (2, 1000));
}

#[tokio::test]
async fn consecutive_launches_share_their_connections() {
    let aws = FakeAws::start().await;
    let provider = aws.provider();
    for number in 0..50 {
        invoke(&provider, &launch(&format!("l{number}"), 1, config())).await;
    }
    assert_eq!(aws.invoked(), 50);
    let connections = aws.behaviour().connections.len();
    assert!(connections <= 2, "one for STS and Lambda each at most: {connections}");
}

#[tokio::test]
async fn credentials_are_renewed_before_they_expire() {
    let aws = FakeAws::start().await;
    aws.behaviour().lifetimes = vec![EXPIRES_SOON, HOUR];
    let provider = aws.provider();
    for _ in 0..3 {
        invoke(&provider, &launch("l", 1, config())).await;
    }
    assert_eq!((aws.assumed(), aws.invoked()), (2, 3));
    let keys: Vec<String> = aws.behaviour().calls.iter().map(|(_, key)| key.clone()).collect();
    assert_eq!(keys, ["OWNKEY", "KEY1", "OWNKEY", "KEY3", "KEY3"]);
}

#[tokio::test]
async fn credentials_that_cannot_be_renewed_are_used_until_they_expire() {
    let aws = FakeAws::start().await;
    aws.behaviour().lifetimes = vec![EXPIRES_SOON];
    let provider = aws.provider();
    invoke(&provider, &launch("l1", 1, config())).await;
    aws.behaviour().sts_refuses = Some((503, "ServiceUnavailable"));
    let (outcome, _) = invoke(&provider, &launch("l2", 1, config())).await;
    assert_eq!(outcome, Outcome::started(1));
    // No new request at once: the old ones are usable for minutes.
    let assumed = aws.assumed();
    let (outcome, _) = invoke(&provider, &launch("l3", 1, config())).await;
    assert_eq!((outcome, aws.assumed()), (Outcome::started(1), assumed));
}

#[tokio::test]
async fn the_credentials_of_a_revoked_role_are_not_used_until_they_expire() {
    let aws = FakeAws::start().await;
    aws.behaviour().lifetimes = vec![EXPIRES_SOON];
    let provider = aws.provider();
    invoke(&provider, &launch("l1", 1, config())).await;
    aws.behaviour().sts_refuses = Some((403, "AccessDenied"));
    let (outcome, _) = invoke(&provider, &launch("l2", 1, config())).await;
    assert_eq!(outcome.class, Some(FailureClass::AccessDenied));
    let (outcome, _) = invoke(&provider, &launch("l3", 1, config())).await;
    assert_eq!(outcome.class, Some(FailureClass::AccessDenied));
}

#[tokio::test]
async fn credentials_that_lambda_no_longer_takes_are_dropped() {
    let aws = FakeAws::start().await;
    (aws.behaviour().accepts, aws.behaviour().refuses) = (0, (403, "ExpiredTokenException"));
    let provider = aws.provider();
    let (outcome, _) = invoke(&provider, &launch("l", 1, config())).await;
    assert_eq!(outcome.class, Some(FailureClass::Internal));
    aws.behaviour().accepts = 1;
    assert_eq!(invoke(&provider, &launch("l", 1, config())).await.0, Outcome::started(1));
    assert_eq!(aws.assumed(), 2);
}

#[tokio::test]
async fn another_external_id_gets_credentials_of_its_own() {
    let aws = FakeAws::start().await;
    let provider = aws.provider();
    invoke(&provider, &launch("l", 1, config())).await;
    let stranger = json!({"arn": FUNCTION, "role": ROLE, "role_external_id": "guessed"});
    let (outcome, _) = invoke(&provider, &launch("l", 1, stranger)).await;
    assert_eq!(outcome.class, Some(FailureClass::AccessDenied));
    assert_eq!(aws.invoked(), 1);
}

#[tokio::test]
async fn the_operators_roles_come_before_the_specs() {
    let aws = FakeAws::start().await;
    let role = "arn:aws:iam::999999999999:role/hub".to_owned();
    let step = IntermediaryRole { role: role.clone(), external_id: Some(EXTERNAL_ID.to_owned()) };
    let lambda = LambdaSettings { intermediary_roles: vec![step], ..LambdaSettings::default() };
    let provider = provider(aws.settings(), lambda);
    assert_eq!(invoke(&provider, &launch("l", 2, config())).await.0, Outcome::started(2));
    let calls = aws.behaviour().calls.clone();
    let assumed: Vec<(&str, &str)> = calls
        .iter()
        .filter_map(|(call, key)| match call {
            Call::AssumeRole(role, ..) => Some((role.as_str(), key.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(assumed, [(role.as_str(), "OWNKEY"), (ROLE, "KEY1")]);
    assert_eq!(calls[2].1, "KEY2");
}

#[tokio::test]
async fn missing_own_credentials_are_an_internal_failure() {
    let aws = FakeAws::start().await;
    let none = EnvironmentVariableCredentialsProvider::new();
    let credentials = Some(SharedCredentialsProvider::new(none));
    let settings = AwsSettings { credentials, ..aws.settings() };
    let lambda = LambdaSettings { allow_no_role: true, ..LambdaSettings::default() };
    let provider = provider(settings, lambda);
    for config in [config(), json!({"arn": FUNCTION})] {
        let (outcome, _) = invoke(&provider, &launch("l", 1, config)).await;
        assert_eq!(outcome.class, Some(FailureClass::Internal), "{outcome:?}");
        assert!(outcome.message.contains("the system worker's own AWS credentials"));
    }
    let error = provider.validate(&scope(), &map(json!({"arn": FUNCTION}))).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot connect to the compute provider: "), "{error}");
}

#[tokio::test]
async fn a_validation_without_a_connection_does_not_affect_launches() {
    let aws = FakeAws::start().await;
    let provider = aws.provider();
    invoke(&provider, &launch("l1", 1, config())).await;
    aws.behaviour().sts_refuses = Some((503, "ServiceUnavailable"));
    provider.validate(&scope(), &map(config())).await.unwrap_err();
    assert_eq!(invoke(&provider, &launch("l2", 1, config())).await.0, Outcome::started(1));
}

#[tokio::test]
async fn while_one_launch_renews_credentials_the_others_go_on_with_the_old_ones() {
    let aws = FakeAws::start().await;
    aws.behaviour().lifetimes = vec![EXPIRES_SOON];
    let provider = aws.provider();
    invoke(&provider, &launch("l1", 1, config())).await;
    aws.behaviour().sts_hangs = true;
    let renewing = tokio::spawn({
        let provider = provider.clone();
        async move { invoke(&provider, &launch("l2", 1, config())).await }
    });
    while aws.assumed() < 2 {
        tokio::task::yield_now().await;
    }
    let (outcome, _) = invoke(&provider, &launch("l3", 1, config())).await;
    assert_eq!(outcome, Outcome::started(1));
    assert!(!renewing.is_finished(), "the third launch waited for the second");
    // AWS does not answer in time, and the old ones are still usable.
    assert_eq!(renewing.await.unwrap().0, Outcome::started(1));
}
