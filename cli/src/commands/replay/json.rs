//! From the JSON that the `temporal` CLI prints to the protocol's history.

use prost::Message;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor};
use serde::Deserialize;
use serde_json::value::RawValue;
use temporalio_common::protos::temporal::api::history::v1::History;

use super::ReplayError;

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

/// Reads `{"events":[…]}` or `{"history":{"events":[…]}}` in the protocol's JSON.
pub(super) fn history(text: &[u8]) -> Result<History, ReplayError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(ReplayError::Empty);
    }
    let whole: &RawValue = serde_json::from_slice(text).map_err(ReplayError::NotJson)?;
    let inner = match around(whole)? {
        Around { events: None, history: Some(history) } => history,
        _ => whole,
    };
    let Some(events) = around(inner)?.events else {
        return Err(ReplayError::NotAHistory(r#"it has no "events""#.into()));
    };
    if !events.get().starts_with('[') {
        return Err(ReplayError::NotAHistory(r#""events" is not a list"#.into()));
    }
    decode(inner.get())
}

fn around(value: &RawValue) -> Result<Around<'_>, ReplayError> {
    serde_json::from_str(value.get())
        .map_err(|_| ReplayError::NotAHistory("it is not an object".into()))
}

fn decode(text: &str) -> Result<History, ReplayError> {
    // Servers and command lines newer than this build may say more.
    let lenient = DeserializeOptions::new().deny_unknown_fields(false);
    let mut json = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize_with_options(descriptor()?, &mut json, &lenient)
        .map_err(|e| ReplayError::NotAHistory(e.to_string()))?;
    History::decode(message.encode_to_vec().as_slice()).map_err(ReplayError::replayer)
}

fn descriptor() -> Result<MessageDescriptor, ReplayError> {
    let pool = DescriptorPool::decode(DESCRIPTORS).map_err(ReplayError::replayer)?;
    pool.get_message_by_name(HISTORY)
        .ok_or_else(|| ReplayError::Replayer(format!("{HISTORY} is not described")))
}
