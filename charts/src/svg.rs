//! The SVG of a panel: an area for what is drawn, and ticks around it.
//!
//! Horizontal places are percentages, vertical places are pixels. So the drawing follows the width
//! of the page while its text keeps its size.

use std::fmt::Write;

use crate::{axis::Axis, escape::escaped};

/// Space above the area, with and without a name of the vertical axis, and below it; pixels.
const NAMED: f64 = 20.0;
const UNNAMED: f64 = 4.0;
const BELOW: f64 = 38.0;

/// A drawing in progress; its vertical places begin at the top of the area.
pub(crate) struct Drawing {
    above: f64,
    height: f64,
    pub(crate) body: String,
}

/// A share of the width, as SVG has it.
pub(crate) fn across(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

impl Drawing {
    /// An area `height` pixels high on a horizontal axis.
    pub(crate) fn new(x: &Axis, height: f64) -> Self {
        let mut drawing = Self { above: UNNAMED, height, body: String::new() };
        for (nth, tick) in x.ticks.iter().enumerate() {
            let place = across(x.place(tick.at));
            // Where the page is narrow, the stylesheet hides every second label.
            let class = if nth % 2 == 1 { " class=\"second\"" } else { "" };
            let _ = write!(
                drawing.body,
                "<line class=\"grid\" x1=\"{place}\" x2=\"{place}\" y1=\"0\" y2=\"{height}\"/>\
                 <text{class} x=\"{place}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                height + 16.0,
                escaped(&tick.label)
            );
        }
        drawing.text("name", "100%", height + 33.0, "end", &x.name);
        drawing
    }

    /// Adds a vertical axis.
    pub(crate) fn add_axis(&mut self, y: &Axis) {
        self.above = NAMED;
        for tick in &y.ticks {
            let place = self.height * (1.0 - y.place(tick.at));
            self.add_rule(place);
            self.text("tick", "-8", place + 4.0, "end", &tick.label);
        }
        self.text("name", "0", -8.0, "start", &y.name);
    }

    /// Adds a line from one side to the other.
    pub(crate) fn add_rule(&mut self, y: f64) {
        let _ = write!(
            self.body,
            "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
        );
    }

    pub(crate) fn text(&mut self, class: &str, x: &str, y: f64, anchor: &str, text: &str) {
        let _ = write!(
            self.body,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(text)
        );
    }

    /// The whole SVG, named and described for screen readers. `id` is unique in the page.
    pub(crate) fn finish(self, id: &str, title: &str, description: &str) -> String {
        let Self { above, height, body } = self;
        let full = above + height + BELOW;
        format!(
            "<svg class=\"drawing\" width=\"100%\" height=\"{full}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title>\
             <desc id=\"{id}-d\">{}</desc><svg class=\"area\" y=\"{above}\">{body}</svg></svg>",
            escaped(title),
            escaped(description)
        )
    }
}
