//! Prints results to stdout, as a table or as JSON, and everything else to stderr. Nothing that
//! came from outside reaches a terminal unescaped.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use wci_contract::{printable, printable_lines};

/// Output format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// Text for people.
    #[default]
    Table,
    /// JSON for programs.
    Json,
}

/// Prints one line. A closed pipe is no error.
pub(crate) fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", printable(&line.to_string()));
}

/// Prints lines. Whatever came from outside is on one line already, as [`cell`] puts it.
pub(crate) fn say_lines(text: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", printable_lines(&text.to_string()));
}

/// Prints one line to stderr.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(&line.to_string()));
}

/// Prints to stderr, on one line, why a command failed.
pub fn error(error: &anyhow::Error) {
    note(format_args!("error: {error:#}"));
}

/// Text from outside, on one line.
pub(crate) fn cell(text: impl AsRef<str>) -> String {
    printable(text.as_ref()).into_owned()
}

/// Prints `value` as JSON, which has escapes of its own.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let result = serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from);
    match result.and_then(|()| writeln!(out)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// A table without frames, as the `temporal` CLI prints it.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec());
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// The text of a table, without trailing spaces.
pub(crate) fn text(table: &Table) -> String {
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
