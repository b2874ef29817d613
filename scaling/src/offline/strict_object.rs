//! Strict reading of JSON objects, with errors that name the place.

use serde_json::{Map, Value};
use wci_contract::limits::cut;

use crate::number;

/// Bytes of an unknown field's name that a message repeats.
const MAX_NAME_SHOWN: usize = 100;

/// A field that cannot be read, and its place.
#[derive(Debug, thiserror::Error)]
pub(super) enum FieldError {
    /// An unknown field.
    #[error("unknown field {place}: use {known}")]
    Unknown { place: String, known: String },
    /// A required field.
    #[error("{place} is missing: it must be {wanted}")]
    Missing { place: String, wanted: &'static str },
    /// A value of another type, or out of range.
    #[error("{place} must be {wanted}")]
    Mistyped { place: String, wanted: String },
}

/// An object and its place in the line.
pub(super) struct Object<'a> {
    /// Empty for the line itself.
    path: String,
    fields: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// The whole line, which messages call `name`.
    pub(super) fn read(name: &str, value: &'a Value) -> Result<Self, FieldError> {
        let fields = value.as_object().ok_or_else(|| mistyped(name.to_owned(), "a JSON object"))?;
        Ok(Self { path: String::new(), fields })
    }

    /// The place of the field `key`.
    pub(super) fn place(&self, key: &str) -> String {
        let key = cut(key, MAX_NAME_SHOWN);
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Refuses fields that are not `known`; the error names the first of them in alphabetical order.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), FieldError> {
        let is_unknown = |key: &&String| !known.contains(&key.as_str());
        match self.fields.keys().filter(is_unknown).min() {
            Some(key) => Err(FieldError::Unknown { place: self.place(key), known: one_of(known) }),
            None => Ok(()),
        }
    }

    /// The names of the fields that are not null.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str())
    }

    /// The object in the required field `key`.
    pub(super) fn child(&self, key: &str) -> Result<Object<'a>, FieldError> {
        let missing = || FieldError::Missing { place: self.place(key), wanted: "an object" };
        let value = self.fields.get(key).ok_or_else(missing)?;
        let mistyped = || mistyped(self.place(key), "an object");
        let fields = value.as_object().ok_or_else(mistyped)?;
        Ok(Object { path: self.place(key), fields })
    }

    /// The required field `key`, read by `read`.
    pub(super) fn required<T>(
        &self,
        key: &str,
        wanted: &'static str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, FieldError> {
        match self.fields.get(key) {
            Some(value) => read(value).ok_or_else(|| mistyped(self.place(key), wanted)),
            None => Err(FieldError::Missing { place: self.place(key), wanted }),
        }
    }

    /// The field `key`, read by `read`; the type's default when it is absent or null.
    pub(super) fn optional<T: Default>(
        &self,
        key: &str,
        wanted: &'static str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, FieldError> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(T::default()),
            Some(_) => self.required(key, wanted, read),
        }
    }

    /// The count in the field `key`; 0 when it is absent.
    pub(super) fn count(&self, key: &str) -> Result<u64, FieldError> {
        self.optional(key, COUNT, count)
    }

    /// Like [`Self::count`], for a field of 32 bits.
    pub(super) fn small_count(&self, key: &str) -> Result<u32, FieldError> {
        let read = |value: &Value| u32::try_from(count(value)?).ok();
        self.optional(key, "a whole number from 0 to 4294967295", read)
    }

    /// The count in the required field `key`.
    pub(super) fn required_count(&self, key: &str) -> Result<u64, FieldError> {
        self.required(key, COUNT, count)
    }

    /// The rate in the field `key`; 0 when it is absent.
    pub(super) fn rate(&self, key: &str) -> Result<f64, FieldError> {
        self.optional(key, "a number", number::float)
    }
}

const COUNT: &str = "a whole number that is at least 0";

fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| u64::try_from(number::integer(value)?).ok())
}

/// The error that the value at `place` must be `wanted`.
pub(super) fn mistyped(place: String, wanted: impl Into<String>) -> FieldError {
    FieldError::Mistyped { place, wanted: wanted.into() }
}

/// `a, b or c`.
pub(super) fn one_of(names: &[&str]) -> String {
    match names {
        [] => "no fields at all".to_owned(),
        [only] => (*only).to_owned(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}
