//! The panels of the page, and all events in a table.

use wci_charts::{
    Axis, Bars, Colour, Content, Kind, Mark, Marks, Page, Panel, Plot, Row, Series, Table,
};
use wci_history::{History, sentences};

use super::data::{Launch, Points, TimelineData};
use crate::clock::{self, Millis};

/// Limit of events in the table; the latest are shown.
const MAX_ROWS: usize = 5_000;

/// The whole page.
pub(super) fn write(history: &History, data: &TimelineData) -> String {
    let name = history.id.as_ref().map_or_else(|| "an instance".to_owned(), ToString::to_string);
    let (from, to) = (clock::rfc3339(data.from), clock::rfc3339(data.to));
    let mut page = Page::new(&format!("{name}: timeline"), &name);
    page.note(&format!("From {from} to {to}. All times are in UTC."));
    let x = Axis::utc(data.from, data.to);
    page.panel(&backlog(data, &x));
    page.panel(&workers(data, &x));
    page.panel(&invocations(data, &x));
    page.panel(&reasons(data, &x));
    add_events(&mut page, history);
    page.finish()
}

fn series(name: &str, kind: Kind, colour: Colour, points: &Points) -> Series {
    let points = points.iter().map(|(at, value)| (*at as f64, *value as f64)).collect();
    Series { name: name.to_owned(), kind, colour, points }
}

fn max_of(points: &Points) -> u64 {
    points.iter().map(|(_, value)| *value).max().unwrap_or(0)
}

fn backlog<'a>(data: &TimelineData, x: &'a Axis) -> Panel<'a> {
    let TimelineData { backlog, announced, .. } = data;
    let misses: u64 = announced.iter().map(|(_, misses)| misses).sum();
    let read = match backlog.is_empty() {
        true => "The backlog was never read".to_owned(),
        false => format!("The backlog whenever it was read, at most {}", max_of(backlog)),
    };
    let caption = format!("{read}; announced tasks that found no worker, {misses} in all.");
    let series = vec![
        series("backlog", Kind::Step, Colour::Blue, backlog),
        series("announced tasks that found no worker", Kind::Stem, Colour::Orange, announced),
    ];
    let content = Content::Plot(Plot::of_counts("tasks", series));
    Panel { id: "backlog", title: "Tasks", caption, x, content }
}

fn workers<'a>(data: &TimelineData, x: &'a Axis) -> Panel<'a> {
    let TimelineData { in_flight, started, seen, .. } = data;
    let mut caption = format!(
        "Workers started since the beginning, {}; workers in launches in progress, at most {}",
        max_of(started),
        max_of(in_flight)
    );
    let mut lines = vec![
        series("started", Kind::Step, Colour::Green, started),
        series("in launches in progress", Kind::Step, Colour::Orange, in_flight),
    ];
    if !seen.is_empty() {
        caption.push_str(&format!("; workers seen polling, at most {}", max_of(seen)));
        lines.push(series("seen polling", Kind::Step, Colour::Violet, seen));
    }
    caption.push('.');
    let content = Content::Plot(Plot::of_counts("workers", lines));
    Panel { id: "workers", title: "Workers", caption, x, content }
}

fn invocations<'a>(data: &TimelineData, x: &'a Axis) -> Panel<'a> {
    let launches = &data.launches;
    let well = launches.iter().filter(|launch| launch.is_success).count();
    let caption = match launches.len() {
        0 => "No launches.".to_owned(),
        all => format!(
            "Launches from their request to their outcome: {all}, of which {well} started every \
             worker."
        ),
    };
    let kinds = [
        (Colour::Green, "every worker started"),
        (Colour::Orange, "some or all failed"),
        (Colour::Blue, "in progress"),
    ];
    let kinds = kinds.map(|(colour, name)| (colour, name.to_owned())).into();
    let bars = launches.iter().map(|launch| bar(launch, data.to)).collect();
    let content = Content::Bars(Bars { kinds, bars });
    Panel { id: "invocations", title: "Invocations", caption, x, content }
}

fn bar(launch: &Launch, last: Millis) -> wci_charts::Bar {
    let Launch { workers, started, group, .. } = launch;
    let (colour, end) = match launch.to {
        None => (Colour::Blue, "in progress".to_owned()),
        Some(to) => {
            let took = clock::span(clock::since(launch.from, to));
            let colour = if launch.is_success { Colour::Green } else { Colour::Orange };
            (colour, format!("{started} started, after {took}"))
        }
    };
    wci_charts::Bar {
        from: launch.from as f64,
        to: launch.to.unwrap_or(last) as f64,
        colour,
        words: format!("{workers} requested for {group}: {end}"),
    }
}

fn reasons<'a>(data: &TimelineData, x: &'a Axis) -> Panel<'a> {
    let caption = match data.reasons.is_empty() {
        true => "No decisions.",
        false => "When each reason was given for a decision.",
    };
    let row = |(name, given): (&String, &Vec<(Millis, String)>)| {
        let mark = |(at, line): &(Millis, String)| Mark { at: *at as f64, words: line.clone() };
        Row { name: name.clone(), marks: given.iter().map(mark).collect() }
    };
    let rows = data.reasons.iter().map(row).collect();
    let content = Content::Marks(Marks { name: "decision".to_owned(), rows });
    Panel { id: "reasons", title: "Reasons", caption: caption.to_owned(), x, content }
}

/// The events as text.
fn add_events(page: &mut Page, history: &History) {
    let events = sentences(&history.events);
    let skipped = events.len().saturating_sub(MAX_ROWS);
    let mut table = Table::of_text(["Time", "Kind", "Event"]);
    for event in events.iter().skip(skipped) {
        table.row([&clock::rfc3339(event.at), event.kind, &event.text]);
    }
    page.heading("Events");
    page.table(table);
    if skipped > 0 {
        page.note(&format!("{skipped} earlier events are not shown."));
    }
}
