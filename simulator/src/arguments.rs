//! Parses values of flags: `NAME:VALUE,key=value,key=value`.

use std::collections::BTreeMap;

use crate::{Micros, ParseError};

/// A name, an optional value and keys with values. Read every known key before [`Self::finish`].
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    pub(crate) kind: &'a str,
    /// The value without a key.
    bare: Option<&'a str>,
    pairs: BTreeMap<&'a str, &'a str>,
    read: Vec<&'static str>,
}

impl<'a> Arguments<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, ParseError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let mut arguments = Self { kind, bare: None, pairs: BTreeMap::new(), read: Vec::new() };
        for (nth, part) in rest.split(',').filter(|part| !part.is_empty()).enumerate() {
            match part.split_once('=') {
                Some((key, value)) => {
                    if arguments.pairs.insert(key, value).is_some() {
                        let (kind, key) = (kind.to_owned(), ParseError::shown(key));
                        return Err(ParseError::Twice { kind, key });
                    }
                }
                None if nth == 0 => arguments.bare = Some(part),
                None => {
                    let part = ParseError::shown(part);
                    return Err(ParseError::unfit(format!("{kind}: `{part}` is not key=value")));
                }
            }
        }
        Ok(arguments)
    }

    /// The value without a key, or else that of `key`.
    pub(crate) fn first_or(&mut self, key: &'static str) -> Option<&'a str> {
        self.bare.take().or_else(|| self.text(key))
    }

    /// The value of `key`.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        self.read.push(key);
        self.pairs.remove(key)
    }

    /// The value of `key` as a duration.
    pub(crate) fn duration(&mut self, key: &'static str) -> Result<Option<Micros>, ParseError> {
        self.text(key).map(str::parse).transpose()
    }

    /// The value of `key` as a number.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        min: f64,
        max: f64,
    ) -> Result<Option<f64>, ParseError> {
        self.text(key).map(|text| number(key, text, min, max)).transpose()
    }

    /// The value of `key` as an integer.
    pub(crate) fn count(
        &mut self,
        key: &'static str,
        min: u32,
        max: u32,
    ) -> Result<Option<u32>, ParseError> {
        self.text(key).map(|text| count(key, text, min, max)).transpose()
    }

    /// Refuses keys and values that were not read.
    pub(crate) fn finish(mut self) -> Result<(), ParseError> {
        let stray = self.bare.take().or_else(|| self.pairs.keys().next().copied());
        let Some(stray) = stray else { return Ok(()) };
        self.read.dedup();
        let known = match self.read.as_slice() {
            [] => "it takes none".to_owned(),
            keys => format!("choose from {}", keys.join(", ")),
        };
        let (kind, key) = (self.kind.to_owned(), ParseError::shown(stray));
        Err(ParseError::UnknownKey { kind, key, known })
    }
}

/// `text` as a number within bounds.
pub(crate) fn number(key: &str, text: &str, min: f64, max: f64) -> Result<f64, ParseError> {
    let wrong =
        || ParseError::Number { text: ParseError::shown(text), key: key.to_owned(), min, max };
    text.parse().ok().filter(|number| (min..=max).contains(number)).ok_or_else(wrong)
}

/// `text` as an integer within bounds.
pub(crate) fn count(key: &str, text: &str, min: u32, max: u32) -> Result<u32, ParseError> {
    let wrong = || ParseError::Number {
        text: ParseError::shown(text),
        key: key.to_owned(),
        min: min.into(),
        max: max.into(),
    };
    text.parse().ok().filter(|count| (min..=max).contains(count)).ok_or_else(wrong)
}
