//! The page around the panels.

use std::fmt::Write;

use super::{
    axis::Time,
    panel::{Panel, escaped},
    picture::{Picture, Points},
};
use wci_history::{History, sentences};

use crate::clock;

const STYLE: &str = include_str!("style.css");
/// Sentences in the table at the most, the latest.
const MAX_ROWS: usize = 5_000;

/// The whole page.
pub(super) fn write(history: &History, picture: &Picture) -> String {
    let name = history.id.as_ref().map_or_else(|| "an instance".to_owned(), ToString::to_string);
    let name = escaped(&name);
    let (from, to) = (clock::rfc3339(picture.from), clock::rfc3339(picture.to));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>{name}: timeline</title><style>\n{STYLE}</style></head>\n<body><main>\
         <h1>{name}</h1><p class=\"soft\">From {from} to {to}. Times are in UTC.</p>\n"
    );
    for panel in panels(picture) {
        page.push_str(&panel);
    }
    page.push_str(&table(history));
    page.push_str("</main></body></html>\n");
    page
}

fn panels(picture: &Picture) -> [String; 4] {
    let time = Time { from: picture.from, to: picture.to };
    [
        backlog(picture, time),
        workers(picture, time),
        launches(picture, time),
        reasons(picture, time),
    ]
}

fn most(of: &[&Points]) -> u64 {
    of.iter().flat_map(|points| points.iter()).map(|(_, value)| *value).max().unwrap_or(0)
}

fn backlog(picture: &Picture, time: Time) -> String {
    let Picture { backlog, announced, .. } = picture;
    let (mut panel, values) = Panel::of_values("backlog", time, most(&[backlog, announced]));
    panel.steps("s0", "tasks that wait", values, backlog);
    panel.stems("s1", "announced tasks found no worker", values, announced);
    let misses: u64 = announced.iter().map(|(_, misses)| misses).sum();
    let says = format!(
        "The line: waiting tasks when the task queue stats were read, {} at the most. The stems: \
         announced tasks that found no worker, {misses} in all.",
        most(&[backlog])
    );
    panel.finish("Tasks", &says)
}

fn workers(picture: &Picture, time: Time) -> String {
    let Picture { in_flight, started, seen, .. } = picture;
    let (mut panel, values) = Panel::of_values("workers", time, most(&[in_flight, started, seen]));
    panel.steps("s2", "workers started since the beginning", values, started);
    panel.steps("s1", "workers in launches under way", values, in_flight);
    let mut says = format!(
        "Solid: workers started since the beginning, {}. Dashed: workers in launches under \
         way, {} at the most.",
        most(&[started]),
        most(&[in_flight])
    );
    if !seen.is_empty() {
        panel.steps("s3", "workers seen polling", values, seen);
        let _ = write!(says, " Dotted: workers seen polling, {} at the most.", most(&[seen]));
    }
    panel.finish("Workers", &says)
}

fn launches(picture: &Picture, time: Time) -> String {
    let bars = &picture.launches;
    let well = bars.iter().filter(|bar| bar.is_well).count();
    let says = match bars.len() {
        0 => "No launches.".to_owned(),
        1 => {
            format!("One launch, from its request to its outcome; {well} succeeded.")
        }
        launches => format!(
            "{launches} launches, each from its request to its outcome; {well} succeeded. Those that \
             did not have a broken outline."
        ),
    };
    Panel::of_bars("launches", time, bars).finish("Invocations", &says)
}

fn reasons(picture: &Picture, time: Time) -> String {
    let says = match picture.reasons.is_empty() {
        true => "No decisions.",
        false => "When each reason was given for a decision.",
    };
    Panel::of_rows("reasons", time, picture.reasons.iter()).finish("Reasons", says)
}

/// The same in sentences.
fn table(history: &History) -> String {
    let sentences = sentences(&history.events);
    let skipped = sentences.len().saturating_sub(MAX_ROWS);
    let mut table = String::from(
        "<h2>In sentences</h2><table><thead><tr><th scope=\"col\">When</th>\
         <th scope=\"col\">About</th><th scope=\"col\">What</th></tr></thead><tbody>\n",
    );
    for sentence in sentences.iter().skip(skipped) {
        let at = clock::rfc3339(sentence.at);
        let (kind, text) = (sentence.kind, escaped(&sentence.text));
        let _ = writeln!(
            table,
            "<tr><td><time datetime=\"{at}\">{at}</time></td><td>{kind}</td><td>{text}</td></tr>"
        );
    }
    table.push_str("</tbody></table>");
    if skipped > 0 {
        let _ = write!(table, "<p>{skipped} earlier sentences are left out.</p>");
    }
    table
}
