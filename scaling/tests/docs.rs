//! The documentation matches the code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::map;
use wci_contract::decision::Reason;
use wci_scaling::{Algorithm, check_config};

const PAGE: &str = include_str!("../../docs/scaling.md");

/// The rows of the settings' table of an algorithm: key, default and bounds.
fn settings(algorithm: Algorithm) -> Vec<(String, String, String)> {
    let (_, section) = PAGE.split_once(&format!("\n## `{algorithm}`\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let key = cells.next()?.trim_end_matches('`').to_owned();
        Some((key, cells.next()?.to_owned(), cells.next()?.to_owned()))
    };
    section.lines().filter_map(row).collect()
}

#[test]
fn every_setting_has_the_default_and_the_bounds_that_are_documented() {
    for (algorithm, count) in
        [(Algorithm::Demand, 11), (Algorithm::NoSync, 8), (Algorithm::RateBased, 15)]
    {
        let rows = settings(algorithm);
        assert_eq!(rows.len(), count, "{algorithm}");
        for (key, default, bounds) in rows {
            let refuses =
                |value: Value| check_config(algorithm, &map(json!({ &key: value }))).is_err();
            if default == "none" {
                assert!(refuses(json!(1)), "{key}");
                continue;
            }
            let default: f64 = default.parse().unwrap();
            assert!(!refuses(json!(default)), "{key} {default}");
            // Values beyond the documented bounds are refused.
            let numbers: Vec<f64> =
                bounds.split([' ', ',', ';']).filter_map(|word| word.parse().ok()).collect();
            let Some(least) = numbers.first() else { continue };
            assert!(refuses(json!(least - 1.0)), "{key} {least}");
            assert!(!bounds.starts_with("above") || refuses(json!(least)), "{key} {least}");
            if let [_, most] = numbers[..]
                && !bounds.contains(';')
            {
                assert!(refuses(json!(most + 1.0)), "{key} {most}");
            }
        }
    }
}

#[test]
fn every_reason_is_explained_once() {
    let (_, table) = PAGE.split_once("## Reasons").unwrap();
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let mut explained: Vec<&str> =
        cells.flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`')).collect();
    explained.sort_unstable();
    let mut names = Reason::NAMES.to_vec();
    names.sort_unstable();
    assert_eq!(explained, names);
}
