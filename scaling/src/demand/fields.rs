//! Lenient reading of the stored memory.

use serde_json::{Map, Value};

use super::counts::Counts;
use crate::number;

/// The fields of an object in a state.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) map: &'a Map<String, Value>,
    pub(super) now_ms: i64,
}

impl<'a> Fields<'a> {
    /// A time. One in the future comes from a clock that has since been set back, and becomes now.
    pub(super) fn time(self, key: &str) -> Option<i64> {
        let ms = number::integer(self.map.get(key)?)?;
        (ms >= 0).then_some(ms.min(self.now_ms))
    }

    pub(super) fn count(self, key: &str) -> Option<u64> {
        u64::try_from(number::integer(self.map.get(key)?)?).ok()
    }

    /// A flag; absent when it is not set.
    pub(super) fn flag(self, key: &str) -> bool {
        self.map.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A rate or a duration: finite, not negative.
    pub(super) fn amount(self, key: &str) -> Option<f64> {
        self.map.get(key).and_then(number::float).filter(|amount| *amount >= 0.0)
    }

    pub(super) fn counts(self, key: &str) -> Counts {
        Counts::read(self.map.get(key), self.now_ms)
    }

    pub(super) fn object(self, key: &str) -> Option<Fields<'a>> {
        let map = self.map.get(key)?.as_object()?;
        Some(Fields { map, ..self })
    }
}

/// Inserts a field into `map`, unless it is `None`.
pub(super) fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

/// Inserts a list into `map`, unless it is empty.
pub(super) fn put_counts(map: &mut Map<String, Value>, key: &str, counts: &Counts) {
    put(map, key, (counts.sum() > 0).then(|| counts.to_json()));
}
