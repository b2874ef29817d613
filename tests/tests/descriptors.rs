//! A system worker without file descriptors to spare, and one without root certificates.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tokio::net::TcpStream;
use wci_tests::{Group, Programs, SOON, SpecFile, World, run, run_with_env};

/// Enough for the connections to Temporal and to the stand-in for Lambda, and for 32 connections
/// to the health port, but not for many more.
const OPEN_FILES: usize = 110;

#[tokio::test]
async fn connections_to_the_health_port_leave_descriptors_for_temporal_and_aws() {
    let mut world = World::builder().with_lambda().open_files(OPEN_FILES).start().await;
    let version = world.version("starved");
    let spec = SpecFile::of(&version.id).group("default", Group::lambda("starved"));
    world.lambda().runs("starved", version.greeter());
    let address = world.worker().health_address();
    let mut held = Vec::new();
    for _ in 0..3 * OPEN_FILES {
        held.push(TcpStream::connect(&address).await.unwrap());
    }
    version.at_zero_with(&spec).await;
    version.load(3, 10).await.done(SOON).await;
    // The probes are answered meanwhile.
    let metrics = world.worker().metrics().await;
    assert!(metrics.text().contains("wci_launches_total"), "{}", metrics.text());
    drop(held);
    assert!(!world.worker().log().contains("Too many open files"), "{}", world.worker().log());
}

#[tokio::test]
async fn a_process_that_runs_out_of_descriptors_for_a_while_serves_afterwards() {
    let mut world = World::builder().with_lambda().open_files(OPEN_FILES).start().await;
    let version = world.version("recovered");
    let spec = SpecFile::of(&version.id).group("default", Group::lambda("recovered"));
    world.lambda().runs("recovered", version.greeter());
    let pid = world.worker().process().pid();
    // As many files as the process has open are allowed, while the first launch is made.
    set_open_files(pid, 1).await;
    let file = world.dir().join("spec.yaml");
    std::fs::write(&file, spec.text()).unwrap();
    let applied = world.wci(&["apply", "--set-current", "-f", &file.display().to_string()]).await;
    set_open_files(pid, OPEN_FILES).await;
    if applied.code != Some(0) {
        version.apply(&spec).await.ok();
    }
    version.load(3, 10).await.done(SOON).await;
}

/// Changes the limit of open files of a running process.
async fn set_open_files(pid: u32, files: usize) {
    let limit = format!("--nofile={files}:{OPEN_FILES}");
    run("prlimit".as_ref(), ["--pid", &pid.to_string(), &limit]).await.ok();
}

#[tokio::test]
async fn without_root_certificates_a_system_worker_that_may_call_aws_does_not_start() {
    let wci = Programs::find().wci;
    let args = ["worker", "--address", "127.0.0.1:1", "--enable-provider", "aws-lambda"];
    let none = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")];
    let output = run_with_env(&wci, args, &none).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    for expected in ["no TLS root certificates", "ca-certificates", "SSL_CERT_FILE"] {
        assert!(output.stderr.contains(expected), "{expected}: {output:?}");
    }
    // Where AWS is not called, none are needed.
    let args = ["worker", "--address", "127.0.0.1:1", "--enable-provider", "subprocess"];
    let output = run_with_env(&wci, args, &none).await;
    assert!(output.stderr.contains("127.0.0.1:1") && !output.stderr.contains("TLS"), "{output:?}");
}
