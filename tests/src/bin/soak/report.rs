//! The table.

use std::fmt::Display;

use crate::arguments::Arguments;

/// One thing that was checked or counted.
#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    expected: String,
    found: String,
    holds: bool,
}

impl Row {
    fn new(what: &str, expected: String, found: &dyn Display, holds: bool) -> Self {
        Self { what: what.to_owned(), expected, found: found.to_string(), holds }
    }

    /// Something that is reported, whatever it is.
    pub(crate) fn seen(what: &str, found: &dyn Display) -> Self {
        Self::new(what, String::new(), found, true)
    }

    pub(crate) fn exactly<T: Display + PartialEq>(what: &str, expected: T, found: T) -> Self {
        Self::new(what, expected.to_string(), &found, found == expected)
    }

    pub(crate) fn at_most<T: Display + PartialOrd>(what: &str, most: T, found: T) -> Self {
        Self::new(what, format!("at most {most}"), &found, found <= most)
    }

    pub(crate) fn at_least<T: Display + PartialOrd>(what: &str, least: T, found: T) -> Self {
        Self::new(what, format!("at least {least}"), &found, found >= least)
    }

    pub(crate) fn holds(&self) -> bool {
        self.holds
    }
}

/// Prints the rows as a table in Markdown.
pub(crate) fn print(arguments: &Arguments, rows: &[Row]) {
    println!("\n{} minutes, seed {}\n", arguments.minutes, arguments.seed);
    println!("| what | expected | found | |\n| --- | --- | --- | --- |");
    for Row { what, expected, found, holds } in rows {
        let verdict = match (expected.is_empty(), holds) {
            (true, _) => "",
            (false, true) => "ok",
            (false, false) => "**wrong**",
        };
        println!("| {what} | {expected} | {found} | {verdict} |");
    }
}
