//! Each reason's sentence beside a decision that gives the reason: what it claims is the case.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::needless_update, reason = "the fields of shared types may grow")]

mod cases;
mod support;

use std::collections::BTreeSet;

use cases::{Case, cases};
use wci_contract::decision::Reason;
use wci_history::explain;

/// Reasons that no scaling algorithm gives: the first two come from the instance and its
/// activities, and the last one from histories of the server's controller, since our desired
/// number is never below the minimum.
const OF_OTHERS: [(&str, &str); 3] = [
    ("too_many_launches launches=8", "8 launches under way, which is the maximum"),
    ("unsupported_algorithm moon", "this build has no scaler \"moon\" for this provider"),
    ("min_count planned=2 min=2", "2 workers planned, the minimum is 2"),
];

#[test]
fn each_sentence_is_true_of_the_decision_that_it_explains() {
    let wrong: Vec<String> = cases().iter().filter_map(fault).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the sentence of a case.
fn fault(Case { reason, decision, says, holds }: &Case) -> Option<String> {
    let Some(given) = decision.reasons.iter().find(|given| given.name() == *reason) else {
        return Some(format!("no {reason} in {:?}", decision.reasons));
    };
    let text = explain(&given.to_string(), says.contains("size")).text;
    if text != *says {
        return Some(format!("{given}: {text:?} instead of {says:?}"));
    }
    (!holds(decision)).then(|| format!("{says:?} is not true of {decision:?}"))
}

#[test]
fn a_reason_of_the_instance_or_another_controller_has_its_sentence_too() {
    for (line, says) in OF_OTHERS {
        assert_eq!(explain(line, false).text, says);
    }
}

#[test]
fn no_reason_is_left_out() {
    let cases = cases();
    let of_others = OF_OTHERS.map(|(line, _)| Reason::parse(line).name().to_owned());
    let checked: BTreeSet<&str> =
        cases.iter().map(|case| case.reason).chain(of_others.iter().map(String::as_str)).collect();
    assert_eq!(checked, Reason::NAMES.iter().copied().collect());
}
