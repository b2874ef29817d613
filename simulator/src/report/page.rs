//! The page: the numbers in a table, then plots.

use std::fmt::Write;

use super::{
    Comparison,
    axis::Axis,
    chart::{Chart, Line},
    words::{count, seconds, span},
};
use crate::{Point, Run};

const STYLE: &str = include_str!("style.css");

pub(super) fn write(comparison: &Comparison) -> String {
    let mut page = String::with_capacity(1 << 17);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>wci simulate: {0}</title>\n<style>\n{STYLE}</style></head><body><main>\n\
         <h1>{0}</h1>\n",
        escaped(&comparison.traffic())
    );
    summary(&mut page, comparison);
    table(&mut page, &comparison.runs);
    for chart in charts(&comparison.runs) {
        chart.draw(&mut page);
    }
    reasons(&mut page, &comparison.runs);
    settings(&mut page, comparison);
    page.push_str("</main></body></html>\n");
    page
}

fn summary(page: &mut String, comparison: &Comparison) {
    let (ideal, scenario) = (&comparison.ideal, &comparison.scenario);
    let arrived = comparison.runs.first().map_or(0, |run| run.tasks.arrived);
    let _ = writeln!(
        page,
        "<p>{} tasks, {} of work, workers with {} slots. The ideal, with no task waiting longer \
         than {}, starts {} workers that live {} together.</p>\
         <p class=\"build\">wci {}, seed {}</p>",
        count(arrived),
        seconds(ideal.work_seconds),
        scenario.workers.slots,
        scenario.target,
        count(ideal.workers.into()),
        seconds(ideal.worker_seconds),
        escaped(&comparison.build()),
        scenario.seed,
    );
}

fn table(page: &mut String, runs: &[Run]) {
    page.push_str(
        "<table><thead><tr><th>algorithm<th>queue time p50<th>p95<th>p99<th>worker-seconds\
         <th>of the ideal<th>invocations<th>throttled<th>refused<th>most workers<th>drained after\
         </tr></thead><tbody>\n",
    );
    for run in runs {
        let (wait, starts) = (&run.queue_time_ms, &run.invocations);
        let left = run.tasks.arrived - run.tasks.done;
        let drained = run.drained_after_ms.map_or_else(|| format!("{} left", count(left)), span);
        let _ = writeln!(
            page,
            "<tr><th>{}<td>{}<td>{}<td>{}<td>{:.0}<td>{:.2}<td>{}<td>{}<td>{}<td>{}<td>{drained}\
             </tr>",
            run.contender.name(),
            span(wait.p50),
            span(wait.p95),
            span(wait.p99),
            run.workers.seconds,
            run.workers.to_ideal,
            count(starts.asked),
            count(starts.throttled),
            count(starts.refused),
            count(run.workers.peak.into()),
        );
    }
    page.push_str("</tbody></table>\n");
}

fn charts(runs: &[Run]) -> [Chart<'_>; 4] {
    let end = end_of(runs);
    let over_time = |title, says, y_name, value: fn(&Point) -> u64| {
        let lines: Vec<Line<'_>> = runs.iter().map(|run| line_of(run, end, value)).collect();
        let all = lines.iter().flat_map(|line| &line.points);
        let most = all.fold(0.0, |most: f64, (_, y)| most.max(*y));
        let (x, y) = (Axis::time("simulated time", end), Axis::even(y_name, most));
        Chart { title, says, x, y, x_words: time, y_words: whole, lines }
    };
    [
        over_time("Waiting", "Tasks that wait for a worker.", "tasks", |point| point.waiting),
        over_time("Workers", "Workers that start, poll or finish.", "workers", |point| {
            point.workers.into()
        }),
        waits(runs),
        over_time("Started", "Workers started so far.", "workers", |point| point.started),
    ]
}

/// When there is no more to see, seconds: a while after the last task was done.
fn end_of(runs: &[Run]) -> f64 {
    let last = |run: &Run| {
        let is_busy = |point: &Point| point.waiting + point.running > 0;
        let busy = run.timeline.points.iter().rposition(is_busy).unwrap_or_default();
        let end = u32::try_from(busy + 1).unwrap_or(u32::MAX);
        f64::from(end) * run.timeline.every.as_secs() * 1.1
    };
    runs.iter().fold(0.0, |end: f64, run| end.max(last(run)))
}

fn line_of(run: &Run, end: f64, value: fn(&Point) -> u64) -> Line<'_> {
    let every = run.timeline.every.as_secs();
    let points = run.timeline.points.iter().zip(0_u32..);
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    let points = points.map(|(point, nth)| (f64::from(nth) * every, value(point) as f64));
    let mut points: Vec<(f64, f64)> = points.take_while(|(at, _)| *at <= end).collect();
    let last = points.last().copied();
    points.extend(last.map(|(_, value)| (end, value)));
    Line { name: run.contender.name(), points, is_stepped: true }
}

/// How long tasks waited, from those that waited least to those that waited most.
fn waits(runs: &[Run]) -> Chart<'_> {
    let line = |run: &'_ Run| {
        let curve = run.queue_time_ms.curve.iter().zip(0_u32..);
        let points = curve.map(|(wait, nth)| (f64::from(nth) / 2.0, *wait)).collect();
        (run.contender.name(), points)
    };
    let lines = runs.iter().map(line);
    let lines: Vec<Line<'_>> =
        lines.map(|(name, points)| Line { name, points, is_stepped: false }).collect();
    let most = runs.iter().fold(0.0, |most: f64, run| most.max(run.queue_time_ms.max));
    Chart {
        title: "Queue time",
        says: "This share of the tasks waited no longer.",
        x: Axis::even("tasks", 100.0),
        y: Axis::powers("queue time", 1.0, most),
        x_words: |share| format!("{share:.0} %"),
        y_words: span,
        lines,
    }
}

fn time(secs: f64) -> String {
    match secs {
        secs if secs <= 0.0 => "0".to_owned(),
        secs if secs < 1.0 => format!("{:.0} ms", secs * 1e3),
        secs if secs < 120.0 && secs.fract() > 0.0 => format!("{secs:.1} s"),
        secs if secs < 120.0 => format!("{secs:.0} s"),
        secs if secs < 7_200.0 => format!("{:.0} min", secs / 60.0),
        secs => format!("{:.0} h", secs / 3_600.0),
    }
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn reasons(page: &mut String, runs: &[Run]) {
    page.push_str("<h2>Reasons</h2>\n<table><thead><tr><th>algorithm<th>decisions<th>how often each reason was given</tr></thead><tbody>\n");
    for run in runs {
        let given = run.control.reasons.iter();
        let given: Vec<String> = given.map(|(name, times)| format!("{name} {times}")).collect();
        let decisions = count(run.control.decisions);
        let _ = writeln!(
            page,
            "<tr><th>{}<td>{decisions}<td class=\"words\">{}</tr>",
            run.contender.name(),
            given.join(", ")
        );
    }
    page.push_str("</tbody></table>\n");
}

/// Everything that is needed to repeat it.
fn settings(page: &mut String, comparison: &Comparison) {
    let contenders: Vec<_> = comparison.runs.iter().map(|run| &run.contender).collect();
    let all = serde_json::json!({ "scenario": comparison.scenario, "algorithms": contenders });
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    let _ = writeln!(page, "<h2>Settings</h2>\n<pre>{}</pre>", escaped(&text));
}

/// `text` with what HTML takes for its own written otherwise.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
