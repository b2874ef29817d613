//! The messages by which clients recognise an invalid compute config, besides those of the recorded
//! calls.

use std::time::Duration;

use serde_json::{Value, json};
use temporalio_client::tonic::Code;
use wci_tests::{Change, World};

use crate::config_changes::{created, group};

/// A group of `config_changes.rs`, with a part of it replaced.
fn with(key: &str, value: Value) -> Value {
    let mut group = group("rejected");
    group["task_types"] = json!(["nexus"]);
    group[key] = value;
    group
}

fn arn(arn: &str) -> Value {
    with("provider", json!({"type": "aws-lambda", "details": {"json": {"arn": arn}}}))
}

fn scaler(kind: &str, settings: Value) -> Value {
    with("scaler", json!({"type": kind, "details": {"json": settings}}))
}

/// A group name, an invalid group, and the start of the error message.
type Mistake = (&'static str, Value, &'static str);

fn mistakes_of_scalers() -> Vec<Mistake> {
    let slow = json!({"metrics_poll_interval_ms": 30_000, "scale_up_cooloff_ms": 60_000});
    vec![
        ("g", scaler("nope", json!({})), "entry g: invalid scaling algorithm type 'nope'"),
        (
            "g",
            scaler("rate-based", json!({})),
            "g: Scaling Algorithm 'rate-based' is not compatible with compute provider 'aws-lambda'",
        ),
        (
            "g",
            scaler("no-sync", json!({"bogus": 1})),
            "g: unknown config key \"bogus\" for no-sync scaling algorithm",
        ),
        (
            "g",
            scaler("no-sync", slow),
            "g: metrics_poll_interval_ms (30000) must be >= scale_up_cooloff_ms (60000), \
             otherwise metric-driven scale-ups will never fire",
        ),
    ]
}

fn mistakes_of_task_types() -> Vec<Mistake> {
    vec![
        (
            "g",
            with("task_types", json!([0])),
            "entry g: task type undefined not allowed in compute spec",
        ),
        (
            "g",
            with("task_types", json!([])),
            "entry g: only one scaling group can have no task types defined",
        ),
        (
            "g",
            with("task_types", json!(["workflow", "workflow"])),
            "entry g: task type Workflow appears in more than one entry",
        ),
        ("", with("task_types", json!([])), "scaling groups without an ID are not supported"),
    ]
}

fn mistakes_of_providers() -> Vec<Mistake> {
    let encrypted = json!({"encoding": "binary/encrypted", "text": "secret"});
    vec![
        ("g", arn("nonsense"), "g: cannot connect to the compute provider: arn: invalid prefix"),
        (
            "g",
            arn("arn:aws:lambda::123456789012:function:rejected"),
            "g: cannot connect to the compute provider: region not found in ARN: ",
        ),
        ("g", arn("arn:aws:s3:::bucket"), "g: cannot connect to the compute provider: "),
        (
            "g",
            arn("arn:aws:lambda:us-east-1:123456789012:function:missing"),
            "g: cannot access the compute resource: ",
        ),
        (
            "g",
            with("provider", json!({"type": "aws-lambda", "details": encrypted})),
            "g: encoding binary/encrypted: payload encoding is not supported",
        ),
    ]
}

#[tokio::test]
async fn each_mistake_is_rejected_with_the_message_that_clients_match() {
    let world = World::builder().with_lambda().start().await;
    let version = created(&world, "rejected").await;
    let mistakes = [mistakes_of_scalers(), mistakes_of_task_types(), mistakes_of_providers()];
    for (name, group, message) in mistakes.concat() {
        let change = Change::of(json!({"groups": {name: group}}));
        let checked = version.check(&change, Duration::from_secs(30)).await;
        for rejected in [checked, version.change(&change).await] {
            let status = rejected.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument, "{message}: {status:?}");
            assert!(status.message().starts_with(message), "{message}: {status:?}");
        }
    }
    assert_eq!(version.history().await.failed_tasks(), 0);
}
