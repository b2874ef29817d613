//! Launches, and their outcomes when Lambda refuses.

use serde_json::json;
use wci_contract::{FailureClass, launch::Outcome};
use wci_providers::{AwsSettings, LambdaSettings, LaunchRequest};

use crate::{
    fake_aws::{Call, EXTERNAL_ID, FUNCTION, FakeAws, config, provider},
    support::{invoke, launch, map, scope},
};

#[tokio::test]
async fn each_worker_is_one_event_without_a_body() {
    let aws = FakeAws::start().await;
    let (outcome, reported) = invoke(&aws.provider(), &launch("l", 100, config())).await;
    assert_eq!((outcome, reported), (Outcome::started(100), (1..=100).collect()));
    assert_eq!((aws.assumed(), aws.invoked()), (1, 100));
    let event = Call::Invoke(FUNCTION.to_owned(), "Event".to_owned(), String::new());
    assert_eq!(aws.behaviour().calls[1], (event, "KEY1".to_owned()));
}

#[tokio::test]
async fn another_attempt_requests_only_missing_workers() {
    let aws = FakeAws::start().await;
    let request = LaunchRequest { already_started: 7, ..launch("l", 10, config()) };
    let (outcome, reported) = invoke(&aws.provider(), &request).await;
    assert_eq!((outcome, reported), (Outcome::started(10), vec![8, 9, 10]));
    assert_eq!(aws.invoked(), 3);
}

#[tokio::test]
async fn the_first_429_stops_a_launch() {
    let aws = FakeAws::start().await;
    aws.behaviour().accepts = 10;
    let (outcome, reported) = invoke(&aws.provider(), &launch("l", 1000, config())).await;
    assert_eq!((outcome.started, outcome.throttled, outcome.refused), (10, 990, 0));
    assert_eq!(outcome.class, Some(FailureClass::Throttled));
    assert_eq!(reported.len(), 10);
    // Those in flight when the first was refused: at most 21 after ten were accepted.
    assert!((1..=21).contains(&(aws.invoked() - 10)), "{} requests", aws.invoked());
}

#[tokio::test]
async fn a_lambda_that_throttles_from_the_start_gets_one_request_of_a_launch() {
    let aws = FakeAws::start().await;
    aws.behaviour().accepts = 0;
    let (outcome, _) = invoke(&aws.provider(), &launch("l", 50, config())).await;
    assert_eq!((outcome.started, outcome.throttled), (0, 50));
    assert_eq!(aws.invoked(), 1);
}

#[tokio::test]
async fn requests_are_concurrent_once_the_first_are_accepted() {
    let aws = FakeAws::start().await;
    let gate = aws.answers_only(1);
    let provider = aws.provider();
    let request = launch("l", 50, config());
    let launch = tokio::spawn(async move { invoke(&provider, &request).await });
    // One was accepted, which allowed three more, and all of those wait for an answer.
    while aws.invoked() < 4 {
        tokio::task::yield_now().await;
    }
    assert!(!launch.is_finished());
    gate.add_permits(49);
    assert_eq!(launch.await.unwrap().0, Outcome::started(50));
    assert_eq!(aws.invoked(), 50);
}

#[tokio::test]
async fn refusals_keep_their_class_and_message() {
    for (status, code, class) in [
        (403, "AccessDeniedException", FailureClass::AccessDenied),
        (404, "ResourceNotFoundException", FailureClass::NotFound),
        (400, "InvalidParameterValueException", FailureClass::Rejected),
        (409, "ResourceConflictException", FailureClass::Conflict),
        (500, "ServiceException", FailureClass::Unavailable),
    ] {
        let aws = FakeAws::start().await;
        (aws.behaviour().accepts, aws.behaviour().refuses) = (0, (status, code));
        let (outcome, _) = invoke(&aws.provider(), &launch("l", 3, config())).await;
        assert_eq!((outcome.refused, outcome.class), (3, Some(class)));
        assert!(outcome.message.contains(code), "{}", outcome.message);
        assert!(aws.invoked() <= 3, "the SDK must not retry");
    }
}

#[tokio::test]
async fn a_launch_without_a_connection_is_unavailable() {
    let aws = FakeAws::start().await;
    // Bound only for a moment: nothing listens there.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for scheme in ["http", "https"] {
        let endpoint_url = Some(format!("{scheme}://{free}"));
        let provider =
            provider(AwsSettings { endpoint_url, ..aws.settings() }, LambdaSettings::default());
        let (outcome, _) = invoke(&provider, &launch("l", 2, config())).await;
        assert_eq!((outcome.refused, outcome.class), (2, Some(FailureClass::Unavailable)));
    }
}

#[tokio::test]
async fn a_launch_with_an_invalid_config_is_refused_without_a_request() {
    let aws = FakeAws::start().await;
    let (outcome, _) = invoke(&aws.provider(), &launch("l", 2, json!({}))).await;
    assert_eq!((outcome.refused, outcome.class), (2, Some(FailureClass::Rejected)));
    assert_eq!(aws.behaviour().calls, []);
}

#[tokio::test]
async fn credentials_in_a_refusal_are_removed() {
    // Assembled here so that no scanner mistakes them for real ones.
    let key = format!("AS{}", "IAQWERTYUIOPASDFGH");
    let token = format!("FQoGZXIv{}", "YXdzEBYaDBT1Lq3xZxzedrqk2ZQzKaJynRNPgRxZIZmxltyf7MAl+/s=");
    let aws = FakeAws::start().await;
    (aws.behaviour().accepts, aws.behaviour().refuses) = (0, (403, "AccessDeniedException"));
    aws.behaviour().message = format!("{key} with token {token} may not");
    let (outcome, _) = invoke(&aws.provider(), &launch("l", 1, config())).await;
    assert!(outcome.message.contains("with token") && outcome.message.contains("may not"));
    assert!(!outcome.message.contains(&key) && !outcome.message.contains(&token[..40]));
}

#[tokio::test]
async fn functions_and_roles_of_other_partitions_are_used_in_their_own_regions() {
    for (partition, region) in [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")] {
        let aws = FakeAws::start().await;
        let function = format!("arn:{partition}:lambda:{region}:123456789012:function:orders:5");
        let role = format!("arn:{partition}:iam::123456789012:role/invoke-orders");
        let spec = json!({"arn": function, "role": role, "role_external_id": EXTERNAL_ID});
        aws.provider().validate(&scope(), &map(spec.clone())).await.unwrap();
        let (outcome, _) = invoke(&aws.provider(), &launch("l", 2, spec)).await;
        assert_eq!(outcome, Outcome::started(2));
        let there = [format!("{region}/lambda"), format!("{region}/sts")];
        assert_eq!(aws.behaviour().scopes, there.into());
    }
}
