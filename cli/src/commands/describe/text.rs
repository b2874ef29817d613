//! The report as text.

use std::fmt::Write;

use wci_contract::state::ValidationState;

use super::{
    group::{BackingOff, CrashLoop, GroupReport, LastFailure, NotRegistered, SetReport},
    report::{NotTold, Releasing, Report},
};
use crate::{
    clock::{self, Millis},
    control::Retrying,
    output::{self, cell},
};

/// The report as text, as of `now`.
pub(super) fn of(report: &Report, now: Millis) -> anyhow::Result<String> {
    let mut text = summary(report, now);
    if let Some(spec) = &report.spec {
        write!(text, "\n\nSpec\n{}", indented(spec.to_yaml()?.trim_end()))?;
        write!(text, "\n\nGroups\n{}", groups(&report.groups, now))?;
    }
    if !report.in_flight.is_empty() {
        write!(text, "\n\nLaunches in progress\n{}", in_flight(report, now))?;
    }
    if !report.decisions.is_empty() {
        write!(text, "\n\nRecent decisions\n{}", decisions(report, now))?;
    }
    let version = cell(format!("{}:{}", report.deployment, report.build_id));
    write!(text, "\n\nSee also: wci explain {version}")?;
    Ok(text)
}

fn summary(report: &Report, now: Millis) -> String {
    let lines = [
        ("Version", format!("{}:{}", report.deployment, report.build_id)),
        ("Namespace", report.namespace.clone()),
        ("Run by", format!("{} (task queue {})", report.run_by.as_str(), report.task_queue)),
        (
            "Run",
            format!(
                "{}, started {}, {} events in history",
                report.status,
                clock::relative(report.run_started, now),
                report.history_length
            ),
        ),
        ("Created", created(report, now)),
        ("Server", report.version_status.unwrap_or("does not know this version").to_owned()),
        ("Validation", validation(report)),
        ("Health", health(report)),
        ("Last change by", or_unknown(&report.last_modifier_identity).to_owned()),
        ("Workers started", report.workers_started.to_string()),
        ("Signals", signals(report)),
    ];
    let announcements = report.announcements.map(|it| ("Announcements", it.describe(now)));
    let warnings = report.warnings.iter().map(|warning| ("Warning", warning.clone()));
    let lines = lines.into_iter().chain(announcements).chain(unfinished(report, now));
    let lines = lines.chain(warnings);
    let lines = lines.map(|(name, value)| format!("{name:<16} {}", cell(value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// What is tried until it succeeds, and has not yet.
fn unfinished(report: &Report, now: Millis) -> Vec<(&'static str, String)> {
    let untold = report.server_not_told.iter().map(|NotTold { attempts, next_attempt, message }| {
        let next = clock::relative(*next_attempt, now);
        let text = format!(
            "the server does not know the validation status after {attempts} attempts, next {next}: \
             {message}"
        );
        ("Not done yet", text)
    });
    let releasing = report.releasing.iter().map(|Releasing { group, message }| {
        let separator = if message.is_empty() { "" } else { ": " };
        ("Not done yet", format!("the worker set of {group} is being ended{separator}{message}"))
    });
    let retrying = report.retrying.iter().map(|Retrying { activity, attempt, message }| {
        ("Not done yet", format!("{activity} is at attempt {attempt}, the last failed: {message}"))
    });
    untold.chain(releasing).chain(retrying).collect()
}

fn signals(report: &Report) -> String {
    let Report { signals_waiting, signals_dropped, latest_drop, .. } = report;
    let why = if latest_drop.is_empty() { "" } else { ": " };
    format!("{signals_waiting} waiting, {signals_dropped} dropped{why}{latest_drop}")
}

fn created(report: &Report, now: Millis) -> String {
    report.created.map_or_else(
        || "unknown".to_owned(),
        |at| format!("{} ({})", clock::rfc3339(at), clock::relative(at, now)),
    )
}

fn validation(report: &Report) -> String {
    match &report.validation {
        None => "never".to_owned(),
        Some(state) if !report.validation_trouble.is_empty() => {
            let ValidationState { status, last_validation_time, .. } = state;
            let trouble = &report.validation_trouble;
            format!("{status} ({last_validation_time}), not validated since: {trouble}")
        }
        Some(state) if state.err_message.is_empty() => {
            format!("{} ({})", state.status, state.last_validation_time)
        }
        Some(state) => {
            format!("{} ({}): {}", state.status, state.last_validation_time, state.err_message)
        }
    }
}

fn health(report: &Report) -> String {
    if let Some(problem) = &report.server_problem {
        return problem.clone();
    }
    if report.spec.is_none() {
        return "no compute config yet: create it with `wci apply`".to_owned();
    }
    if report.validation.as_ref().is_some_and(|state| state.status == "failed") {
        return "the compute config is not valid any more, see Validation".to_owned();
    }
    if !report.troubles.is_empty() {
        return report.troubles.join("; ");
    }
    let failing = report.groups.iter().filter(|group| !group.is_healthy());
    let failing: Vec<&str> = failing.map(|group| group.group.as_str()).collect();
    if failing.is_empty() && !report.validation_trouble.is_empty() {
        "the compute config could not be validated again, see Validation".to_owned()
    } else if failing.is_empty() {
        "healthy".to_owned()
    } else {
        format!("failures in {}", failing.join(", "))
    }
}

fn groups(groups: &[GroupReport], now: Millis) -> String {
    let header = ["GROUP", "PROVIDER", "SCALER", "TASK TYPES", "WORKERS", "FAILURES"];
    let mut table = output::table(&header);
    for group in groups {
        let types: Vec<&str> = group.task_types.iter().map(|kind| kind.as_str()).collect();
        table.add_row([
            cell(&group.group),
            cell(&group.provider),
            cell(if group.scaler.is_empty() { "default" } else { &group.scaler }),
            types.join(","),
            workers(group),
            failures(group, now),
        ]);
    }
    indented(&output::text(&table))
}

/// Requested workers whose start is not confirmed, or the size of the worker set.
fn workers(group: &GroupReport) -> String {
    match &group.worker_set {
        None => format!("{} starting", group.in_flight),
        Some(SetReport { wanted, acknowledged: true }) => format!("set of {wanted}"),
        Some(SetReport { wanted, acknowledged: false }) => {
            format!("set of {wanted}, not acknowledged yet")
        }
    }
}

fn failures(group: &GroupReport, now: Millis) -> String {
    let mut lines = Vec::new();
    if let Some(NotRegistered { next_attempt, message, .. }) = &group.not_registered {
        let retry = clock::relative(*next_attempt, now);
        let why = if message.is_empty() { "no worker has polled" } else { message };
        lines.push(format!("not registered, next attempt {retry}: {why}"));
    }
    if let Some(CrashLoop { at, message, .. }) = &group.crash_loop {
        lines.push(format!("{} {message}", clock::relative(*at, now)));
    }
    if let Some(BackingOff { class, failures, until, probing }) = &group.backing_off {
        let failed = format!("{class}, {failures} failures in a row");
        lines.push(match (probing, *until > now) {
            (true, _) => format!("{failed}, probing with one worker"),
            (false, true) => format!("{failed}, retries {}", clock::relative(*until, now)),
            (false, false) => format!("{failed}, retries with the next task"),
        });
    }
    if let Some(LastFailure { at, class, message, .. }) = &group.last_failure {
        lines.push(format!("{} {class}: {message}", clock::relative(*at, now)));
    }
    let lines: Vec<String> = lines.iter().map(cell).collect();
    if lines.is_empty() { "-".to_owned() } else { lines.join("\n") }
}

fn in_flight(report: &Report, now: Millis) -> String {
    let mut table = output::table(&["GROUP", "WORKERS", "SINCE", "LAUNCH"]);
    for launch in &report.in_flight {
        table.add_row([
            cell(&launch.group),
            launch.workers.to_string(),
            clock::relative(launch.since, now),
            cell(&launch.launch_id),
        ]);
    }
    indented(&output::text(&table))
}

/// The decisions, latest first.
fn decisions(report: &Report, now: Millis) -> String {
    let mut table = output::table(&["WHEN", "GROUP", "EVENT", "WORKERS", "DEFERRED", "REASONS"]);
    for decision in report.decisions.iter().rev() {
        table.add_row([
            clock::relative(decision.at, now),
            cell(if decision.group.is_empty() { "-" } else { &decision.group }),
            cell(&decision.event),
            decision
                .set_size
                .map_or_else(|| decision.workers.to_string(), |size| format!("set of {size}")),
            decision.throttled.to_string(),
            cell(decision.reasons.join("; ")),
        ]);
    }
    indented(&output::text(&table))
}

fn or_unknown(name: &str) -> &str {
    if name.is_empty() { "unknown" } else { name }
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {}", line.trim_end()));
    lines.collect::<Vec<_>>().join("\n")
}
