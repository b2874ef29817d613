//! A time in which the provider refuses everything.

use std::str::FromStr;

use serde::{Deserialize, Serialize, de::value::StrDeserializer};
use wci_contract::FailureClass;

use crate::{Micros, ParseError, arguments::Arguments};

/// A time in which the provider refuses everything.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Outage {
    /// The start.
    pub from: Micros,
    /// The duration.
    pub lasting: Micros,
    /// The class of failure that the provider answers with.
    pub class: FailureClass,
}

impl Outage {
    pub(crate) fn is_on(&self, now: Micros) -> bool {
        now >= self.from && now.saturating_sub(self.from) < self.lasting
    }
}

impl FromStr for Outage {
    type Err = ParseError;

    /// `from=10s,for=30s`, optionally with `class=access-denied`; throttled by default.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = format!("outage:{text}");
        let mut arguments = Arguments::parse(&text)?;
        let from = arguments.duration("from")?.unwrap_or_default();
        let missing = ParseError::Missing {
            kind: "outage".to_owned(),
            key: "for",
            example: "from=10s,for=30s",
        };
        let lasting = arguments.duration("for")?.ok_or(missing)?;
        let class = arguments.text("class").map(class).transpose()?;
        arguments.finish()?;
        Ok(Self { from, lasting, class: class.unwrap_or(FailureClass::Throttled) })
    }
}

fn class(name: &str) -> Result<FailureClass, ParseError> {
    let deserializer = StrDeserializer::<serde::de::value::Error>::new(name);
    FailureClass::deserialize(deserializer).map_err(|_| ParseError::Unknown {
        what: "class of failure",
        name: ParseError::shown(name),
        known: "throttled, access-denied, not-found, rejected, unavailable, internal, conflict, \
            forbidden"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_read_as_it_is_written() {
        let outage: Outage = "from=10s,for=30s,class=access-denied".parse().unwrap();
        assert_eq!(outage.class, FailureClass::AccessDenied);
        assert!(!outage.is_on(Micros::from_ms(9_999)) && outage.is_on(Micros::from_ms(10_000)));
        assert!(!outage.is_on(Micros::from_ms(40_000)));
        assert_eq!("for=5s".parse::<Outage>().unwrap().class, FailureClass::Throttled);
    }

    #[test]
    fn mistakes_in_an_outage_are_explained_in_one_sentence() {
        for (text, part) in [
            ("", "outage needs for: for example from=10s,for=30s"),
            ("for=5s,class=bad", "there is no class of failure `bad`: choose one of throttled"),
            ("for=5s,until=9s", "outage has no key `until`"),
        ] {
            let error = text.parse::<Outage>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
