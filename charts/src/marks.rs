//! When things happened: a row for each kind, a mark for each time.

use std::fmt::Write;

use crate::{
    axis::Axis,
    escape::push_title,
    legend::Colour,
    svg::{Drawing, across},
};

/// The height of a row, which has its name above its marks; pixels.
const ROW: f64 = 34.0;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// When.
    pub at: f64,
    /// What it was, for the pointer.
    pub words: String,
}

/// Things of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What they have in common.
    pub name: String,
    /// When they happened.
    pub marks: Vec<Mark>,
}

/// Rows of marks.
#[derive(Debug, Clone)]
pub struct Marks {
    /// What a mark stands for.
    pub name: String,
    /// The rows, from the top.
    pub rows: Vec<Row>,
}

impl Marks {
    pub(crate) fn draw(&self, x: &Axis) -> Drawing {
        let mut drawing = Drawing::new(x, self.rows.len().max(1) as f64 * ROW);
        let class = Colour::Blue.class();
        for (nth, row) in self.rows.iter().enumerate() {
            let top = nth as f64 * ROW;
            let y = top + 24.0;
            drawing.add_rule(y);
            for mark in &row.marks {
                let place = across(x.place(mark.at));
                let _ = write!(
                    drawing.body,
                    "<circle class=\"mark {class}\" cx=\"{place}\" cy=\"{y}\" r=\"4\">"
                );
                let words = format!("{}: {}", x.describe(mark.at), mark.words);
                push_title(&mut drawing.body, &words);
                drawing.body.push_str("</circle>");
            }
            drawing.text("name", "4", top + 13.0, "start", &row.name);
        }
        drawing
    }
}
