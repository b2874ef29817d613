//! From the JSON that the `temporal` CLI prints to the protocol's history.

mod canonical;

use prost::Message;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use temporalio_common::protos::temporal::api::history::v1::History;

/// Why a text is not a history.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Nothing in it.
    #[error("has no events: record a run with temporal workflow show --output json")]
    Empty,
    /// Some other text, or a part of a file.
    #[error("is not JSON, or a part is missing: {0}")]
    NotJson(serde_json::Error),
    /// JSON of another kind.
    #[error("is not a history as temporal workflow show --output json prints it: {0}")]
    NotAHistory(String),
    /// The protocol's descriptors in this build are broken.
    #[error("the descriptors of this build are broken: {0}")]
    Descriptors(String),
}

/// The descriptors of a history, cut out of the SDK's by the build script.
static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/history.descriptors"));
const HISTORY: &str = "temporal.api.history.v1.History";

/// What is around the events: nothing, or the answer of the server's API.
#[derive(Deserialize)]
struct Around<'a> {
    #[serde(borrow)]
    events: Option<&'a RawValue>,
    #[serde(borrow)]
    history: Option<&'a RawValue>,
}

/// Reads `{"events":[…]}` or `{"history":{"events":[…]}}` in the protocol's JSON, also with the
/// shorthand for payloads of the server's HTTP API and with the old names of enum values.
///
/// Fields that this build does not know are left out.
pub fn parse(text: &[u8]) -> Result<History, JsonError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(JsonError::Empty);
    }
    let whole: &RawValue = serde_json::from_slice(text).map_err(JsonError::NotJson)?;
    let inner = match around(whole)? {
        Around { events: None, history: Some(history) } => history,
        _ => whole,
    };
    let Some(events) = around(inner)?.events else {
        return Err(JsonError::NotAHistory(r#"it has no "events""#.into()));
    };
    if !events.get().starts_with('[') {
        return Err(JsonError::NotAHistory(r#""events" is not a list"#.into()));
    }
    decode(inner.get())
}

fn around(value: &RawValue) -> Result<Around<'_>, JsonError> {
    serde_json::from_str(value.get())
        .map_err(|_| JsonError::NotAHistory("it is not an object".into()))
}

fn decode(text: &str) -> Result<History, JsonError> {
    let mut json: Value = serde_json::from_str(text).map_err(JsonError::NotJson)?;
    let descriptor = descriptor()?;
    canonical::canonicalize(&mut json, &descriptor);
    // Servers and command lines newer than this build may say more.
    let lenient = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(descriptor, json, &lenient)
        .map_err(|e| JsonError::NotAHistory(e.to_string()))?;
    History::decode(message.encode_to_vec().as_slice()).map_err(descriptors)
}

fn descriptor() -> Result<MessageDescriptor, JsonError> {
    let pool = DescriptorPool::decode(DESCRIPTORS).map_err(descriptors)?;
    pool.get_message_by_name(HISTORY)
        .ok_or_else(|| JsonError::Descriptors(format!("{HISTORY} is not described")))
}

fn descriptors(error: impl std::fmt::Display) -> JsonError {
    JsonError::Descriptors(error.to_string())
}

#[cfg(test)]
mod tests;
