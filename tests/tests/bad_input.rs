//! Whatever is wrong with what a person types: one clear line that says where and what to do.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};

use wci_tests::{Group, Programs, Said, SpecFile, World, run};

/// One line on stderr, nothing on stdout, and no trace of a panic.
#[track_caller]
fn told(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, Some(code), "{said:?}");
    let lines = said.stderr.trim().lines().count();
    assert!(lines == 1 || code == 2, "{lines} lines: {}", said.stderr);
    for word in words {
        assert!(said.stderr.contains(word), "{word:?} is missing: {}", said.stderr);
    }
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    assert!(said.stdout.is_empty(), "{}", said.stdout);
}

async fn wci(args: &[&str]) -> Said {
    run(&Programs::find().wci, args).await
}

fn file(dir: &Path, content: &[u8]) -> String {
    let path = dir.join("bad.yaml");
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn without_a_server_every_command_says_where_it_looked() {
    let nowhere = "127.0.0.1:1";
    let dir = tempfile::tempdir().unwrap();
    let good = "deployment: d\nbuild_id: b\ngroups: {g: {provider: {type: aws-lambda}}}\n";
    let spec = file(dir.path(), good.as_bytes());
    for command in [
        &["worker"][..],
        &["apply", "-f", &spec],
        &["validate", "-f", &spec],
        &["list"],
        &["describe", "d:b"],
        &["delete", "d:b", "--yes"],
    ] {
        let said = wci(&[command, &["--address", nowhere]].concat()).await;
        told(&said, 1, &[nowhere, "--address"]);
    }
}

#[tokio::test]
async fn a_namespace_that_is_not_there_is_named() {
    let world = World::builder().workers(0).start().await;
    let dir = tempfile::tempdir().unwrap();
    let good = "deployment: d\nbuild_id: b\ngroups: {g: {provider: {type: aws-lambda}}}\n";
    let spec = file(dir.path(), good.as_bytes());
    for command in [&["worker"][..], &["apply", "-f", &spec], &["list"], &["describe", "d:b"]] {
        let said = world.wci(&[command, &["-n", "nowhere"]].concat()).await;
        told(&said, 1, &["\"nowhere\"", "--namespace"]);
    }
}

#[tokio::test]
async fn without_a_system_worker_an_apply_says_how_to_start_one() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("lonely");
    told(&version.apply(&version.greeters()).await, 1, &["wci-system", "`wci worker -n default`"]);
    told(&version.wci("describe", &[]).await, 1, &["lonely:v1"]);
    told(&version.wci("delete", &["--yes"]).await, 1, &["lonely:v1"]);
}

#[tokio::test]
async fn a_version_that_the_server_runs_itself_is_left_to_the_server() {
    let world = World::new().await;
    let version = world.version("theirs");
    let id = version.id.workflow_id();
    let create = ["worker", "deployment", "create", "--name", "theirs"];
    world.temporal(&create).await.ok();
    let create = ["worker", "deployment", "create-version", "--deployment-name", "theirs"];
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1";
    let lambda = ["--aws-lambda-function-arn", arn, "--aws-lambda-skip-role-and-external-id"];
    // Whether it succeeds or not: the server's instance is there.
    world.temporal(&[&create[..], &["--build-id", "v1"], &lambda].concat()).await;
    let before = version.run_id().await;
    let words = ["the server's own controller", "temporal worker deployment"];
    told(&version.apply(&version.greeters()).await, 1, &words);
    told(&version.wci("delete", &["--yes"]).await, 1, &words);
    assert_eq!(version.run_id().await, before);
    let after = world.temporal(&["workflow", "describe", "-w", &id, "-o", "json"]).await.ok();
    let after = &after.json()["workflowExecutionInfo"];
    assert_eq!(after["taskQueue"], "temporal-sys-per-ns-tq", "{after:#}");
    assert_eq!(after["status"], "WORKFLOW_EXECUTION_STATUS_RUNNING", "{after:#}");
}

#[tokio::test]
async fn a_spec_file_that_is_none_is_refused_before_a_server_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    for (content, words) in [
        (&b"deployment: [unclosed"[..], "bad.yaml:1"),
        (b"just words", "bad.yaml:1"),
        (b"", "deployment, build_id and groups"),
        (&[0xff, 0xfe, 0x00], "UTF-8"),
        (&[b'#'; 300_000], "larger than 262144 bytes"),
        (b"deployment: d\nbuild_id: b\ngrops: {}\n", "bad.yaml:3: unknown key \"grops\""),
        (b"deployment: a:b\nbuild_id: b\ngroups: {g: {provider: {type: x}}}\n", "colon"),
    ] {
        let path = file(dir.path(), content);
        told(&wci(&["apply", "-f", &path, "--address", "127.0.0.1:1"]).await, 1, &[words]);
        told(&wci(&["validate", "-f", &path, "--address", "127.0.0.1:1"]).await, 1, &[words]);
    }
    let missing = dir.path().join("missing.yaml").display().to_string();
    told(&wci(&["apply", "-f", &missing]).await, 1, &["missing.yaml: no such file"]);
}

#[tokio::test]
async fn a_command_that_is_not_allowed_or_not_there_is_named_with_the_remedy() {
    let world = World::builder()
        .worker_args(&["--allow-command", "ghost=/nonexistent/ghost"])
        .start()
        .await;
    let version = world.version("commands");
    let with = |command: &str| {
        let group = Group::greeters("commands").provider("command", command);
        SpecFile::of(&version.id).group("default", group)
    };
    let said = version.apply(&with("rm")).await;
    told(&said, 1, &["\"rm\" is not allowed", "allowed: ghost, greeter", "--allow-command rm="]);
    let said = version.apply(&with("ghost")).await;
    told(&said, 1, &["/nonexistent/ghost", "No such file"]);
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
}

#[tokio::test]
async fn flags_that_contradict_each_other_or_make_no_sense_are_refused() {
    let address = ["--address", "127.0.0.1:1"];
    for (args, code, words) in [
        (&["worker", "--allow-command", "a=/bin/true"][..], 1, "--enable-provider subprocess"),
        (&["worker", "--enable-provider", "subprocess", "--aws-allow-no-role"], 1, "aws-lambda"),
        (&["worker", "--tls=false", "--tls-ca-path", "x"], 1, "--tls=false contradicts"),
        (&["worker", "--task-queue", "temporal-sys-x"], 1, "reserved for the server"),
        (&["worker", "--enable-provider", "ec3"], 2, "subprocess"),
        (&["worker", "--allow-command", "nonsense"], 2, "NAME=PATH"),
        (&["worker", "--max-processes", "0"], 2, "--max-processes"),
        (&["apply", "-f", "x", "--dry-run", "--set-current"], 2, "--set-current"),
        (&["apply"], 2, "--file"),
        (&["describe", "no-version"], 2, "orders:v1"),
        (&["describe", "d:b", "-o", "xml"], 2, "json"),
        (&["nonsense"], 2, "nonsense"),
        (&["list", "--bogus"], 2, "--bogus"),
    ] {
        told(&wci(&[args, &address].concat()).await, code, &[words]);
    }
}

#[tokio::test]
async fn an_address_that_is_none_and_a_config_file_that_is_missing_are_named() {
    let said = wci(&["list", "--address", "not an address"]).await;
    told(&said, 1, &["\"not an address\"", "--address"]);
    let said = wci(&["list", "--config-file", "/nonexistent/temporal.toml"]).await;
    told(&said, 1, &["--config-file /nonexistent/temporal.toml: no such file"]);
    told(&wci(&["list", "--profile", "nobody"]).await, 1, &["nobody", "--profile"]);
}
