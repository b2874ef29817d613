//! What clients asked of the controller built into the server, asked of ours, in the same order:
//! the same code and the same words, but for differences that are known by name.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;
use temporalio_client::tonic::Status;
use wci_tests::{Change, GroupSent, SOON, Version, World, groups_of, wait_for};

/// A call, and what the built-in controller of server 1.32.0 answered.
#[derive(Debug, Clone, Deserialize)]
struct Case {
    case: String,
    call: Call,
    build: String,
    #[serde(flatten)]
    change: Change,
    answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Call {
    Create,
    Update,
    Validate,
    Describe,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    groups: Option<BTreeMap<String, GroupSent>>,
    #[serde(default)]
    last_modifier: Option<String>,
}

/// Where ours answers otherwise, by case. Each has its reason in the documentation.
type Differences = BTreeMap<String, Difference>;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    answer: Answer,
    /// What ours takes instead, so that the calls after it find what they build on.
    #[serde(default)]
    instead: Option<Change>,
}

const CASES: &str = include_str!("../golden/control_plane.json");
const DIFFERENCES: &str = include_str!("../golden/differences.json");
const DOCUMENTED: &str = include_str!("../../docs/differences.md");
const DECODE: &str = "unable to decode: ";
/// The server is silent for 35 s about a version without an instance.
const SILENCE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn recorded_calls_are_answered_as_the_built_in_controller_did_but_for_named_differences() {
    let world = World::builder().with_lambda().start().await;
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let mut differences: Differences = serde_json::from_str(DIFFERENCES).unwrap();
    world.version_of("raw", "any").create_deployment().await;
    let mut wrong = Vec::new();
    for case in &cases {
        let version = world.version_of("raw", &case.build);
        let mut ours = answer(&version, case).await;
        let mut expected = case.answer.clone();
        if let Some(difference) = differences.remove(&case.case) {
            if let (Some(change), true) = (difference.instead, ours == difference.answer) {
                ours = answer(&version, &Case { change, ..case.clone() }).await;
            } else {
                expected = difference.answer;
            }
        }
        if ours != expected {
            wrong.push(format!("{}:\n  expected {expected:?}\n  got      {ours:?}", case.case));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(differences.is_empty(), "named, but no case: {:?}", differences.keys());
}

#[test]
fn every_difference_is_one_and_is_documented() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let theirs: BTreeMap<String, Answer> =
        cases.into_iter().map(|case| (case.case, case.answer)).collect();
    let ours: Differences = serde_json::from_str(DIFFERENCES).unwrap();
    for (case, difference) in &ours {
        assert_ne!(difference.answer, theirs[case], "{case}: this is no difference any more");
    }
    let rows = DOCUMENTED.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let documented: BTreeSet<&str> = rows.map(|(case, _)| case).collect();
    let named: BTreeSet<&str> = ours.keys().map(String::as_str).collect();
    assert_eq!(documented, named, "docs/differences.md names other cases");
}

async fn answer(version: &Version, case: &Case) -> Answer {
    if matches!(case.call, Call::Create | Call::Update) {
        own(version).await;
    }
    let result = match case.call {
        Call::Create => version.create(&case.change).await,
        Call::Update => version.change(&case.change).await,
        Call::Validate if case.answer.code == "CANCELLED" => {
            version.check(&case.change, SILENCE).await
        }
        Call::Validate => version.check(&case.change, Duration::from_secs(30)).await,
        Call::Describe => return described(version).await,
    };
    result.map_or_else(|status| refused(&status), |()| ok())
}

/// Sees to it that an instance of ours has the version's ID, as `wci` does before it tells the
/// server of a version.
async fn own(version: &Version) {
    if !version.has_instance().await {
        version.claim().await;
    }
}

fn ok() -> Answer {
    Answer { code: "OK".into(), message: String::new(), groups: None, last_modifier: None }
}

fn refused(status: &Status) -> Answer {
    let code = serde_json::to_value(format!("{:?}", status.code())).unwrap();
    let mut name = String::new();
    for letter in code.as_str().unwrap().chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    // An opaque answer ends with a number of its own.
    let message = status.message();
    // How a value cannot be decoded is said in the words of whoever decodes it.
    let message = message.find(DECODE).map_or(message, |at| &message[..at + DECODE.len()]);
    let message = match message.split_once(" (") {
        Some((words, _)) if words.starts_with("something went wrong") => words,
        _ => message,
    };
    Answer { code: name, message: message.into(), ..ok() }
}

/// The server's own version workflow begins a new run after a change; until that run is a second
/// old, it may answer that it has too much to do, whoever runs the instance.
async fn described(version: &Version) -> Answer {
    let info = wait_for("the server's answer", SOON, async || version.info().await.ok()).await;
    let groups = Some(groups_of(&info));
    Answer { groups, last_modifier: Some(info.last_modifier_identity), ..ok() }
}
