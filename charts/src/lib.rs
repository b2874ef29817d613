//! Charts for pages of HTML that stand alone: one file, one stylesheet, no script, nothing loaded.
//!
//! A [`Page`] holds [`Panel`]s and [`Table`]s. A panel is a figure with a title, a caption, a
//! legend and an SVG that is as wide as the page; its text keeps its size on every screen. Every
//! text is escaped when it is written, so callers pass plain text.
//!
//! Times are in milliseconds throughout.

mod axis;
mod bars;
mod escape;
mod label;
mod legend;
mod marks;
mod page;
mod panel;
mod plot;
mod series;
mod svg;
mod table;
mod ticks;

pub use axis::{Axis, Tick};
pub use bars::{Bar, Bars};
pub use escape::escaped;
pub use label::{count, span};
pub use legend::Colour;
pub use marks::{Mark, Marks, Row};
pub use page::Page;
pub use panel::{Content, Panel};
pub use plot::Plot;
pub use series::{Kind, Series};
pub use table::Table;
