//! Escapes text that came from outside before it reaches a terminal or a log.
//!
//! Names, identities, messages of servers and providers and the output of workers may hold control
//! characters, which move the cursor or change what a terminal shows, line breaks, which look like
//! lines of ours, and marks that reorder the text around them
//! (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>).

use std::borrow::Cow;

/// `text` on one line: every character that is not shown as itself is written as an escape, like
/// `\n` or `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_hidden)
}

/// The same, but line feeds stay: for text whose line feeds are ours.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && is_hidden(c))
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_escaped(letter) {
            safe.extend(letter.escape_default());
        } else {
            safe.push(letter);
        }
    }
    Cow::Owned(safe)
}

/// Controls, and characters that are invisible or reorder others.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_hides_or_reorders_is_escaped_and_the_rest_stays() {
        assert_eq!(
            printable("a\u{1b}[31mb\nc\td\r\u{202e}e\u{2028}\u{9b}\u{7f}\u{200b}"),
            "a\\u{1b}[31mb\\nc\\td\\r\\u{202e}e\\u{2028}\\u{9b}\\u{7f}\\u{200b}"
        );
        for text in ["orders:v1", "größer → 5 \u{1f600} 漢字 \\n \"x\"", ""] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
        assert_eq!(printable_lines("a\nb\u{1b}"), "a\nb\\u{1b}");
    }

    #[test]
    fn no_hidden_character_stays() {
        for letter in ('\0'..=char::MAX).filter(|letter| is_hidden(*letter)) {
            let text = letter.to_string();
            assert!(!printable(&text).contains(letter), "{letter:?}");
        }
    }
}
