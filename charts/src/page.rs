//! The page around panels and tables.

use std::fmt::Write;

use crate::{escape::escaped, panel::Panel, table::Table};

const STYLE: &str = include_str!("style.css");

/// A page in progress. Every text is plain text.
#[derive(Debug, Clone)]
pub struct Page {
    html: String,
}

impl Page {
    /// A page with a title for the browser and a heading.
    ///
    /// Its content security policy permits its own stylesheet and nothing else.
    pub fn new(title: &str, heading: &str) -> Self {
        let (title, heading) = (escaped(title), escaped(heading));
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <title>{title}</title>\n<style>\n{STYLE}</style></head>\n<body><main>\n\
             <h1>{heading}</h1>\n"
        );
        Self { html }
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: &str) {
        let _ = writeln!(self.html, "<h2>{}</h2>", escaped(text));
    }

    /// Adds a paragraph.
    pub fn text(&mut self, text: &str) {
        let _ = writeln!(self.html, "<p>{}</p>", escaped(text));
    }

    /// Adds a paragraph that matters less.
    pub fn note(&mut self, text: &str) {
        let _ = writeln!(self.html, "<p class=\"note\">{}</p>", escaped(text));
    }

    /// Adds text whose lines stay as they are.
    pub fn preformatted(&mut self, text: &str) {
        let _ = writeln!(self.html, "<pre>{}</pre>", escaped(text));
    }

    /// Adds a panel.
    pub fn panel(&mut self, panel: &Panel<'_>) {
        self.html.push_str(&panel.draw());
    }

    /// Adds a table.
    pub fn table<const N: usize>(&mut self, table: Table<N>) {
        self.html.push_str(&table.finish());
    }

    /// The whole page.
    pub fn finish(mut self) -> String {
        self.html.push_str("</main></body></html>\n");
        self.html
    }
}
