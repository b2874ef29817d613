//! Recorded arrivals.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::MAX_TASKS;
use crate::{Micros, ParseError};

/// Tasks that arrived together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Recorded {
    /// The time since the first.
    pub(crate) at: Micros,
    pub(crate) count: u32,
    /// The service time of each, if it was recorded.
    pub(crate) service: Option<Micros>,
}

/// The positions of the columns in a line.
struct Columns {
    at: usize,
    count: Option<usize>,
    service: Option<usize>,
}

const COLUMNS: &str = "at_ms, count and service_ms";

pub(super) fn read(name: &str, text: &str) -> Result<Vec<Recorded>, ParseError> {
    let path = || name.to_owned();
    let file = |problem: String| ParseError::File { path: path(), problem };
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| file(error.to_string()))?;
    let columns =
        columns(headers).map_err(|problem| ParseError::Line { path: path(), line: 1, problem })?;
    let mut rows = Vec::new();
    let (mut first, mut last, mut tasks) = (None, 0.0, 0_u32);
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(name, text, &error))?;
        let at_line = |problem: String| ParseError::Line {
            path: path(),
            line: line_of(text, record.position()),
            problem,
        };
        let row = row(&columns, &record).map_err(at_line)?;
        let first = *first.get_or_insert(row.at_ms);
        if row.at_ms < last {
            let problem = format!("at_ms {} is before that of the line above", row.at_ms);
            return Err(at_line(problem));
        }
        last = row.at_ms;
        tasks = tasks.saturating_add(row.count);
        if tasks > MAX_TASKS {
            return Err(at_line(format!("more than {MAX_TASKS} tasks")));
        }
        let at = Micros::from_secs((row.at_ms - first) / 1e3);
        rows.push(Recorded { at, count: row.count, service: row.service });
    }
    if tasks == 0 {
        return Err(file("the file has no tasks".to_owned()));
    }
    Ok(rows)
}

fn columns(headers: &StringRecord) -> Result<Columns, String> {
    let find = |name: &str| headers.iter().position(|header| header == name);
    let stray = headers.iter().find(|header| !["at_ms", "count", "service_ms"].contains(header));
    match (find("at_ms"), stray) {
        (Some(at), None) => Ok(Columns { at, count: find("count"), service: find("service_ms") }),
        (None, _) => Err(format!("no column at_ms: the first line names the columns, {COLUMNS}")),
        (_, Some(stray)) => Err(format!("unknown column `{stray:.60}`: there are {COLUMNS}")),
    }
}

struct Row {
    at_ms: f64,
    count: u32,
    service: Option<Micros>,
}

fn row(columns: &Columns, record: &StringRecord) -> Result<Row, String> {
    let field = |at: usize| record.get(at).unwrap_or_default();
    let time = |name: &str, text: &str| {
        // Exact up to the microsecond for any time since 1970.
        let time: Option<f64> = text.parse().ok().filter(|ms| (0.0..=4e12).contains(ms));
        time.ok_or_else(|| format!("{name} `{text:.60}` is not a number of milliseconds"))
    };
    let count = columns.count.map(|at| {
        let text = field(at);
        text.parse().map_err(|_| format!("count `{text:.60}` is not a whole number"))
    });
    let service = columns.service.map(|at| time("service_ms", field(at)));
    Ok(Row {
        at_ms: time("at_ms", field(columns.at))?,
        count: count.transpose()?.unwrap_or(1),
        service: service.transpose()?.map(|ms| Micros::from_secs(ms / 1e3)),
    })
}

/// The number of the line at `position`. The reader's own number does not count past empty lines.
fn line_of(text: &str, position: Option<&csv::Position>) -> u64 {
    let start = position.map_or(0, csv::Position::byte);
    let start = usize::try_from(start).unwrap_or(usize::MAX).min(text.len());
    let (before, after) = text.as_bytes().split_at(start);
    let empty = after.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let breaks = before.iter().chain(empty).filter(|byte| **byte == b'\n').count();
    u64::try_from(breaks).unwrap_or(u64::MAX).saturating_add(1)
}

fn unreadable(name: &str, text: &str, error: &csv::Error) -> ParseError {
    let path = name.to_owned();
    let line = error.position().map(|position| line_of(text, Some(position)));
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the first line names {expected_len} columns")
        }
        _ => error.to_string(),
    };
    match line {
        Some(line) => ParseError::Line { path, line, problem },
        None => ParseError::File { path, problem },
    }
}
