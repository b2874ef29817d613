//! Plain text as HTML.

use std::fmt::Write;

/// Replaces what a page must not show: controls, and marks that reorder the text around them.
const REPLACEMENT: char = '\u{fffd}';

/// `text` for an element's content or a quoted attribute.
///
/// Line feeds stay. Tabs and carriage returns become spaces. Other control characters and
/// Unicode's bidirectional controls become U+FFFD: a name must not change how the text beside it
/// reads (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>).
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push('\n'),
            '\t' | '\r' => safe.push(' '),
            other if other.is_control() || reorders(other) => safe.push(REPLACEMENT),
            other => safe.push(other),
        }
    }
    safe
}

/// Adds an SVG `<title>`, which a browser shows while the pointer is on the element around it.
pub(crate) fn push_title(html: &mut String, text: &str) {
    let _ = write!(html, "<title>{}</title>", escaped(text));
}

fn reorders(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}
