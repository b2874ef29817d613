//! What lasted from one time to another, as bars.

use std::fmt::Write;

use crate::{
    axis::Axis,
    escape::push_title,
    legend::Colour,
    svg::{Drawing, across},
};

/// The height of a lane, pixels.
const LANE: f64 = 22.0;
/// Bars that are drawn beside each other; more share the last lane.
const MAX_LANES: usize = 24;
/// A bar is at least this share of the width, so that it can be seen.
const LEAST: f64 = 0.003;

/// Something that lasted.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// When it began.
    pub from: f64,
    /// When it ended.
    pub to: f64,
    /// Which kind it is; the legend says what the colour stands for.
    pub colour: Colour,
    /// What it was, for the pointer.
    pub words: String,
}

/// Bars, those that overlap in lanes beside each other.
#[derive(Debug, Clone)]
pub struct Bars {
    /// What each colour stands for.
    pub kinds: Vec<(Colour, String)>,
    /// The bars, by when they began.
    pub bars: Vec<Bar>,
}

impl Bars {
    pub(crate) fn draw(&self, x: &Axis) -> Drawing {
        let (lanes, count) = self.lanes();
        let mut drawing = Drawing::new(x, count.max(1) as f64 * LANE);
        for (bar, lane) in self.bars.iter().zip(lanes) {
            let (start, end) = (x.place(bar.from), x.place(bar.to));
            let width = (end - start).max(LEAST);
            let _ = write!(
                drawing.body,
                "<rect class=\"bar {}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">",
                bar.colour.class(),
                across(start),
                lane as f64 * LANE + 3.0,
                across(width),
                LANE - 6.0
            );
            let words = format!("{}: {}", x.describe(bar.from), bar.words);
            push_title(&mut drawing.body, &words);
            drawing.body.push_str("</rect>");
        }
        drawing
    }

    /// The lane of each bar, and how many lanes there are.
    fn lanes(&self) -> (Vec<usize>, usize) {
        let mut free: Vec<f64> = Vec::new();
        let mut lanes = Vec::with_capacity(self.bars.len());
        for bar in &self.bars {
            let lane = free.iter().position(|until| *until <= bar.from);
            let lane = lane.unwrap_or(free.len()).min(MAX_LANES - 1);
            match free.get_mut(lane) {
                Some(until) => *until = until.max(bar.to),
                None => free.push(bar.to),
            }
            lanes.push(lane);
        }
        (lanes, free.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_that_overlap_are_beside_each_other_and_lanes_are_used_again() {
        let bar = |from, to| Bar { from, to, colour: Colour::Blue, words: String::new() };
        let bars = Bars { kinds: vec![], bars: vec![bar(0.0, 5.0), bar(1.0, 2.0), bar(3.0, 9.0)] };
        assert_eq!(bars.lanes(), (vec![0, 1, 1], 2));
        let many = Bars { kinds: vec![], bars: vec![bar(0.0, 5.0); 100] };
        assert_eq!(many.lanes().1, MAX_LANES);
    }
}
