#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{cloud, operator, testing, workflow};
use crate::proxy::HANDLED;
use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

/// The folder of the definitions from which the client was generated.
fn definitions() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let found = Command::new(cargo)
        .args(["metadata", "--offline", "--format-version=1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let text = String::from_utf8(found.stdout).unwrap();
    // The path has no characters that JSON escapes.
    let end = text.match_indices("/Cargo.toml\"").map(|(at, _)| &text[..at]);
    let folder = end
        .filter_map(|path| path.rsplit_once('"').map(|(_, path)| path))
        .find(|path| path.contains("/temporalio-protos-"));
    PathBuf::from(folder.expect("the crate with the definitions")).join("protos")
}

#[test]
fn every_call_of_every_service_passes() {
    let definitions = definitions();
    let handled = [workflow::NAMES, &HANDLED].concat();
    for (file, passed) in [
        ("api_upstream/temporal/api/workflowservice/v1/service.proto", &handled[..]),
        ("api_upstream/temporal/api/operatorservice/v1/service.proto", operator::NAMES),
        ("api_cloud_upstream/temporal/api/cloud/cloudservice/v1/service.proto", cloud::NAMES),
        ("testsrv_upstream/temporal/api/testservice/v1/service.proto", testing::NAMES),
    ] {
        let text = fs::read_to_string(definitions.join(file)).unwrap();
        let rpcs = text.lines().filter_map(|line| line.trim().strip_prefix("rpc "));
        let rpcs: BTreeSet<&str> = rpcs.filter_map(|rpc| rpc.split(['(', ' ']).next()).collect();
        assert!(rpcs.len() > 5, "{file}: {rpcs:?}");
        assert_eq!(rpcs, passed.iter().copied().collect(), "{file}");
    }
}
