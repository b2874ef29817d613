//! What a reader may rely on, whatever is drawn.

#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use wci_charts::{
    Axis, Bar, Bars, Colour, Content, Kind, Mark, Marks, Page, Panel, Plot, Row, Series, Table,
    escaped,
};

/// Ticks are in order, on the axis, and no two read the same.
fn check(axis: &Axis, from: f64, least: usize) -> Result<(), TestCaseError> {
    let labels: BTreeSet<&str> = axis.ticks().iter().map(|tick| &*tick.label).collect();
    prop_assert_eq!(labels.len(), axis.ticks().len(), "{:?}", axis.ticks());
    prop_assert!((least..=12).contains(&labels.len()), "{:?}", axis.ticks());
    prop_assert!(axis.ticks().is_sorted_by(|one, next| one.at < next.at));
    for tick in axis.ticks() {
        prop_assert!(tick.at >= from, "{tick:?}");
        let place = axis.place(tick.at);
        prop_assert!((0.0..=1.0).contains(&place), "{tick:?} is at {place}");
    }
    let places: Vec<f64> = axis.ticks().iter().map(|tick| axis.place(tick.at)).collect();
    prop_assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
    Ok(())
}

/// Numbers of every magnitude, as likely small as large.
fn magnitudes() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
}

proptest! {
    #[test]
    fn counts_never_repeat_a_label(most in magnitudes()) {
        let axis = Axis::counts("", most as f64);
        check(&axis, 0.0, 2)?;
        prop_assert!(axis.ticks().last().unwrap().at >= most as f64);
    }

    #[test]
    fn times_of_day_never_repeat_a_label(
        from in 0..4_000_000_000_000_i64,
        length in magnitudes().prop_map(|ms| i64::try_from(ms % 10_000_000_000_000).unwrap()),
    ) {
        check(&Axis::utc(from, from + length), from as f64, 1)?;
    }

    #[test]
    fn elapsed_times_never_repeat_a_label(to in 0.0..1e13_f64, shift in 0..40) {
        check(&Axis::elapsed("", to / 2_f64.powi(shift)), 0.0, 2)?;
    }

    #[test]
    fn logarithmic_times_never_repeat_a_label(most in magnitudes()) {
        check(&Axis::log_time("", most as f64), 1.0, 2)?;
    }

    #[test]
    fn text_cannot_leave_its_place(text in any::<String>()) {
        let safe = escaped(&text);
        prop_assert!(!safe.contains(['<', '>', '"', '\'']));
        prop_assert!(safe.chars().all(|letter| letter == '\n' || !letter.is_control()));
        prop_assert_eq!(safe.matches('&').count(), safe.matches(';').count() - text.matches(';').count());
    }
}

#[test]
fn names_with_markup_controls_and_bidi_marks_are_shown_as_plain_text() {
    assert_eq!(
        escaped("<b a=\"1\" b='2'>&amp;\u{0}\u{7f}\u{85}\r\t\n"),
        "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;\u{fffd}\u{fffd}\u{fffd}  \n"
    );
    assert_eq!(escaped("orders\u{202e}1v\u{2066}x\u{200f}"), "orders\u{fffd}1v\u{fffd}x\u{fffd}");
    assert_eq!(escaped("Grüße, مرحبا, 你好"), "Grüße, مرحبا, 你好");
}

const EVIL: &str = "<script>alert(1)</script>\" onload='x'\u{202e}";

fn panels(x: &Axis) -> Vec<Content> {
    let name = || EVIL.to_owned();
    let series =
        |kind, colour| Series { name: name(), kind, colour, points: vec![(1.0, 2.0), (3.0, 0.0)] };
    let series = vec![
        series(Kind::Step, Colour::nth(0)),
        series(Kind::Line, Colour::nth(1)),
        series(Kind::Stem, Colour::nth(2)),
        Series { points: vec![], ..series(Kind::Step, Colour::nth(3)) },
    ];
    let bar = Bar { from: 1.0, to: 1.0, colour: Colour::Green, words: name() };
    let row = Row { name: name(), marks: vec![Mark { at: x.ticks()[0].at, words: name() }] };
    vec![
        Content::Plot(Plot::of_counts(EVIL, series)),
        Content::Bars(Bars { kinds: vec![(Colour::Green, name())], bars: vec![bar] }),
        Content::Marks(Marks { name: name(), rows: vec![row] }),
        Content::Marks(Marks { name: name(), rows: vec![] }),
    ]
}

fn page() -> String {
    let x = Axis::elapsed(EVIL, 5.0);
    let mut page = Page::new(EVIL, EVIL);
    page.heading(EVIL);
    page.text(EVIL);
    page.note(EVIL);
    page.preformatted(EVIL);
    for (id, content) in ["a", "b", "c", "d"].into_iter().zip(panels(&x)) {
        page.panel(&Panel { id, title: "Title", caption: EVIL.to_owned(), x: &x, content });
    }
    let mut table = Table::of_numbers([EVIL, "n"]);
    table.row([EVIL, "1"]);
    page.table(table);
    page.finish()
}

#[test]
fn a_name_adds_nothing_to_a_page() {
    let page = page();
    for bad in ["<script", "\" onload", "' onload", "onload='", "\u{202e}", "NaN", " style="] {
        assert!(!page.contains(bad), "{bad}");
    }
    for element in ["svg", "title", "desc", "figure", "table", "text", "path", "circle", "rect"] {
        let start = format!("<{element} ");
        let opened = page.matches(&format!("<{element}>")).count() + page.matches(&start).count();
        let closed = page.matches(&format!("</{element}>")).count();
        let empty = page.split(&start).skip(1);
        let empty = empty.filter(|rest| rest.split('>').next().unwrap().ends_with('/')).count();
        assert_eq!(opened, closed + empty, "{element}");
    }
}

#[test]
fn every_series_has_a_legend_entry_and_every_point_says_its_time_and_value() {
    let x = Axis::utc(1_700_000_000_000, 1_700_000_010_000);
    let points = vec![(1_700_000_001_500.0, 1_234.0)];
    let series = |name: &str, kind, nth| {
        let (name, points) = (name.to_owned(), points.clone());
        Series { name, kind, colour: Colour::nth(nth), points }
    };
    let series = vec![series("Backlog", Kind::Step, 0), series("Misses", Kind::Stem, 1)];
    let content = Content::Plot(Plot::of_counts("tasks", series));
    let mut page = Page::new("t", "t");
    page.panel(&Panel { id: "tasks", title: "Tasks", caption: "c".to_owned(), x: &x, content });
    let page = page.finish();
    for name in ["Backlog", "Misses"] {
        assert!(page.contains(&format!("</svg>{name}</li>")), "{name}");
        let title = format!("<title>{name}: 1,234 at 2023-11-14T22:13:21.500Z</title>");
        assert!(page.contains(&title), "{name}");
    }
    assert!(page.contains("role=\"img\" aria-labelledby=\"tasks-t tasks-d\""));
}
