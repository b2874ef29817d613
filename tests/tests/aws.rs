//! The provider `aws-lambda` against moto's server, which emulates AWS.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_tests::{
    CommandOutput, Group, Moto, RecordingProxy, SOON, SpecFile, Version, World, wait_for,
};

const ROLE: &str = "arn:aws:iam::123456789012:role/invoke-orders";

/// The system worker's own credentials.
const OWN: [&str; 2] = ["AKIAEXAMPLE", "the-secret-key-of-the-system-worker"];

const CONFIG: &str = r#"
namespaces:
  default:
    providers:
      aws-lambda:
        accounts: ["123456789012"]
        roles: ["arn:aws:iam::123456789012:role/invoke-orders"]
        role_chain: [{role: "arn:aws:iam::999999999999:role/hub", external_id: hub-7c1e}]
        allow_no_role: true
"#;

async fn moto_and_world() -> (tempfile::TempDir, Moto, World) {
    let dir = tempfile::tempdir().unwrap();
    let moto = Moto::start(dir.path()).await;
    let world = world_with(&moto.url).await;
    (dir, moto, world)
}

/// A world whose AWS is at `url`.
async fn world_with(url: &str) -> World {
    let world = World::builder()
        .config(CONFIG)
        .worker_env("AWS_ENDPOINT_URL", url)
        .worker_env("AWS_ACCESS_KEY_ID", OWN[0])
        .worker_env("AWS_SECRET_ACCESS_KEY", OWN[1])
        // The logs of all libraries.
        .worker_env("RUST_LOG", "trace");
    world.start().await
}

fn invoked_as(role: &str, function: &str) -> Group {
    let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}");
    Group::lambda(function).provider("arn", arn).provider("role", role)
}

async fn validate(world: &World, version: &Version, group: Group) -> CommandOutput {
    let path = world.dir().join("validated.yaml");
    std::fs::write(&path, SpecFile::of(&version.id).group("all", group).text()).unwrap();
    world.wci(&["validate", "-f", &path.display().to_string(), "-o", "json"]).await
}

fn warnings(output: &CommandOutput) -> Vec<String> {
    let warnings = output.json()["warnings"].as_array().unwrap().clone();
    warnings.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_function_is_checked_through_every_role_of_the_chain() {
    let (_dir, moto, world) = moto_and_world().await;
    let version = world.version("orders");
    moto.create_function("orders", 3).await;
    let output = warnings(&validate(&world, &version, invoked_as(ROLE, "orders:1")).await.ok());
    assert_eq!(output.len(), 2, "{output:?}");
    assert!(output[0].contains("timeout is 3 s"), "{output:?}");
    assert!(output[1].contains("up to 2 times and keeps it up to 21600 s"), "{output:?}");
    moto.create_function("good", 600).await;
    moto.limit_events("good").await;
    let output = warnings(&validate(&world, &version, invoked_as(ROLE, "good:1")).await.ok());
    assert_eq!(output, Vec::<String>::new());
    let output = warnings(&validate(&world, &version, invoked_as(ROLE, "good")).await.ok());
    assert!(output[0].contains("names no published version"), "{output:?}");
    let missing = validate(&world, &version, invoked_as(ROLE, "missing:1")).await;
    assert_eq!(missing.code, Some(1));
    let expected = "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1";
    assert!(missing.stderr.contains(expected), "{missing:?}");
}

#[tokio::test]
async fn a_role_that_anybody_may_assume_is_rejected() {
    let (_dir, moto, world) = moto_and_world().await;
    let version = world.version("orders");
    moto.create_function("orders", 600).await;
    // moto does not check trust policies; a role without a condition behaves the same.
    let group = invoked_as(ROLE, "orders:1").provider("role_external_id", "f3a9c1");
    let output = validate(&world, &version, group).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    let expected = "IAM role trust policy does not enforce ExternalID condition";
    assert!(output.stderr.contains(expected), "{output:?}");
}

#[tokio::test]
async fn an_apply_warns_and_credentials_are_stored_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let moto = Moto::start(dir.path()).await;
    let proxy = RecordingProxy::to(&moto.url).await;
    let mut world = world_with(&proxy.url).await;
    let version = world.version("orders");
    moto.create_function("orders", 3).await;
    let group = invoked_as(ROLE, "orders:1");
    let spec = SpecFile::of(&version.id).group("all", group.clone());
    let output = version.apply_unregistered(&spec).await.ok();
    assert!(output.stdout.contains("warning: all: the function's timeout is 3 s"), "{output:?}");
    let again = warnings(&validate(&world, &version, group).await.ok());
    assert!(again[0].contains("timeout is 3 s"), "a running instance warns, too: {again:?}");
    // The first workers register the queues of the version; the functions of moto do nothing.
    let started =
        wait_for("an invocation", SOON, async || (moto.requests("/invocations") > 0).then_some(()));
    started.await;
    let parts = ["AccessKeyId", "SecretAccessKey", "SessionToken"];
    let mut secrets: Vec<String> = parts.iter().flat_map(|part| proxy.elements(part)).collect();
    assert!(secrets.len() >= 2 * 3, "credentials of the hub and of the role: {}", secrets.len());
    secrets.extend(OWN.map(str::to_owned));
    for (place, text) in everything_readable(&mut world, &version).await {
        assert!(text.contains("orders"), "{place} is about something else: {text}");
        let leaked = secrets.iter().filter(|secret| text.contains(*secret)).count();
        assert_eq!(leaked, 0, "{place} has credentials");
    }
}

/// Everything that people and programs can read about a version, by place.
async fn everything_readable(world: &mut World, version: &Version) -> Vec<(&'static str, String)> {
    let id = version.id.workflow_id();
    let by_id = ["-w", id.as_str(), "-o", "json"];
    let of_version = ["--deployment-name", "orders", "--build-id", "v1", "-o", "json"];
    let describe_version = ["worker", "deployment", "describe-version"];
    let history = [&["workflow", "show"], &by_id[..]].concat();
    let described = [&["workflow", "describe"], &by_id[..]].concat();
    let server = [&describe_version[..], &of_version[..]].concat();
    let explained = version.wci("explain", &[]).await.ok().stdout;
    vec![
        ("the history", world.temporal(&history).await.ok().stdout),
        ("memo and search attributes", world.temporal(&described).await.ok().stdout),
        ("what the server shows", world.temporal(&server).await.ok().stdout),
        ("the state", serde_json::to_string(&version.dump().await.unwrap()).unwrap()),
        ("wci describe", version.wci("describe", &["-o", "json"]).await.ok().stdout),
        ("wci explain", format!("orders: {explained}")),
        ("wci list", world.wci(&["list", "-o", "json"]).await.ok().stdout),
        ("the log", world.worker().log()),
        ("the metrics", world.worker().metrics().await.text().to_owned()),
    ]
}

#[tokio::test]
async fn sts_and_lambda_may_have_different_endpoints() {
    let dir = tempfile::tempdir().unwrap();
    let moto = Moto::start(dir.path()).await;
    let world = World::builder().config(CONFIG).worker_env("AWS_ENDPOINT_URL_STS", &moto.url);
    let world = world.with_lambda().start().await;
    let version = world.version("elsewhere");
    world.lambda().runs("elsewhere", version.greeter());
    let group = invoked_as(ROLE, "elsewhere:1");
    version.at_zero_with(&SpecFile::of(&version.id).group("all", group)).await;
    version.load(3, 10).await.done(SOON).await;
    assert!(world.lambda().calls("elsewhere") > 0);
    let assumed = moto.requests("POST / ");
    // Once for each role of the chain, then cached; the last role again for each validation.
    assert!((2..=4).contains(&assumed), "{assumed} requests to STS");
    assert_eq!(moto.requests("/functions"), 0);
}
