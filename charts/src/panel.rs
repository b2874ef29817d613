//! A figure of the page.

use crate::{
    axis::Axis,
    bars::Bars,
    escape::escaped,
    legend::{Colour, Swatch, legend},
    marks::Marks,
    plot::Plot,
};

/// What a panel shows.
#[derive(Debug, Clone)]
pub enum Content {
    /// Series on two axes.
    Plot(Plot),
    /// What lasted from one time to another.
    Bars(Bars),
    /// When things happened.
    Marks(Marks),
}

/// A figure: a title, a caption, a legend and a drawing.
#[derive(Debug, Clone)]
pub struct Panel<'a> {
    /// Names it in the page: a word of letters that no other panel has.
    pub id: &'static str,
    /// The title.
    pub title: &'static str,
    /// What it shows, in a sentence or two; also the description for screen readers.
    pub caption: String,
    /// The horizontal axis.
    pub x: &'a Axis,
    /// What it shows.
    pub content: Content,
}

impl Panel<'_> {
    pub(crate) fn draw(&self) -> String {
        let Self { id, title, caption, x, content } = self;
        let (drawing, legend) = match content {
            Content::Plot(plot) => {
                let entries = plot.series.iter();
                let entries = entries.map(|each| (each.swatch(), each.colour, &*each.name));
                (plot.draw(x), legend(entries))
            }
            Content::Bars(bars) => {
                let entries =
                    bars.kinds.iter().map(|(colour, name)| (Swatch::Bar, *colour, &**name));
                (bars.draw(x), legend(entries))
            }
            Content::Marks(marks) => {
                let entry = (Swatch::Mark, Colour::Blue, &*marks.name);
                (marks.draw(x), legend(std::iter::once(entry)))
            }
        };
        format!(
            "<figure><figcaption><b>{}</b> {}</figcaption>{legend}\
             <div class=\"frame\">{}</div></figure>\n",
            escaped(title),
            escaped(caption),
            drawing.finish(id, title, caption)
        )
    }
}
