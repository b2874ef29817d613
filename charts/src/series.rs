//! A series of values over an axis.

use std::fmt::Write;

use crate::{
    axis::Axis,
    escape::push_title,
    legend::{Colour, Swatch},
    svg::{Drawing, across},
};

/// Units of the area across, for paths, which know no percentages.
const UNITS: f64 = 1_000.0;
/// Points of one series that answer to the pointer: as many as somebody can aim at.
const SPOTS: f64 = 200.0;

/// How values become a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Each value holds until the next; 0 before the first, the last one to the end of the axis.
    Step,
    /// A straight line from each value to the next.
    Line,
    /// A vertical line for each value.
    Stem,
}

/// A series of values.
#[derive(Debug, Clone)]
pub struct Series {
    /// What the values are, for the legend.
    pub name: String,
    /// How they are drawn.
    pub kind: Kind,
    /// In which colour.
    pub colour: Colour,
    /// Where each value is on the horizontal axis, in order, and the value.
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// The largest value, 0 if there is none.
    pub fn most(&self) -> f64 {
        self.points.iter().fold(0.0, |most, (_, value)| most.max(*value))
    }

    pub(crate) fn swatch(&self) -> Swatch {
        match self.kind {
            Kind::Step | Kind::Line => Swatch::Line,
            Kind::Stem => Swatch::Stem,
        }
    }

    pub(crate) fn draw(&self, drawing: &mut Drawing, x: &Axis, y: &Axis, height: f64) {
        let above = |value: f64| height * (1.0 - y.place(value));
        if self.kind == Kind::Stem {
            return self.draw_stems(drawing, x, y, height);
        }
        let _ = write!(
            drawing.body,
            "<svg class=\"area\" height=\"{height}\" viewBox=\"0 0 {UNITS} {height}\" \
             preserveAspectRatio=\"none\"><path class=\"line {}\" d=\"",
            self.colour.class()
        );
        let mut last = None;
        for (at, value) in &self.points {
            let (at, value) = (UNITS * x.place(*at), above(*value));
            let is_flat = last.is_some_and(|last: f64| (last - value).abs() < 0.05);
            let _ = match (self.kind, last) {
                (Kind::Line, None) => write!(drawing.body, "M{at:.1} {value:.1}"),
                (Kind::Line, Some(_)) => write!(drawing.body, "L{at:.1} {value:.1}"),
                // Where nothing changes, a step is drawn when something does.
                (_, Some(_)) if is_flat => continue,
                (_, None) => write!(drawing.body, "M0 {height:.1}H{at:.1}V{value:.1}"),
                (_, Some(_)) => write!(drawing.body, "H{at:.1}V{value:.1}"),
            };
            last = Some(value);
        }
        if last.is_some() && self.kind == Kind::Step {
            let _ = write!(drawing.body, "H{UNITS}");
        }
        drawing.body.push_str("\">");
        push_title(&mut drawing.body, &self.name);
        drawing.body.push_str("</path></svg>");
        for (at, value) in self.spots(x) {
            let (place, class) = (across(x.place(at)), self.colour.class());
            let _ = write!(
                drawing.body,
                "<circle class=\"spot {class}\" cx=\"{place}\" cy=\"{:.1}\" r=\"5\">",
                above(value)
            );
            push_title(&mut drawing.body, &self.words(x, y, at, value));
            drawing.body.push_str("</circle>");
        }
    }

    fn draw_stems(&self, drawing: &mut Drawing, x: &Axis, y: &Axis, height: f64) {
        for (at, value) in &self.points {
            let (place, class) = (across(x.place(*at)), self.colour.class());
            let _ = write!(
                drawing.body,
                "<line class=\"stem {class}\" x1=\"{place}\" x2=\"{place}\" y1=\"{height}\" \
                 y2=\"{:.1}\">",
                height * (1.0 - y.place(*value))
            );
            push_title(&mut drawing.body, &self.words(x, y, *at, *value));
            drawing.body.push_str("</line>");
        }
    }

    fn words(&self, x: &Axis, y: &Axis, at: f64, value: f64) -> String {
        format!("{}: {} at {}", self.name, y.describe(value), x.describe(at))
    }

    /// The points that answer to the pointer: of those too close to aim at, the highest; of a
    /// value that holds, the first.
    fn spots(&self, x: &Axis) -> Vec<(f64, f64)> {
        let mut spots: Vec<(f64, f64)> = Vec::new();
        let spot = |at: f64| (SPOTS * x.place(at)).floor();
        for (at, value) in &self.points {
            match spots.last_mut() {
                Some((_, held)) if self.kind == Kind::Step && held == value => {}
                Some(last) if spot(last.0) == spot(*at) => {
                    if *value > last.1 {
                        *last = (*at, *value);
                    }
                }
                _ => spots.push((*at, *value)),
            }
        }
        spots
    }
}
