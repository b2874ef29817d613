//! `wci simulate` as a user calls it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Command, Output};

use serde_json::Value;
use wci_tests::built;

fn simulate(arguments: &[&str]) -> Output {
    Command::new(built("wci")).arg("simulate").args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = simulate(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn error(arguments: &[&str]) -> (i32, String) {
    let output = simulate(arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn algorithms_are_compared_in_a_table_with_the_seed_above_it() {
    let table = stdout(&["--traffic", "burst:50", "-a", "no-sync", "-a", "built-in"]);
    assert!(table.starts_with("burst:50: 50 tasks, 10.0 s of work, 2 slots a worker\n"), "{table}");
    assert!(table.contains("\nseed 1, wci "), "{table}");
    let rows: Vec<&str> = table.lines().skip_while(|line| !line.starts_with("ALGORITHM")).collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows[1].starts_with("no-sync ") && rows[2].starts_with("built-in "), "{table}");
}

#[test]
fn the_same_seed_prints_the_same_json() {
    let arguments = ["--traffic", "poisson:rate=9,for=1m", "-o", "json", "--seed", "7"];
    let first = stdout(&arguments);
    assert_eq!(first, stdout(&arguments));
    let result: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(result["scenario"]["seed"], 7);
    for run in result["runs"].as_array().unwrap() {
        assert_eq!(run["tasks"]["done"], run["tasks"]["arrived"]);
        assert!(run["queue_time_ms"]["p99"].is_f64() && run["workers"]["to_ideal"].is_f64());
    }
}

#[test]
fn recorded_arrivals_are_simulated_and_shown_in_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let (arrivals, page) = (folder.path().join("day.csv"), folder.path().join("day.html"));
    std::fs::write(&arrivals, "at_ms,count\n0,3\n1500,2\n").unwrap();
    let traffic = format!("file:{}", arrivals.display());
    let table = stdout(&["--traffic", &traffic, "--report", page.to_str().unwrap()]);
    assert!(table.contains("day.csv: 5 tasks"), "{table}");
    assert!(std::fs::read_to_string(page).unwrap().contains("<svg"));
}

#[test]
fn an_invalid_line_of_a_recording_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let arrivals = folder.path().join("bad.csv");
    std::fs::write(&arrivals, "at_ms\n0\nnoon\n").unwrap();
    let (code, errors) = error(&["--traffic", &format!("file:{}", arrivals.display())]);
    assert_eq!(code, 1);
    assert!(
        errors.contains("bad.csv, line 3: at_ms `noon` is not a number of milliseconds"),
        "{errors}"
    );
}

#[test]
fn mistakes_on_the_command_line_are_reported_with_the_valid_values() {
    for (arguments, code, part) in [
        (&["--traffic", "brust:5"][..], 2, "there is no traffic `brust`: choose one of poisson"),
        (&["--service", "fast"], 2, "there is no distribution `fast`"),
        (&["--slots", "0"], 1, "slots must be from 1 to 10000"),
        (&["--traffic", "file:/no/such.csv"], 1, "cannot read /no/such.csv"),
        (&["-a", "magic"], 1, "there is no algorithm `magic`: choose one of"),
        (&["--set", "cooloff=5"], 1, "none of the compared algorithms has this key"),
        (&["--report", "/no/such/folder/x.html"], 1, "cannot write /no/such/folder/x.html"),
    ] {
        let (given, errors) = error(arguments);
        assert_eq!(given, code, "{arguments:?}: {errors}");
        assert!(errors.contains(part), "{arguments:?}: {errors}");
    }
}
