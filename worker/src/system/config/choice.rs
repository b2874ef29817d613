//! `any`, or a list of names.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor, value::SeqAccessDeserializer},
};
use serde_saphyr::Spanned;

/// Allows every name.
const ANY: &str = "any";

/// `any`, or a list of names.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Choice {
    /// Every name.
    Any,
    /// Only these.
    These(Vec<Spanned<String>>),
}

impl Choice {
    /// The listed names, each checked with `check`; `None` for `any`.
    pub(super) fn read(
        self,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<Option<BTreeSet<String>>, super::Problem> {
        let Self::These(items) = self else { return Ok(None) };
        let mut all = BTreeSet::new();
        for item in items {
            check(&item.value).map_err(|message| (Some(item.referenced.line()), message))?;
            all.insert(item.value);
        }
        Ok(Some(all))
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

struct ChoiceVisitor;

impl<'de> Visitor<'de> for ChoiceVisitor {
    type Value = Choice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list, or the word {ANY}")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Choice, E> {
        if text == ANY { Ok(Choice::Any) } else { Err(E::unknown_variant(text, &[ANY, "a list"])) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Choice, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(items)).map(Choice::These)
    }
}
