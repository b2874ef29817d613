//! Launches of the `subprocess` provider, with real processes.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

use serde_json::json;
use wci_contract::{FailureClass, launch::Outcome};
use wci_providers::LaunchRequest;

use crate::{
    support::{invoke, launch, map, scope},
    test_machine::{STAY, TestMachine, now_ms, wait_until},
};

const MINUTE_MS: u64 = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_starts_the_requested_number_of_workers() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let request = launch("l1", 10, machine.shell(STAY, MINUTE_MS));
    let (outcome, reported) = invoke(&machine.provider(), &request).await;
    assert_eq!(outcome, Outcome::started(10));
    assert_eq!(reported, (1..=10).collect::<Vec<_>>());
    wait_until("ten workers run", || machine.running() == 10).await;
    assert_eq!(machine.host().running_processes(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_attempt_of_a_launch_starts_only_missing_workers() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let request = launch("l1", 4, machine.shell(STAY, MINUTE_MS));
    let few = LaunchRequest { count: 3, ..request.clone() };
    assert_eq!(invoke(&machine.provider(), &few).await.0, Outcome::started(3));
    let (outcome, reported) = invoke(&machine.provider(), &request).await;
    assert_eq!((outcome, reported), (Outcome::started(4), vec![4]));
    wait_until("four workers run", || machine.running() == 4).await;
    assert_eq!(machine.pids().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_attempts_at_once_start_each_worker_once() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let request = launch("l1", 8, machine.shell(STAY, MINUTE_MS));
    let provider = machine.provider();
    let (first, second) = tokio::join!(invoke(&provider, &request), invoke(&provider, &request));
    assert_eq!((first.0.started, second.0.started), (8, 8));
    wait_until("eight workers run", || machine.running() == 8).await;
    assert_eq!(machine.records().len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_an_attempt_elsewhere_started_are_not_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let whole = launch("l1", 5, machine.shell(STAY, MINUTE_MS));
    let rest = LaunchRequest { already_started: 3, ..whole };
    let (outcome, reported) = invoke(&machine.provider(), &rest).await;
    assert_eq!((outcome, reported), (Outcome::started(5), vec![4, 5]));
    wait_until("two workers run", || machine.running() == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_gets_a_clean_environment_with_its_identity() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let before = now_ms();
    let script = "env > $OUT/env.part; mv $OUT/env.part $OUT/env";
    let request = launch("l/1", 1, machine.shell(script, MINUTE_MS));
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(1));
    wait_until("the worker wrote its variables", || machine.out("env").exists()).await;
    let text = fs::read_to_string(machine.out("env")).unwrap();
    let env: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
    assert_eq!(env["TEMPORAL_DEPLOYMENT_NAME"], "orders");
    assert_eq!(env["TEMPORAL_WORKER_BUILD_ID"], "v1");
    assert_eq!(env["TEMPORAL_NAMESPACE"], "default");
    assert_eq!(env["TEMPORAL_ADDRESS"], "127.0.0.1:7233");
    assert_eq!(env["TEMPORAL_SERVERLESS_IDENTITY"], "l/1/0@sh");
    assert_eq!(env["WCI_LAUNCH_ID"], "l/1");
    let deadline: u64 = env["TEMPORAL_SERVERLESS_DEADLINE_MS"].parse().unwrap();
    assert!((before + MINUTE_MS..=now_ms() + MINUTE_MS).contains(&deadline));
    let cargos: Vec<_> = env.keys().filter(|name| name.starts_with("CARGO")).collect();
    assert!(cargos.is_empty(), "{cargos:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_the_operator_did_not_allow_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let provider = machine.provider();
    let error = provider.validate(&scope(), &map(json!({"command": "greeter"}))).await;
    let message = error.unwrap_err().to_string();
    assert!(message.contains("--allow-command greeter=/path/to/program"), "{message}");
    let (outcome, _) = invoke(&provider, &launch("l1", 2, json!({"command": "greeter"}))).await;
    assert_eq!((outcome.refused, outcome.class), (2, Some(FailureClass::Forbidden)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_cannot_run_is_refused_and_may_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let script = |text: &str| {
        fs::write(machine.out("script"), text).unwrap();
        fs::set_permissions(machine.out("script"), fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("#!/nonexistent/interpreter\n");
    let request = launch("l1", 2, json!({"command": "script"}));
    let (outcome, reported) = invoke(&machine.provider(), &request).await;
    assert_eq!((outcome.refused, outcome.class), (2, Some(FailureClass::NotFound)), "{outcome:?}");
    assert_eq!(reported, Vec::<u32>::new());
    script("#!/bin/sh\nexit 0\n");
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_workers_run_than_the_operator_allows() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::with_max(dir.path(), 3);
    let request = launch("l1", 5, machine.shell(STAY, MINUTE_MS));
    let (outcome, _) = invoke(&machine.provider(), &request).await;
    assert_eq!((outcome.started, outcome.throttled, outcome.refused), (3, 2, 0));
    assert_eq!(outcome.class, Some(FailureClass::Throttled));
    wait_until("three workers run", || machine.running() == 3).await;
    for pid in machine.pids() {
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    }
    wait_until("no process counts any more", || machine.host().running_processes() == 0).await;
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_without_an_id_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let (outcome, _) =
        invoke(&machine.provider(), &launch("", 1, machine.shell(STAY, MINUTE_MS))).await;
    assert_eq!((outcome.refused, outcome.class), (1, Some(FailureClass::Rejected)));
}
