//! Series on two axes.

use crate::{axis::Axis, series::Series, svg::Drawing};

/// The height of a plot, pixels.
const HEIGHT: f64 = 180.0;

/// Series, and the vertical axis that they share.
#[derive(Debug, Clone)]
pub struct Plot {
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn.
    pub series: Vec<Series>,
}

impl Plot {
    /// Series of numbers of things, with room for the largest.
    pub fn of_counts(name: &str, series: Vec<Series>) -> Self {
        let most = series.iter().fold(0.0, |most: f64, series| most.max(series.most()));
        Self { y: Axis::counts(name, most), series }
    }

    pub(crate) fn draw(&self, x: &Axis) -> Drawing {
        let mut drawing = Drawing::new(x, HEIGHT);
        drawing.add_axis(&self.y);
        for series in &self.series {
            series.draw(&mut drawing, x, &self.y, HEIGHT);
        }
        drawing
    }
}
