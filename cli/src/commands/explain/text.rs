//! The report for people.

use std::{collections::BTreeSet, fmt::Write};

use super::report::{BackingOff, DecisionReport, GroupReport, Report, Totals};
use crate::{
    clock::{self, Millis},
    output,
};

/// The report in words.
pub(super) fn of(report: &Report) -> String {
    let mut text = heading(report);
    if let Some(trouble) = &report.trouble {
        let _ = write!(text, "\n\nNothing goes on: {trouble}");
    }
    if let Some(Totals { workers_started, signals_dropped, launches_under_way }) = &report.totals {
        let _ = write!(
            text,
            "\nSince it was created: workers started {workers_started}, signals dropped \
             {signals_dropped}; launches under way {launches_under_way}"
        );
    }
    for group in &report.groups {
        let _ = write!(text, "\n\n{}", of_group(group, report.at));
    }
    let waits = report.waits_for.iter().map(|waiting| format!("  - {}", waiting.text));
    let waits: Vec<String> = waits.collect();
    if !waits.is_empty() {
        let verb = if report.is_now { "It waits for" } else { "It waited for" };
        let _ = write!(text, "\n\n{verb}\n{}", waits.join("\n"));
    }
    let _ = write!(text, "\n\nWhat happened\n{}", moments(report));
    if report.more {
        text.push_str("\n  (more happened before: --limit N)");
    }
    text
}

fn heading(report: &Report) -> String {
    let mut text = format!("{}:{}", report.deployment, report.build_id);
    if let Some(namespace) = &report.namespace {
        let _ = write!(text, " in namespace {namespace}");
    }
    if let Some(run_by) = report.run_by {
        let _ = write!(text, ", run by {}", run_by.as_str());
    }
    let at = clock::rfc3339(report.at);
    let _ = match (report.is_now, report.namespace.is_some()) {
        (true, true) => write!(text, ", now ({at})"),
        (true, false) => write!(text, ", at the end of what was recorded ({at})"),
        (false, _) => {
            write!(text, ", as it was at {at}, {}", clock::relative(report.at, report.now))
        }
    };
    if !report.running {
        text.push_str("\nIt does not run any more.");
    }
    text
}

fn of_group(group: &GroupReport, at: Millis) -> String {
    let scaler = if group.scaler.is_empty() { "default scaler" } else { &group.scaler };
    let mut text = format!("Group {} ({}, {scaler})", group.group, group.provider);
    if let Some(BackingOff { class, failures, until, probing }) = &group.backing_off {
        let failed = format!("{class}, failed {failures} in a row");
        let until = clock::relative(*until, at);
        let _ = match probing {
            true => {
                write!(text, "\n  Probing the provider with one worker ({failed}).")
            }
            false => {
                write!(text, "\n  It asks its provider for nothing now ({failed}); again {until}.")
            }
        };
    }
    if let Some(size) = group.set_size {
        let workers = if size == 1 { "worker" } else { "workers" };
        let _ = write!(text, "\n  Its provider is to keep {size} {workers}.");
    }
    match &group.last_decision {
        None => text.push_str("\n  Nothing was decided yet."),
        Some(decision) => text.push_str(&of_decision(decision, group.is_set, at)),
    }
    text
}

fn of_decision(decision: &DecisionReport, is_set: bool, at: Millis) -> String {
    let ago = clock::relative(decision.at, at);
    let workers = match decision.workers {
        1 => "1 worker".to_owned(),
        workers => format!("{workers} workers"),
    };
    let what = match (decision.set_size, decision.workers) {
        (Some(_), _) => format!("to keep {workers}"),
        (None, 0) if is_set => "to leave the size of its set as it is".to_owned(),
        (None, 0) => "to start nothing".to_owned(),
        (None, _) => format!("for {workers}"),
    };
    let mut text = format!("\n  Its last decision was {what}, {ago}, because");
    for reason in &decision.reasons {
        let _ = write!(text, "\n  - {}", reason.text);
    }
    let advice: BTreeSet<&str> =
        decision.reasons.iter().filter_map(|reason| reason.advice).collect();
    for advice in advice {
        let _ = write!(text, "\n  What helps: {advice}.");
    }
    text
}

/// The latest last, as a story is told.
fn moments(report: &Report) -> String {
    let mut table = output::table(&["WHEN", "WHAT"]);
    for moment in &report.moments {
        table.add_row([clock::rfc3339(moment.at), moment.text.clone()]);
    }
    let text = output::text(&table);
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
