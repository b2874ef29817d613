//! Colours, and what they stand for.

use std::fmt::Write;

use crate::escape::escaped;

/// A colour of the stylesheet. Lines and bars also differ in their dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Solid lines; bars with a dotted outline.
    Blue,
    /// Dashed lines and outlines.
    Orange,
    /// Dotted lines; bars with a solid outline.
    Green,
    /// Lines of dashes and dots.
    Violet,
    /// Thick lines.
    Yellow,
    /// Lines of short dashes.
    Pink,
}

impl Colour {
    const ALL: [Self; 6] =
        [Self::Blue, Self::Orange, Self::Green, Self::Violet, Self::Yellow, Self::Pink];

    /// The colour of the series at `index`; they recur after six.
    pub fn nth(index: usize) -> Self {
        Self::ALL[index % Self::ALL.len()]
    }

    /// The class of the stylesheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Blue => "s0",
            Self::Orange => "s1",
            Self::Green => "s2",
            Self::Violet => "s3",
            Self::Yellow => "s4",
            Self::Pink => "s5",
        }
    }
}

/// What is drawn beside a name in the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swatch {
    Line,
    Stem,
    Bar,
    Mark,
}

/// The names of what a panel shows.
pub(crate) fn legend<'a>(entries: impl Iterator<Item = (Swatch, Colour, &'a str)>) -> String {
    let mut list = String::from("<ul class=\"legend\">");
    for (swatch, colour, name) in entries {
        let class = colour.class();
        let shape = match swatch {
            Swatch::Line => format!("<path class=\"line {class}\" d=\"M0 6H28\"/>"),
            Swatch::Stem => format!("<path class=\"stem {class}\" d=\"M14 0V12\"/>"),
            Swatch::Bar => format!("<path class=\"bar {class}\" d=\"M2 1H26V11H2Z\"/>"),
            Swatch::Mark => format!("<circle class=\"mark {class}\" cx=\"14\" cy=\"6\" r=\"4\"/>"),
        };
        let _ = write!(
            list,
            "<li><svg width=\"28\" height=\"12\" aria-hidden=\"true\">{shape}</svg>{}</li>",
            escaped(name)
        );
    }
    list.push_str("</ul>");
    list
}
