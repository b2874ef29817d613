//! A client of the namespace that requests more than the operator allows.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use serde_json::json;
use temporalio_client::{UntypedWorkflow, WorkflowStartOptions, errors::WorkflowUpdateError};
use wci_contract::{
    FailureClass, Spec,
    messages::{StartInput, UpdateReply, UpdateRequest, Upsert},
    names,
    signal::TaskAdd,
    state::{FailureRecord, State},
};
use wci_tests::{Group, SOON, SpecFile, Version, World, wait_for};
use wci_workflows::payload_of;

const OURS: &str = "arn:aws:iam::123456789012:role/invoke-orders";
const THEIRS: &str = "arn:aws:iam::210987654321:role/invoke-billing";
const PASSWORD: &str = "correct-horse-battery";

/// Two namespaces; the client has access to the first.
const CONFIG: &str = r#"
namespaces:
  default:
    providers:
      aws-lambda:
        accounts: ["123456789012"]
        roles: ["arn:aws:iam::123456789012:role/invoke-orders"]
      subprocess:
        commands:
          greeter:
            path: "{greeter}"
            allow_env: [PASSWORD]
          printer:
            path: /bin/sh
            args: [-c, 'echo "it is $PASSWORD"; echo "$PASSWORD" > {dir}/printed; exec {greeter}']
            allow_env: [PASSWORD]
    secrets:
      ours: {file: "{dir}/ours"}
  billing:
    providers:
      aws-lambda:
        accounts: ["210987654321"]
        roles: ["arn:aws:iam::210987654321:role/invoke-billing"]
      subprocess:
        commands: {ledger: /bin/true}
    secrets:
      theirs: {env: THEIR_SECRET}
"#;

async fn world() -> World {
    World::builder()
        .namespace("billing")
        .worker_env("THEIR_SECRET", PASSWORD)
        .config(CONFIG)
        .with_lambda()
        .start()
        .await
}

fn lambda(account: &str, role: &str) -> Group {
    let arn = format!("arn:aws:lambda:us-east-1:{account}:function:orders:1");
    Group::lambda("orders")
        .provider("arn", arn)
        .provider("role", role)
        .provider("role_external_id", "guessed")
}

fn command(name: &str) -> Group {
    Group::greeters("hostile").provider("command", name)
}

/// A variable of the process whose value is to be the secret `name`.
fn secret(name: &str) -> Group {
    let env = json!({"TEMPORAL_TASK_QUEUE": "hostile", "PASSWORD": {"secret": name}});
    command("greeter").provider("env", env)
}

/// Forbidden groups, and what the error message must name.
fn attempts() -> Vec<(Group, &'static str)> {
    vec![
        (lambda("123456789012", THEIRS), THEIRS),
        (lambda("210987654321", OURS), "AWS account 210987654321"),
        (lambda("123456789012", OURS).provider("role", ""), "\"role\""),
        (command("ledger"), "command \"ledger\""),
        (command("/bin/sh"), "command \"/bin/sh\""),
        (command("../bin/sh"), "command \"../bin/sh\""),
        (command("greeter").provider("args", json!(["--help"])), "\"args\""),
        (command("greeter").provider("working_directory", "/etc"), "\"working_directory\""),
        (command("greeter").env("LD_PRELOAD", "/tmp/x.so"), "LD_PRELOAD"),
        (command("greeter").env("TEMPORAL_NAMESPACE", "billing"), "TEMPORAL_NAMESPACE"),
        (command("greeter").env("AWS_PROFILE", "admin"), "AWS_PROFILE"),
        (command("greeter").env("AWS_ENDPOINT_URL", "http://evil"), "AWS_ENDPOINT_URL"),
        (command("greeter").env("PYTHONWARNINGS", "all:0:antigravity.x:0:0"), "PYTHONWARNINGS"),
        (command("greeter").env("BROWSER", "/bin/sh -c id %s"), "BROWSER"),
        (command("greeter").env("HOME", "/tmp/theirs"), "HOME"),
        (command("greeter").env("HTTPS_PROXY", "http://evil"), "HTTPS_PROXY"),
        (command("greeter").env("LUA_INIT", "@/tmp/x.lua"), "LUA_INIT"),
        (secret("theirs"), "secret \"theirs\""),
        (secret("env:THEIR_SECRET"), "secret \"env:THEIR_SECRET\""),
        (secret("THEIR_SECRET"), "secret \"THEIR_SECRET\""),
        (secret("/etc/passwd"), "secret \"/etc/passwd\""),
    ]
}

#[tokio::test]
async fn what_the_operator_does_not_allow_is_rejected_by_name() {
    let world = world().await;
    let version = world.version("hostile");
    version.at_zero().await;
    let before = version.dump().await.unwrap().spec;
    for (group, named) in attempts() {
        let spec = SpecFile::of(&version.id).group("default", group);
        let output = version.apply(&spec).await;
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!(output.stderr.contains(named), "{named}: {output:?}");
        assert!(!output.stderr.contains(PASSWORD), "{output:?}");
        let file = world.dir().join("attempt.yaml");
        fs::write(&file, spec.text()).unwrap();
        let output = world.wci(&["validate", "-f", &file.display().to_string()]).await;
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!((output.stdout + &output.stderr).contains(named), "{named}");
    }
    assert_eq!(version.dump().await.unwrap().spec, before);
}

#[tokio::test]
async fn an_update_under_another_identity_has_no_more_rights() {
    let world = world().await;
    let version = world.version("hostile");
    version.at_zero().await;
    let update_of = |group: &Group| UpdateRequest {
        identity: "operator@billing".to_owned(),
        upsert_scaling_groups: [(
            "default".to_owned(),
            Upsert { spec: group.spec(), update_mask: Some(vec!["provider".to_owned()]) },
        )]
        .into(),
        ..UpdateRequest::default()
    };
    for (group, named) in attempts() {
        let response = version.update::<UpdateReply>(names::UPDATE, &update_of(&group)).await;
        let WorkflowUpdateError::Failed(failure) = response.unwrap_err() else { panic!("{named}") };
        assert!(format!("{failure:?}").contains(&named.escape_debug().to_string()), "{failure:?}");
    }
    let harmless = update_of(&Group::greeters("hostile").env("TEMPORAL_SERVERLESS_IDLE", "1"));
    version.update::<UpdateReply>(names::UPDATE, &harmless).await.unwrap();
    assert_eq!(version.dump().await.unwrap().last_modifier_identity, "operator@billing");
}

/// The first failure of a launch of the group `default`.
async fn first_failure(version: &Version) -> FailureRecord {
    wait_for("the failed launch", SOON, async || {
        version.dump().await?.wci?.last_failures.get("default").cloned()
    })
    .await
}

#[tokio::test]
async fn launches_of_an_instance_that_was_started_by_hand_are_rejected() {
    let world = world().await;
    for (number, (group, named)) in attempts().into_iter().enumerate() {
        let version = world.version(&format!("forged-{number}"));
        let spec = Spec {
            scaling_group_specs: [("default".to_owned(), group.spec())].into(),
            ..Spec::default()
        };
        let pending = TaskAdd {
            task_queue_name: version.queue.clone(),
            task_queue_type: 1,
            misses: 1,
            ..TaskAdd::default()
        };
        let input = StartInput {
            namespace_name: "billing".to_owned(),
            deployment_name: version.id.deployment().to_owned(),
            build_id: "v1".to_owned(),
            state: Some(State {
                spec: Some(spec),
                pending_task_add_signals: vec![pending],
                last_modifier_identity: "operator@billing".to_owned(),
                ..State::default()
            }),
            ..StartInput::default()
        };
        let options =
            WorkflowStartOptions::new(names::DEFAULT_TASK_QUEUE, version.id.workflow_id()).build();
        let kind = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
        world.client.start_workflow(kind, payload_of(&input).unwrap(), options).await.unwrap();
        let outcome = first_failure(&version).await.outcome;
        assert!(outcome.class.unwrap().is_configuration(), "{outcome:?}");
        assert!(outcome.message.contains(named), "{named}: {outcome:?}");
        assert_eq!(outcome.started, 0);
    }
    assert_eq!(world.records(), 0);
    assert_eq!(world.lambda().calls("orders"), 0);
}

#[tokio::test]
async fn a_command_that_is_no_longer_allowed_starts_nothing_and_its_tasks_wait() {
    let mut world = world().await;
    let version = world.version("hostile");
    version.at_zero().await;
    let before = world.records();
    world.write_config(&CONFIG.replace("greeter:\n", "other:\n"));
    world.worker().restart().await;
    let load = version.load(1, 10).await;
    let outcome = first_failure(&version).await.outcome;
    assert_eq!(outcome.class, Some(FailureClass::Forbidden));
    assert!(outcome.message.contains("command \"greeter\" is not allowed"), "{outcome:?}");
    assert_eq!(world.records(), before);
    world.write_config(CONFIG);
    world.worker().restart().await;
    load.done(SOON).await;
}

#[tokio::test]
async fn a_secret_reaches_only_the_process() {
    let mut world = world().await;
    let version = world.version("hostile");
    fs::write(world.dir().join("ours"), PASSWORD).unwrap();
    let env = json!({"TEMPORAL_TASK_QUEUE": "hostile", "PASSWORD": {"secret": "ours"},
        "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS": "1000"});
    let group = command("printer").provider("env", env);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    version.load(1, 10).await.done(SOON).await;
    assert_eq!(fs::read_to_string(world.dir().join("printed")).unwrap().trim(), PASSWORD);
    let log = world.worker().log();
    assert!(log.contains("it is [secret]") && !log.contains(PASSWORD), "{log}");
    let id = version.id.workflow_id();
    let history = world.temporal(&["workflow", "show", "-w", &id, "-o", "json"]).await.ok().stdout;
    let described = version.wci("describe", &["-o", "json"]).await.ok().stdout;
    let dumped = serde_json::to_string(&version.dump().await.unwrap()).unwrap();
    for text in [history, described, dumped] {
        assert!(!text.contains(PASSWORD) && !text.is_empty(), "{text}");
    }
}

#[tokio::test]
async fn a_namespace_that_is_not_in_the_config_file_is_not_served() {
    let world = World::builder().workers(0).config("namespaces: {billing: {}}").start().await;
    let file = world.dir().join("wci.yaml").display().to_string();
    let output = world.wci(&["worker", "-n", "default", "--config", &file]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("has no namespace \"default\""), "{output:?}");
    let output = world.wci(&["worker", "--config", &file, "--enable-provider", "subprocess"]).await;
    assert_eq!(output.code, Some(2), "{output:?}");
    world.write_config("namespaces: {billing: {provider: {}}}");
    let output = world.wci(&["worker", "--config", &file]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("wci.yaml:1: unknown key \"provider\""), "{output:?}");
}
