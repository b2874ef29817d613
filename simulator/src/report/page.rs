//! The page: a table of numbers, then charts, reasons and settings.

use wci_charts::{Axis, Colour, Content, Kind, Page, Panel, Plot, Series, Table, count};

use super::{
    Comparison,
    columns::{HEADER, row, seconds},
};
use crate::{Point, Run};

pub(super) fn write(comparison: &Comparison) -> String {
    let (traffic, runs) = (comparison.traffic(), &comparison.runs);
    let mut page = Page::new(&format!("wci simulate: {traffic}"), &traffic);
    add_summary(&mut page, comparison);
    page.table(numbers(runs));
    add_charts(&mut page, runs);
    page.heading("Reasons");
    page.table(reasons(runs));
    page.heading("Settings");
    page.preformatted(&settings(comparison));
    page.finish()
}

fn add_summary(page: &mut Page, comparison: &Comparison) {
    let (ideal, scenario) = (&comparison.ideal, &comparison.scenario);
    let arrived = comparison.runs.first().map_or(0, |run| run.tasks.arrived);
    page.text(&format!(
        "{} tasks, {} of work, workers with {} slots. The ideal, in which no task waits longer \
         than {}, starts {} workers that live {} in total.",
        count(arrived),
        seconds(ideal.work_seconds),
        scenario.workers.slots,
        scenario.target,
        count(ideal.workers.into()),
        seconds(ideal.worker_seconds),
    ));
    page.note(&format!("wci {}, seed {}", comparison.build(), scenario.seed));
}

fn numbers(runs: &[Run]) -> Table<{ HEADER.len() }> {
    let mut table = Table::of_numbers(HEADER);
    for run in runs {
        table.row(row(run).each_ref().map(String::as_str));
    }
    table
}

fn reasons(runs: &[Run]) -> Table<3> {
    let mut table = Table::of_text(["algorithm", "decisions", "how often each reason was given"]);
    for run in runs {
        let given = run.control.reasons.iter();
        let given: Vec<String> = given.map(|(name, times)| format!("{name} {times}")).collect();
        table.row([run.contender.name(), &count(run.control.decisions), &given.join(", ")]);
    }
    table
}

fn add_charts(page: &mut Page, runs: &[Run]) {
    let end = end_of(runs);
    let time = Axis::elapsed("simulated time", end);
    let mut over_time = |id, title, caption: &str, y_name, value: fn(&Point) -> u64| {
        let series = series(runs, Kind::Step, |run| over_time(run, end, value));
        let content = Content::Plot(Plot::of_counts(y_name, series));
        page.panel(&Panel { id, title, caption: caption.to_owned(), x: &time, content });
    };
    over_time("backlog", "Backlog", "Tasks waiting for a worker.", "tasks", |point| point.waiting);
    over_time(
        "workers",
        "Workers",
        "Workers starting, polling or finishing.",
        "workers",
        |point| point.workers.into(),
    );
    over_time("started", "Starts", "Workers started so far.", "workers", |point| point.started);
    let share = Axis::percent("tasks");
    page.panel(&queue_time(runs, &share));
}

/// The chart of the queue times, from the shortest to the longest.
fn queue_time<'a>(runs: &[Run], x: &'a Axis) -> Panel<'a> {
    let series = series(runs, Kind::Line, |run| {
        let curve = run.queue_time_ms.curve.iter().zip(0_u32..);
        curve.map(|(wait, nth)| (f64::from(nth) / 2.0, *wait)).collect()
    });
    let most = runs.iter().fold(0.0, |most: f64, run| most.max(run.queue_time_ms.max));
    let content = Content::Plot(Plot { y: Axis::log_time("queue time", most), series });
    let caption = "The longest that this share of the tasks waited.".to_owned();
    Panel { id: "queue-time", title: "Queue time", caption, x, content }
}

fn series(runs: &[Run], kind: Kind, points: impl Fn(&Run) -> Vec<(f64, f64)>) -> Vec<Series> {
    let series = runs.iter().enumerate().map(|(nth, run)| Series {
        name: run.contender.name().to_owned(),
        kind,
        colour: Colour::nth(nth),
        points: points(run),
    });
    series.collect()
}

/// The end of the time axis, milliseconds: a while after the last task completed.
fn end_of(runs: &[Run]) -> f64 {
    let last = |run: &Run| {
        let is_busy = |point: &Point| point.waiting + point.running > 0;
        let busy = run.timeline.points.iter().rposition(is_busy).unwrap_or_default();
        let end = u32::try_from(busy + 1).unwrap_or(u32::MAX);
        f64::from(end) * run.timeline.every.as_ms() * 1.1
    };
    runs.iter().fold(0.0, |end: f64, run| end.max(last(run)))
}

fn over_time(run: &Run, end: f64, value: fn(&Point) -> u64) -> Vec<(f64, f64)> {
    let every = run.timeline.every.as_ms();
    let points = run.timeline.points.iter().zip(0_u32..);
    let points = points.map(|(point, nth)| (f64::from(nth) * every, value(point) as f64));
    points.take_while(|(at, _)| *at <= end).collect()
}

/// Everything that is needed to repeat the simulation.
fn settings(comparison: &Comparison) -> String {
    let contenders: Vec<_> = comparison.runs.iter().map(|run| &run.contender).collect();
    let all = serde_json::json!({ "scenario": comparison.scenario, "algorithms": contenders });
    serde_json::to_string_pretty(&all).unwrap_or_default()
}
