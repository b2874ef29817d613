//! One plot as inline SVG.

use std::fmt::Write;

use super::axis::Axis;

/// The plot's size, and the room for what stands around it; pixels.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 34.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 28.0;
/// Colours and dashes that the page has styles for.
const STYLES: usize = 6;

/// One line.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) points: Vec<(f64, f64)>,
    /// Whether values hold until the next one, rather than move there.
    pub(super) is_stepped: bool,
}

/// Lines on two axes.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    /// What it shows, in a sentence.
    pub(super) says: &'a str,
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// How values on the axes are written.
    pub(super) x_words: fn(f64) -> String,
    pub(super) y_words: fn(f64) -> String,
    pub(super) lines: Vec<Line<'a>>,
}

impl Chart<'_> {
    /// Adds the plot to `page`.
    pub(super) fn draw(&self, page: &mut String) {
        let (title, says) = (self.title, self.says);
        let _ = write!(page, "<figure><figcaption><b>{title}</b> {says}</figcaption>");
        let _ = write!(
            page,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">"
        );
        self.draw_marks(page);
        for (nth, line) in self.lines.iter().enumerate() {
            let _ = write!(page, "<path class=\"line s{}\" d=\"", nth % STYLES);
            self.draw_line(page, line);
            let _ = write!(page, "\"><title>{}</title></path>", line.name);
        }
        page.push_str("</svg>");
        self.draw_legend(page);
        page.push_str("</figure>\n");
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - BOTTOM - TOP)
    }

    fn draw_marks(&self, page: &mut String) {
        let (end, base) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for mark in self.y.marks() {
            let (y, words) = (self.y(mark), (self.y_words)(mark));
            let _ = write!(
                page,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{end}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{words}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
        for mark in self.x.marks() {
            let (x, words) = (self.x(mark), (self.x_words)(mark));
            let _ = write!(
                page,
                "<path class=\"grid\" d=\"M{x:.1} {TOP}V{base}\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{words}</text>",
                base + 16.0
            );
        }
        let _ = write!(
            page,
            "<text class=\"name\" x=\"{end}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            HEIGHT - 3.0,
            self.x.name,
            LEFT + 6.0,
            TOP + 10.0,
            self.y.name
        );
    }

    fn draw_line(&self, page: &mut String, line: &Line<'_>) {
        let mut last = None;
        let places = line.points.iter().map(|(x, y)| (self.x(*x), self.y(*y)));
        for (x, y) in places.clone() {
            let is_flat = last.is_some_and(|last: f64| (last - y).abs() < 0.05);
            // Where nothing changes, a step is drawn when something does.
            let _ = match last {
                None => write!(page, "M{x:.1} {y:.1}"),
                Some(_) if line.is_stepped && is_flat => continue,
                Some(_) if line.is_stepped => write!(page, "H{x:.1}V{y:.1}"),
                Some(_) => write!(page, "L{x:.1} {y:.1}"),
            };
            last = Some(y);
        }
        if let Some((x, _)) = places.clone().next_back() {
            let _ = write!(page, "H{x:.1}");
        }
    }

    fn draw_legend(&self, page: &mut String) {
        page.push_str("<p class=\"legend\">");
        for (nth, line) in self.lines.iter().enumerate() {
            let _ = write!(
                page,
                "<span><svg viewBox=\"0 0 28 8\"><path class=\"line s{}\" d=\"M0 4H28\"/></svg>{}\
                 </span>",
                nth % STYLES,
                line.name
            );
        }
        page.push_str("</p>");
    }
}
