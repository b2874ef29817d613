//! A table of the page.

use std::fmt::Write;

use crate::escape::escaped;

/// A table of `N` columns; where it is wider than the page, it scrolls by itself.
#[derive(Debug, Clone)]
pub struct Table<const N: usize> {
    html: String,
    has_row_heads: bool,
}

impl<const N: usize> Table<N> {
    /// A table whose columns are texts.
    pub fn of_text(heads: [&str; N]) -> Self {
        Self::new("text", heads, false)
    }

    /// A table whose first column names the row, and whose other columns are numbers.
    pub fn of_numbers(heads: [&str; N]) -> Self {
        Self::new("numbers", heads, true)
    }

    fn new(class: &str, heads: [&str; N], has_row_heads: bool) -> Self {
        let mut html = format!("<div class=\"scroll\"><table class=\"{class}\"><thead><tr>");
        for head in heads {
            let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(head));
        }
        html.push_str("</tr></thead><tbody>\n");
        Self { html, has_row_heads }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [&str; N]) {
        self.html.push_str("<tr>");
        for (nth, cell) in cells.into_iter().enumerate() {
            let cell = escaped(cell);
            let _ = match self.has_row_heads && nth == 0 {
                true => write!(self.html, "<th scope=\"row\">{cell}</th>"),
                false => write!(self.html, "<td>{cell}</td>"),
            };
        }
        self.html.push_str("</tr>\n");
    }

    pub(crate) fn finish(mut self) -> String {
        self.html.push_str("</tbody></table></div>\n");
        self.html
    }
}
