//! Inputs for fuzz targets: valid samples with random edits.
//!
//! Random bytes hardly ever get past the first check of a parser. A [`Mutation`] starts from a
//! sample that is valid and changes it in a few places, so that the code behind the parser is
//! reached, too. The fuzz targets are tests named `fuzz::…` in the crates whose inputs they feed:
//!
//! ```
//! # fn decode(_: &[u8]) {}
//! const SAMPLES: &[&str] = &[r#"{"name":"a"}"#, "[]"];
//! bolero::check!().with_iterations(300).with_type::<wci_fuzz::Mutation>().for_each(|mutation| {
//!     decode(&mutation.of(SAMPLES));
//! });
//! ```
//!
//! As ordinary tests they try a few hundred random inputs. `make fuzz` tries many more, and
//! `cargo bolero test` lets libFuzzer choose the edits by the code that they reach.

use bolero::TypeGenerator;

/// The longest input that a mutation makes.
pub const MAX_BYTES: usize = 1 << 20;

/// What parsers have stumbled over before: numbers out of range, nesting, escapes, YAML's aliases,
/// characters that terminals interpret.
const TOKENS: [&str; 40] = [
    "null",
    "true",
    "0",
    "-1",
    "1e308",
    "-0.0",
    "1e-400",
    "NaN",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "4294967295",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    "\"",
    "\"\"",
    ",",
    ":",
    ": ",
    "\n",
    "\r\n",
    "\t",
    "  ",
    "- ",
    "&a",
    "*a",
    "!!binary ",
    "---\n",
    "\\u0000",
    "\\ud800",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{feff}",
    "\0",
    "..",
];

/// A sample and the edits to make, one after another.
#[derive(Debug, Clone, TypeGenerator)]
pub struct Mutation {
    sample: u16,
    #[generator(bolero::produce::<Vec<Edit>>().with().len(0_usize..6))]
    edits: Vec<Edit>,
}

/// One change. Positions are parts of 65,536 of the length.
#[derive(Debug, Clone, TypeGenerator)]
enum Edit {
    /// Replaces one byte.
    Replace { at: u16, byte: u8 },
    /// Removes a piece.
    Remove { at: u16, len: u8 },
    /// Repeats a piece.
    Repeat { at: u16, len: u8, times: u16 },
    /// Moves a copy of a piece elsewhere.
    Copy { from: u16, len: u8, to: u16 },
    /// Inserts a token several times.
    Insert { at: u16, token: u8, times: u8 },
    /// Replaces the value that starts next, up to a comma, bracket or line end, by a token.
    Value { at: u16, token: u8 },
    /// Inserts any bytes.
    Bytes {
        at: u16,
        #[generator(bolero::produce::<Vec<u8>>().with().len(0_usize..64))]
        bytes: Vec<u8>,
    },
    /// Cuts the rest off.
    Cut { at: u16 },
}

impl Mutation {
    /// One of `samples`, edited. Empty without samples.
    pub fn of<S: AsRef<[u8]>>(&self, samples: &[S]) -> Vec<u8> {
        let Some(index) = usize::from(self.sample).checked_rem(samples.len()) else {
            return Vec::new();
        };
        let mut bytes = samples.get(index).map_or(&[][..], AsRef::as_ref).to_vec();
        for edit in &self.edits {
            edit.make(&mut bytes);
            bytes.truncate(MAX_BYTES);
        }
        bytes
    }

    /// The same as text; bytes that are not UTF-8 are replaced.
    pub fn text<S: AsRef<[u8]>>(&self, samples: &[S]) -> String {
        String::from_utf8_lossy(&self.of(samples)).into_owned()
    }
}

impl Edit {
    fn make(&self, bytes: &mut Vec<u8>) {
        match *self {
            Self::Replace { at, byte } => {
                let at = position(bytes, at);
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            Self::Remove { at, len } => {
                let at = position(bytes, at);
                let end = at.saturating_add(len.into()).min(bytes.len());
                bytes.drain(at..end);
            }
            Self::Repeat { at, len, times } => {
                let piece = piece(bytes, at, len).repeat(usize::from(times));
                insert(bytes, at, &piece);
            }
            Self::Copy { from, len, to } => {
                let piece = piece(bytes, from, len);
                insert(bytes, to, &piece);
            }
            Self::Insert { at, token, times } => {
                insert(bytes, at, self::token(token).repeat(times.into()).as_bytes());
            }
            Self::Value { at, token } => replace_value(bytes, at, self::token(token)),
            Self::Bytes { at, bytes: ref new } => insert(bytes, at, new),
            Self::Cut { at } => bytes.truncate(position(bytes, at)),
        }
    }
}

fn position(bytes: &[u8], at: u16) -> usize {
    bytes.len() * usize::from(at) / (usize::from(u16::MAX) + 1)
}

fn piece(bytes: &[u8], at: u16, len: u8) -> Vec<u8> {
    bytes.iter().skip(position(bytes, at)).take(len.into()).copied().collect()
}

fn insert(bytes: &mut Vec<u8>, at: u16, new: &[u8]) {
    let at = position(bytes, at);
    let new = new.get(..MAX_BYTES).unwrap_or(new);
    bytes.splice(at..at, new.iter().copied());
}

fn token(index: u8) -> &'static str {
    TOKENS.get(usize::from(index) % TOKENS.len()).copied().unwrap_or_default()
}

fn replace_value(bytes: &mut Vec<u8>, at: u16, token: &str) {
    let from = position(bytes, at);
    let Some(colon) = bytes.iter().skip(from).position(|byte| *byte == b':') else { return };
    let start = from + colon + 1;
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b'\n');
    let len = bytes.iter().skip(start).position(ends).unwrap_or(bytes.len() - start);
    bytes.splice(start..start + len, format!(" {token}").into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(edit: Edit, sample: &str) -> String {
        Mutation { sample: 0, edits: vec![edit] }.text(&[sample])
    }

    #[test]
    fn a_mutation_without_edits_is_a_sample() {
        let mutation = Mutation { sample: 5, edits: vec![] };
        assert_eq!(mutation.text(&["a", "b"]), "b");
        assert_eq!(mutation.text::<&str>(&[]), "");
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        let edit = Edit::Value { at: 0, token: 3 };
        assert_eq!(after(edit, r#"{"a":"x","b":2}"#), r#"{"a": -1,"b":2}"#);
    }

    #[test]
    fn every_edit_fits_an_empty_and_a_short_sample() {
        bolero::check!().with_iterations(500).with_type::<Mutation>().for_each(|mutation| {
            for samples in [[""], ["a"], ["{\"a\":1}"]] {
                assert!(mutation.of(&samples).len() <= MAX_BYTES);
            }
        });
    }
}
