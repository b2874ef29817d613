//! Mistakes of a user: each gets one clear line that says where it is and what to do.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};

use wci_tests::{CommandOutput, Group, Programs, SpecFile, World, run};

/// Asserts the exit code, one line on stderr with all of `expected`, nothing on stdout, and no
/// panic.
#[track_caller]
fn assert_error(output: &CommandOutput, code: i32, expected: &[&str]) {
    assert_eq!(output.code, Some(code), "{output:?}");
    let lines = output.stderr.trim().lines().count();
    assert!(lines == 1 || code == 2, "{lines} lines: {}", output.stderr);
    for word in expected {
        assert!(output.stderr.contains(word), "{word:?} is missing: {}", output.stderr);
    }
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    assert!(output.stdout.is_empty(), "{}", output.stdout);
}

async fn wci(args: &[&str]) -> CommandOutput {
    run(&Programs::find().wci, args).await
}

fn file(dir: &Path, content: &[u8]) -> String {
    let path = dir.join("bad.yaml");
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn without_a_server_every_command_names_the_address() {
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
        let output = wci(&[command, &["--address", nowhere]].concat()).await;
        assert_error(&output, 1, &[nowhere, "--address"]);
    }
}

#[tokio::test]
async fn a_namespace_that_does_not_exist_is_named() {
    let world = World::builder().workers(0).start().await;
    let dir = tempfile::tempdir().unwrap();
    let good = "deployment: d\nbuild_id: b\ngroups: {g: {provider: {type: aws-lambda}}}\n";
    let spec = file(dir.path(), good.as_bytes());
    for command in [&["worker"][..], &["apply", "-f", &spec], &["list"], &["describe", "d:b"]] {
        let output = world.wci(&[command, &["-n", "nowhere"]].concat()).await;
        assert_error(&output, 1, &["\"nowhere\"", "--namespace"]);
    }
}

#[tokio::test]
async fn without_a_system_worker_an_apply_says_how_to_start_one() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("lonely");
    assert_error(
        &version.apply(&version.greeters()).await,
        1,
        &["wci-system", "`wci worker -n default`"],
    );
    assert_error(&version.wci("describe", &[]).await, 1, &["lonely:v1"]);
    assert_error(&version.wci("delete", &["--yes"]).await, 1, &["lonely:v1"]);
}

#[tokio::test]
async fn a_version_of_the_built_in_controller_is_left_to_it() {
    let world = World::new().await;
    let version = world.version("theirs");
    let id = version.id.workflow_id();
    let create = ["worker", "deployment", "create", "--name", "theirs"];
    world.temporal(&create).await.ok();
    let create = ["worker", "deployment", "create-version", "--deployment-name", "theirs"];
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f:1";
    let lambda = ["--aws-lambda-function-arn", arn, "--aws-lambda-skip-role-and-external-id"];
    // The server's instance exists whether or not this succeeds.
    world.temporal(&[&create[..], &["--build-id", "v1"], &lambda].concat()).await;
    let before = version.run_id().await;
    let expected = ["the server's own controller", "temporal worker deployment"];
    assert_error(&version.apply(&version.greeters()).await, 1, &expected);
    assert_error(&version.wci("delete", &["--yes"]).await, 1, &expected);
    assert_eq!(version.run_id().await, before);
    let after = world.temporal(&["workflow", "describe", "-w", &id, "-o", "json"]).await.ok();
    let after = &after.json()["workflowExecutionInfo"];
    assert_eq!(after["taskQueue"], "temporal-sys-per-ns-tq", "{after:#}");
    assert_eq!(after["status"], "WORKFLOW_EXECUTION_STATUS_RUNNING", "{after:#}");
}

#[tokio::test]
async fn an_invalid_spec_file_is_rejected_before_any_call_to_the_server() {
    let dir = tempfile::tempdir().unwrap();
    for (content, expected) in [
        (&b"deployment: [unclosed"[..], "bad.yaml:1"),
        (b"just words", "bad.yaml:1"),
        (b"", "deployment, build_id and groups"),
        (&[0xff, 0xfe, 0x00], "UTF-8"),
        (&[b'#'; 300_000], "larger than 262144 bytes"),
        (b"deployment: d\nbuild_id: b\ngrops: {}\n", "bad.yaml:3: unknown key \"grops\""),
        (b"deployment: a:b\nbuild_id: b\ngroups: {g: {provider: {type: x}}}\n", "colon"),
    ] {
        let path = file(dir.path(), content);
        assert_error(
            &wci(&["apply", "-f", &path, "--address", "127.0.0.1:1"]).await,
            1,
            &[expected],
        );
        assert_error(
            &wci(&["validate", "-f", &path, "--address", "127.0.0.1:1"]).await,
            1,
            &[expected],
        );
    }
    let missing = dir.path().join("missing.yaml").display().to_string();
    assert_error(&wci(&["apply", "-f", &missing]).await, 1, &["missing.yaml: no such file"]);
}

#[tokio::test]
async fn a_command_that_is_not_allowed_or_missing_is_named_with_the_remedy() {
    let world = World::builder()
        .worker_args(&["--allow-command", "ghost=/nonexistent/ghost"])
        .start()
        .await;
    let version = world.version("commands");
    let with = |command: &str| {
        let group = Group::greeters("commands").provider("command", command);
        SpecFile::of(&version.id).group("default", group)
    };
    let output = version.apply(&with("rm")).await;
    assert_error(
        &output,
        1,
        &["\"rm\" is not allowed", "allowed: ghost, greeter", "--allow-command rm="],
    );
    let output = version.apply(&with("ghost")).await;
    assert_error(&output, 1, &["/nonexistent/ghost", "No such file"]);
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
}

#[tokio::test]
async fn flags_that_contradict_each_other_or_make_no_sense_are_rejected() {
    let address = ["--address", "127.0.0.1:1"];
    for (args, code, expected) in [
        (&["worker", "--allow-command", "a=/bin/true"][..], 1, "--enable-provider subprocess"),
        (&["worker", "--enable-provider", "subprocess", "--aws-allow-no-role"], 1, "aws-lambda"),
        (&["worker", "--tls=false", "--tls-ca-path", "x"], 1, "--tls=false contradicts"),
        (&["worker", "--task-queue", "temporal-sys-x"], 1, "reserved for the server"),
        (&["worker", "--enable-provider", "ec3"], 2, "subprocess"),
        (&["worker", "--allow-command", "nonsense"], 2, "NAME=PATH"),
        (&["worker", "--max-processes", "0"], 2, "--max-processes"),
        (&["worker", "--max-workers", "0"], 2, "--max-workers"),
        (&["worker", "--max-workers-per-minute", "x"], 2, "--max-workers-per-minute"),
        (&["worker", "--allow-env", "ORDERS_*"], 1, "--allow-command NAME=PATH"),
        (
            &[
                "worker",
                "--enable-provider",
                "subprocess",
                "--allow-command",
                "a=/bin/true",
                "--allow-env",
                "PYTHON_*",
            ],
            1,
            "list the names",
        ),
        (&["apply", "-f", "x", "--dry-run", "--set-current"], 2, "--set-current"),
        (&["apply", "-f", "x", "--force"], 2, "--set-current"),
        (&["apply", "-f", "x", "--timeout", "soon"], 2, "write it like 90s"),
        (&["apply", "-f", "x", "--set-current", "--wait=false"], 1, "add --force"),
        (&["apply"], 2, "--file"),
        (&["describe", "no-version"], 2, "orders:v1"),
        (&["describe", "d:b", "-o", "xml"], 2, "json"),
        (&["nonsense"], 2, "nonsense"),
        (&["list", "--bogus"], 2, "--bogus"),
    ] {
        assert_error(&wci(&[args, &address].concat()).await, code, &[expected]);
    }
}

#[tokio::test]
async fn a_run_directory_that_others_can_change_is_refused_with_the_remedy() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let folder = dir.path().display().to_string();
    let provider = ["--enable-provider", "subprocess", "--allow-command", "a=/bin/true"];
    let worker = ["worker", "--address", "127.0.0.1:1", "--run-dir", &folder];
    let output = wci(&[&worker[..], &provider].concat()).await;
    assert_error(&output, 1, &["is not private", "mode 755", &format!("run chmod 700 {folder}")]);
}

#[tokio::test]
async fn an_invalid_address_and_a_missing_config_file_are_named() {
    let output = wci(&["list", "--address", "not an address"]).await;
    assert_error(&output, 1, &["\"not an address\"", "--address"]);
    let output = wci(&["list", "--config-file", "/nonexistent/temporal.toml"]).await;
    assert_error(&output, 1, &["--config-file /nonexistent/temporal.toml: no such file"]);
    assert_error(&wci(&["list", "--profile", "nobody"]).await, 1, &["nobody", "--profile"]);
}
