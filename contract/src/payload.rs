//! A proto `Payload` as Go's `encoding/json` writes it: base64 in metadata values and in data.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::limits::MAX_CONFIG_BYTES;

const JSON_PLAIN: &str = "json/plain";

/// The configuration of a provider or a scaler on the wire: `{"metadata":{…},"data":"…"}`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigPayload {
    /// Base64 values by name; `encoding` is the encoding of `data`.
    #[serde(default, deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The content in base64.
    #[serde(default, deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub data: String,
    /// Fields of a later server, kept as they are.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Why a configuration cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Not plain JSON, for example encrypted by a codec.
    #[error("encoding {0}: payload encoding is not supported")]
    Encoding(String),
    /// Base64 or JSON that does not parse.
    #[error("unable to decode: {0}")]
    Decode(String),
    /// JSON, but not an object.
    #[error("unable to decode: the configuration must be a JSON object, not {0}")]
    NotAnObject(&'static str),
    /// Larger than [`MAX_CONFIG_BYTES`].
    #[error(
        "unable to decode: the configuration has {0} bytes, at most {MAX_CONFIG_BYTES} are allowed"
    )]
    TooLarge(usize),
}

impl ConfigPayload {
    /// `config` as a plain JSON payload.
    pub fn from_map(config: &Map<String, Value>) -> Self {
        let text = Value::Object(config.clone()).to_string();
        Self {
            metadata: BTreeMap::from([("encoding".to_owned(), STANDARD.encode(JSON_PLAIN))]),
            data: STANDARD.encode(text),
            rest: Map::new(),
        }
    }

    /// The configuration's keys. An empty payload is an empty configuration.
    ///
    /// # Errors
    /// An encoding other than plain JSON, invalid base64 or JSON, JSON that is not an object, and
    /// more than [`MAX_CONFIG_BYTES`] bytes.
    pub fn to_map(&self) -> Result<Map<String, Value>, PayloadError> {
        if let Some(encoding) = self.metadata.get("encoding") {
            let name = STANDARD.decode(encoding).unwrap_or_default();
            if name == b"binary/null" {
                return Ok(Map::new());
            }
            if name != JSON_PLAIN.as_bytes() {
                return Err(PayloadError::Encoding(
                    String::from_utf8_lossy(&name).chars().take(100).collect(),
                ));
            }
        }
        if self.data.len() / 4 * 3 > MAX_CONFIG_BYTES {
            return Err(PayloadError::TooLarge(self.data.len() / 4 * 3));
        }
        let bytes = STANDARD.decode(&self.data).map_err(|e| PayloadError::Decode(e.to_string()))?;
        if bytes.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&bytes).map_err(|e| PayloadError::Decode(e.to_string()))? {
            Value::Object(map) => Ok(map),
            Value::Null => Ok(Map::new()),
            Value::Bool(_) => Err(PayloadError::NotAnObject("a boolean")),
            Value::Number(_) => Err(PayloadError::NotAnObject("a number")),
            Value::String(_) => Err(PayloadError::NotAnObject("a string")),
            Value::Array(_) => Err(PayloadError::NotAnObject("a list")),
        }
    }
}

/// The keys of an optional configuration.
///
/// # Errors
/// As [`ConfigPayload::to_map`].
pub fn config_map(config: Option<&ConfigPayload>) -> Result<Map<String, Value>, PayloadError> {
    config.map_or_else(|| Ok(Map::new()), ConfigPayload::to_map)
}

/// Reads `null`, which Go writes for an empty list or map, as the default.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_config_written_by_the_server_is_read() {
        let payload: ConfigPayload = serde_json::from_value(json!({
            "metadata": {"encoding": "anNvbi9wbGFpbg=="},
            "data": "eyJjb21tYW5kIjoiL2Jpbi90cnVlIn0="
        }))
        .unwrap();
        let map = payload.to_map().unwrap();
        assert_eq!(map["command"], "/bin/true");
        assert_eq!(ConfigPayload::from_map(&map), payload);
    }

    #[test]
    fn an_encrypted_config_is_refused_by_its_encoding() {
        let payload: ConfigPayload =
            serde_json::from_value(json!({"metadata": {"encoding": "YmluYXJ5L2VuY3J5cHRlZA=="}}))
                .unwrap();
        assert_eq!(
            payload.to_map().unwrap_err().to_string(),
            "encoding binary/encrypted: payload encoding is not supported"
        );
    }

    #[test]
    fn invalid_data_is_an_error_and_no_data_is_empty() {
        let read = |data: &str| ConfigPayload { data: data.into(), ..Default::default() }.to_map();
        assert!(read("%%%").unwrap_err().to_string().starts_with("unable to decode: "));
        assert!(read("WzFd").unwrap_err().to_string().contains("a list"));
        assert_eq!(read(""), Ok(Map::new()));
    }
}
