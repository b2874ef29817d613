//! Reading a provider's config key by key, so that no key is silently ignored.

use std::{ops::RangeInclusive, time::Duration};

use serde_json::{Map, Value};

use crate::ProviderError;

/// The config of one provider.
pub(crate) struct ConfigKeys<'a> {
    config: &'a Map<String, Value>,
    provider: &'static str,
}

/// A text, or the name of a secret that contains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    /// The text itself.
    Plain(String),
    /// The name of a secret.
    Secret(String),
}

impl Text {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Plain(text.clone())),
            Value::Object(map) if map.len() == 1 => {
                map.get("secret")?.as_str().map(|name| Self::Secret(name.to_owned()))
            }
            _ => None,
        }
    }
}

impl<'a> ConfigKeys<'a> {
    /// The `config` of the provider with this display name. Refuses keys other than `known`.
    pub(crate) fn new(
        config: &'a Map<String, Value>,
        provider: &'static str,
        known: &[&str],
    ) -> Result<Self, ProviderError> {
        match config.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(ProviderError::invalid(format!(
                "unknown config key {key:?} for {provider} compute provider: it knows {}",
                known.join(", ")
            ))),
            None => Ok(Self { config, provider }),
        }
    }

    /// A string; `None` if it is absent, null or empty.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, ProviderError> {
        match self.config.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.wrong(key, "a string")),
        }
    }

    /// A required string.
    pub(crate) fn required(&self, key: &'static str) -> Result<&'a str, ProviderError> {
        self.text(key)?.ok_or(ProviderError::Required { provider: self.provider, key })
    }

    /// A whole number; `None` if it is absent or null. JSON of other languages may write it as
    /// `600000.0`.
    pub(crate) fn integer(&self, key: &str) -> Result<Option<u64>, ProviderError> {
        match self.config.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let whole =
                    value.as_u64().or_else(|| value.to_string().strip_suffix(".0")?.parse().ok());
                whole.map(Some).ok_or_else(|| self.wrong(key, "a whole number"))
            }
        }
    }

    /// A time in milliseconds within `range`; `default_ms` if it is absent or null.
    pub(crate) fn milliseconds(
        &self,
        key: &str,
        default_ms: u64,
        range: RangeInclusive<u64>,
    ) -> Result<Duration, ProviderError> {
        let millis = self.integer(key)?.unwrap_or(default_ms);
        if range.contains(&millis) {
            return Ok(Duration::from_millis(millis));
        }
        let (min, max) = range.into_inner();
        Err(ProviderError::invalid(format!(
            "{key} must be from {min} ({} s) to {max} ({} h), not {millis}",
            min / 1_000,
            max / (60 * 60 * 1_000)
        )))
    }

    /// A list of strings; empty if it is absent or null.
    pub(crate) fn texts(&self, key: &str) -> Result<Vec<String>, ProviderError> {
        let wrong = || self.wrong(key, "a list of strings");
        match self.config.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    /// A map of strings or references to secrets, in the order of its keys; empty if it is absent
    /// or null.
    pub(crate) fn map(&self, key: &str) -> Result<Vec<(String, Text)>, ProviderError> {
        let wrong = || self.wrong(key, "a map of strings or of {\"secret\": NAME}");
        match self.config.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Object(map)) => map
                .iter()
                .map(|(name, value)| Ok((name.clone(), Text::from_value(value).ok_or_else(wrong)?)))
                .collect(),
            Some(_) => Err(wrong()),
        }
    }

    fn wrong(&self, key: &str, expected: &str) -> ProviderError {
        ProviderError::invalid(format!(
            "\"{key}\" of the {} compute provider must be {expected}",
            self.provider
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(config: &Value) -> Result<ConfigKeys<'_>, ProviderError> {
        ConfigKeys::new(config.as_object().unwrap(), "test", &["name", "n", "list", "map"])
    }

    #[test]
    fn the_error_for_an_unknown_key_lists_the_known_ones() {
        let message = keys(&json!({"nmae": "x"})).err().unwrap().to_string();
        assert!(message.contains("\"nmae\"") && message.contains("name, n"), "{message}");
    }

    #[test]
    fn null_and_empty_values_count_as_absent() {
        let config = json!({"name": "", "n": null});
        let keys = keys(&config).unwrap();
        assert_eq!(keys.text("name"), Ok(None));
        assert_eq!(keys.integer("n"), Ok(None));
        assert!(keys.required("name").unwrap_err().to_string().contains("requires \"name\""));
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_float() {
        let number = |value| keys(&json!({"n": value})).unwrap().integer("n");
        assert_eq!(number(json!(600_000.0)), Ok(Some(600_000)));
        assert!(number(json!(1.5)).is_err());
        assert!(number(json!(-1)).is_err());
        assert!(number(json!("5")).is_err());
    }

    #[test]
    fn the_error_for_a_time_out_of_range_names_the_range() {
        let time = |value| {
            keys(&json!({"n": value})).unwrap().milliseconds("n", 6_000, 5_000..=86_400_000)
        };
        assert_eq!(time(json!(null)), Ok(Duration::from_secs(6)));
        assert_eq!(time(json!(5_000)), Ok(Duration::from_secs(5)));
        let message = time(json!(4_999)).unwrap_err().to_string();
        assert_eq!(message, "n must be from 5000 (5 s) to 86400000 (24 h), not 4999");
    }

    #[test]
    fn lists_and_maps_hold_strings_only() {
        let config = json!({"list": ["a", 1], "map": {"a": 1}});
        let keys = keys(&config).unwrap();
        assert!(keys.texts("list").unwrap_err().to_string().contains("a list of strings"));
        assert!(keys.map("map").unwrap_err().to_string().contains("a map of strings"));
    }

    #[test]
    fn a_secret_is_referenced_by_its_name_only() {
        let config = json!({"map": {"a": {"secret": "db"}, "b": "db"}});
        let expected = [
            ("a".to_owned(), Text::Secret("db".to_owned())),
            ("b".to_owned(), Text::Plain("db".to_owned())),
        ];
        assert_eq!(keys(&config).unwrap().map("map").unwrap(), expected);
        for value in [json!({"secret": 1}), json!({"secrt": "x"}), json!({"secret": "a", "b": 1})] {
            assert!(keys(&json!({"map": {"a": value}})).unwrap().map("map").is_err());
        }
    }
}
