//! The recorded calls of clients to the built-in controller, sent to `wci` in the same order: it
//! responds with the same code and message, except for the named differences.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;
use temporalio_client::tonic::Status;
use wci_tests::{Change, GroupSent, SOON, Version, World, groups_of, wait_for};

/// A call, and the response of the built-in controller of server 1.32.0.
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

/// The different responses of `wci`, by case. The documentation gives the reason of each.
type Differences = BTreeMap<String, Difference>;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    answer: Answer,
    /// The change that `wci` accepts instead, on which later calls depend.
    #[serde(default)]
    instead: Option<Change>,
}

const CASES: &str = include_str!("../golden/control_plane.json");
const DIFFERENCES: &str = include_str!("../golden/differences.json");
const DOCUMENTED: &str = include_str!("../../docs/differences.md");
const DECODE: &str = "unable to decode: ";
/// The server does not respond for 35 s for a version without an instance.
const NO_RESPONSE: Duration = Duration::from_secs(3);

#[tokio::test]
async fn recorded_calls_get_the_responses_of_the_built_in_controller_except_for_named_differences()
{
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
    assert!(differences.is_empty(), "differences without a case: {:?}", differences.keys());
}

#[test]
fn every_named_difference_is_real_and_documented() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let theirs: BTreeMap<String, Answer> =
        cases.into_iter().map(|case| (case.case, case.answer)).collect();
    let ours: Differences = serde_json::from_str(DIFFERENCES).unwrap();
    for (case, difference) in &ours {
        assert_ne!(difference.answer, theirs[case], "{case}: this is not a difference any more");
    }
    let rows = DOCUMENTED.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let documented: BTreeSet<&str> = rows.map(|(case, _)| case).collect();
    let named: BTreeSet<&str> = ours.keys().map(String::as_str).collect();
    assert_eq!(documented, named, "docs/differences.md names other cases");
}

async fn answer(version: &Version, case: &Case) -> Answer {
    if matches!(case.call, Call::Create | Call::Update) {
        ensure_instance(version).await;
    }
    let result = match case.call {
        Call::Create => version.create(&case.change).await,
        Call::Update => version.change(&case.change).await,
        Call::Validate if case.answer.code == "CANCELLED" => {
            version.check(&case.change, NO_RESPONSE).await
        }
        Call::Validate => version.check(&case.change, Duration::from_secs(30)).await,
        Call::Describe => return described(version).await,
    };
    result.map_or_else(|status| error(&status), |()| ok())
}

/// Starts an instance of `wci` unless there is one, as `wci` does before it creates a version on
/// the server.
async fn ensure_instance(version: &Version) {
    if !version.has_instance().await {
        version.claim().await;
    }
}

fn ok() -> Answer {
    Answer { code: "OK".into(), message: String::new(), groups: None, last_modifier: None }
}

fn error(status: &Status) -> Answer {
    let code = serde_json::to_value(format!("{:?}", status.code())).unwrap();
    let mut name = String::new();
    for letter in code.as_str().unwrap().chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    let message = status.message();
    // The rest of a decoding error depends on the decoder.
    let message = message.find(DECODE).map_or(message, |at| &message[..at + DECODE.len()]);
    // An internal error ends with a number of its own.
    let message = match message.split_once(" (") {
        Some((message, _)) if message.starts_with("something went wrong") => message,
        _ => message,
    };
    Answer { code: name, message: message.into(), ..ok() }
}

/// The server's own version workflow starts a new run after a change. In the first second of that
/// run, the server may respond that it is busy, whichever controller runs the instance.
async fn described(version: &Version) -> Answer {
    let info =
        wait_for("the response of the server", SOON, async || version.info().await.ok()).await;
    let groups = Some(groups_of(&info));
    Answer { groups, last_modifier: Some(info.last_modifier_identity), ..ok() }
}
