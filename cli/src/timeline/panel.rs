//! Panels of the page: each an SVG of its own on the same axis of time.

use std::fmt::Write;

use super::{
    axis::{LEFT, RIGHT, Time, Values},
    picture::{Bar, Points},
};
use crate::clock::Millis;

/// The height of a plot, of a row, and of what stands below; pixels.
const PLOT: f64 = 120.0;
const ROW: f64 = 22.0;
const TOP: f64 = 10.0;
const BELOW: f64 = 26.0;
const WIDTH: f64 = 1000.0;
/// Launches that are drawn beside each other; more share the last row.
const MAX_LANES: usize = 24;

/// A panel that is being drawn.
pub(super) struct Panel {
    id: &'static str,
    time: Time,
    height: f64,
    body: String,
}

/// Text as it may stand in a page.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other if other.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

impl Panel {
    fn new(id: &'static str, time: Time, height: f64) -> Self {
        let mut panel = Self { id, time, height, body: String::new() };
        for (at, words) in time.marks() {
            let (x, end, base) = (time.x(at), TOP + height, TOP + height + 16.0);
            let _ = write!(
                panel.body,
                "<path class=\"grid\" d=\"M{x:.1} {TOP}V{end}\"/>\
                 <text x=\"{x:.1}\" y=\"{base}\" text-anchor=\"middle\">{words}</text>"
            );
        }
        panel
    }

    /// A panel for values of up to `most`.
    pub(super) fn of_values(id: &'static str, time: Time, most: u64) -> (Self, Values) {
        let mut panel = Self::new(id, time, PLOT);
        let values = Values::new(most, PLOT);
        for mark in values.marks() {
            let y = TOP + values.y(mark);
            let (x, base) = (LEFT - 8.0, y + 4.0);
            let _ = write!(
                panel.body,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>\
                 <text x=\"{x}\" y=\"{base:.1}\" text-anchor=\"end\">{mark}</text>"
            );
        }
        (panel, values)
    }

    /// Values that hold until the next one, from 0 on.
    pub(super) fn steps(&mut self, class: &str, name: &str, values: Values, points: &Points) {
        let mut path = format!("M{LEFT} {:.1}", TOP + values.y(0));
        for (at, value) in points {
            let _ = write!(path, "H{:.1}V{:.1}", self.time.x(*at), TOP + values.y(*value));
        }
        let _ = write!(
            self.body,
            "<path class=\"line {class}\" d=\"{path}H{RIGHT}\"><title>{name}</title></path>"
        );
    }

    /// A line up from the ground for each value.
    pub(super) fn stems(&mut self, class: &str, what: &str, values: Values, points: &Points) {
        let base = TOP + values.y(0);
        for (at, value) in points {
            let (x, y) = (self.time.x(*at), TOP + values.y(*value));
            let _ = write!(
                self.body,
                "<path class=\"stem {class}\" d=\"M{x:.1} {base:.1}V{y:.1}\">\
                 <title>{value} {what}</title></path>"
            );
        }
    }

    /// A row for each name, with a mark for each time.
    pub(super) fn of_rows<'a>(
        id: &'static str,
        time: Time,
        rows: impl ExactSizeIterator<Item = (&'a String, &'a Vec<(Millis, String)>)>,
    ) -> Self {
        let mut panel = Self::new(id, time, rows.len().max(1) as f64 * ROW);
        for (row, (name, marks)) in rows.enumerate() {
            let y = TOP + (row as f64 + 0.5) * ROW;
            let (x, base) = (LEFT - 8.0, y + 4.0);
            let _ = write!(
                panel.body,
                "<text x=\"{x}\" y=\"{base:.1}\" text-anchor=\"end\">{}</text>\
                 <path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>",
                escaped(name)
            );
            for (at, line) in marks {
                let x = time.x(*at);
                let _ = write!(
                    panel.body,
                    "<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\">\
                     <title>{}</title></circle>",
                    escaped(line)
                );
            }
        }
        panel
    }

    /// Launches as bars, those that overlap beside each other.
    pub(super) fn of_bars(id: &'static str, time: Time, bars: &[Bar]) -> Self {
        let mut free: Vec<Millis> = Vec::new();
        let mut placed = Vec::new();
        for bar in bars {
            let end = bar.to.unwrap_or(time.to);
            let lane = free.iter().position(|until| *until <= bar.from);
            let lane = lane.unwrap_or(free.len()).min(MAX_LANES - 1);
            if lane == free.len() {
                free.push(end);
            } else {
                free[lane] = free[lane].max(end);
            }
            placed.push((lane, bar, end));
        }
        let mut panel = Self::new(id, time, free.len().max(1) as f64 * ROW);
        for (lane, bar, end) in placed {
            let (x, y) = (time.x(bar.from), TOP + lane as f64 * ROW + 3.0);
            let (width, height) = ((time.x(end) - x).max(3.0), ROW - 6.0);
            let class = match (bar.to, bar.is_well) {
                (None, _) => "open",
                (_, true) => "well",
                (_, false) => "ill",
            };
            let _ = write!(
                panel.body,
                "<rect class=\"bar {class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
                 height=\"{height}\"><title>{}</title></rect>",
                escaped(&bar.words())
            );
        }
        panel
    }

    /// The whole panel, with a title and a sentence for those who do not see it.
    pub(super) fn finish(self, title: &str, says: &str) -> String {
        let Self { id, height, body, .. } = self;
        let (title, says) = (escaped(title), escaped(says));
        let full = TOP + height + BELOW;
        format!(
            "<figure><figcaption><b>{title}</b> {says}</figcaption>\
             <svg viewBox=\"0 0 {WIDTH} {full}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{says}</desc>{body}</svg></figure>\n"
        )
    }
}

impl Bar {
    fn words(&self) -> String {
        let Self { workers, started, group, .. } = self;
        let end = match self.to {
            None => "under way".to_owned(),
            Some(to) => {
                let took = crate::clock::span(crate::clock::since(self.from, to));
                format!("{started} started, after {took}")
            }
        };
        format!("{workers} requested for {group}: {end}")
    }
}
