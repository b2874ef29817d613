//! The report for people.

use std::{collections::BTreeSet, fmt::Write};

use wci_history::how_failed;

use super::report::{BackingOff, DecisionReport, GroupReport, Report, Totals};
use crate::{
    clock::{self, Millis},
    control::Announcements,
    output::{self, cell},
};

/// The report in words.
pub(super) fn of(report: &Report) -> String {
    let mut text = heading(report);
    if let Some(trouble) = &report.trouble {
        let _ = write!(text, "\n\nThe instance makes no progress: {}", cell(trouble));
    }
    for trouble in &report.troubles {
        let _ = write!(text, "\nNot well: {}", cell(trouble));
    }
    if let Some(Totals { workers_started, signals_dropped, launches_under_way }) = &report.totals {
        let _ = write!(
            text,
            "\nSince it was created: workers started {workers_started}, signals dropped \
             {signals_dropped}; launches under way {launches_under_way}"
        );
    }
    if matches!(report.announcements, Announcements::Missing { .. }) {
        let text_of = report.announcements.describe(report.at);
        let _ = write!(text, "\n\nAnnouncements of tasks are {text_of}.");
    }
    for group in &report.groups {
        let _ = write!(text, "\n\n{}", of_group(group, report.at));
    }
    let waits = report.waits_for.iter().map(|waiting| format!("  - {}", cell(&waiting.text)));
    let waits: Vec<String> = waits.collect();
    if !waits.is_empty() {
        let verb = if report.is_now { "It waits for" } else { "It waited for" };
        let _ = write!(text, "\n\n{verb}\n{}", waits.join("\n"));
    }
    let _ = write!(text, "\n\nWhat happened\n{}", events(report));
    if report.more {
        text.push_str("\n  (earlier events: --limit N)");
    }
    text
}

fn heading(report: &Report) -> String {
    let mut text = match (&report.deployment, &report.build_id) {
        (Some(deployment), Some(build_id)) => cell(format!("{deployment}:{build_id}")),
        _ => "An instance whose version the recording does not name".to_owned(),
    };
    if let Some(namespace) = &report.namespace {
        let _ = write!(text, " in namespace {}", cell(namespace));
    }
    if let Some(run_by) = report.run_by {
        let _ = write!(text, ", run by {}", run_by.as_str());
    }
    let at = clock::rfc3339(report.at);
    let _ = match (report.is_now, report.namespace.is_some()) {
        (true, true) => write!(text, ", now ({at})"),
        (true, false) => write!(text, ", at the end of the recording ({at})"),
        (false, _) => {
            write!(text, ", as it was at {at}, {}", clock::relative(report.at, report.now))
        }
    };
    if !report.running {
        text.push_str("\nIt no longer runs.");
    }
    text
}

fn of_group(group: &GroupReport, at: Millis) -> String {
    let scaler = if group.scaler.is_empty() { "default scaler" } else { &group.scaler };
    let mut text = cell(format!("Group {} ({}, {scaler})", group.group, group.provider));
    if let Some(BackingOff { class, failures, until, probing }) = &group.backing_off {
        let why = format!("the last request {} ({failures} in a row)", how_failed(class));
        let until = clock::relative(*until, at);
        let _ = match probing {
            true => {
                write!(text, "\n  Probing the provider with one worker, because {}.", cell(&why))
            }
            false => {
                write!(text, "\n  Backing off, because {}: retry {until}.", cell(&why))
            }
        };
    }
    if let Some(size) = group.set_size {
        let _ = write!(text, "\n  Size of the worker set: {size}.");
    }
    match &group.last_decision {
        None => text.push_str("\n  No decision yet."),
        Some(decision) => text.push_str(&of_decision(decision, group.is_set, at)),
    }
    text
}

fn of_decision(decision: &DecisionReport, is_set: bool, at: Millis) -> String {
    let ago = clock::relative(decision.at, at);
    let what = match (decision.set_size, decision.workers) {
        (Some(size), _) => format!("set the size of its worker set to {size}"),
        (None, 0) if is_set => "keep the size of its worker set".to_owned(),
        (None, 0) => "start no workers".to_owned(),
        (None, 1) => "start 1 worker".to_owned(),
        (None, workers) => format!("start {workers} workers"),
    };
    let mut text = format!("\n  Last decision, {ago}: {what}, because");
    for reason in &decision.reasons {
        let _ = write!(text, "\n  - {}", cell(&reason.text));
    }
    let advice: BTreeSet<&str> =
        decision.reasons.iter().filter_map(|reason| reason.advice).collect();
    for advice in advice {
        let _ = write!(text, "\n  What helps: {advice}.");
    }
    text
}

/// The latest last.
fn events(report: &Report) -> String {
    let mut table = output::table(&["WHEN", "WHAT"]);
    for event in &report.events {
        table.add_row([clock::rfc3339(event.at), cell(&event.text)]);
    }
    let text = output::text(&table);
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
