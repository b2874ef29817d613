//! From the two older ways to write a history to the protocol's JSON.
//!
//! The server's HTTP API writes payloads in a shorthand: a JSON value stands for the payload with
//! that data (temporalio/api-go, `common/v1/payload_json.go`). Old command lines write
//! `WorkflowExecutionStarted` for the enum value `EVENT_TYPE_WORKFLOW_EXECUTION_STARTED`.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

const PAYLOAD: &str = "temporal.api.common.v1.Payload";
const PAYLOADS: &str = "temporal.api.common.v1.Payloads";
/// The key by which the shorthand of a protobuf message names its type.
const MESSAGE_TYPE: &str = "_protoMessageType";

/// Rewrites `value`, a message of type `message`, where it is not the protocol's JSON.
pub(super) fn canonicalize(value: &mut Value, message: &MessageDescriptor) {
    match message.full_name() {
        PAYLOAD => return canonicalize_payload(value),
        PAYLOADS => return canonicalize_payloads(value),
        _ => {}
    }
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        let field =
            message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name));
        // A field that is null is unset.
        if let Some(field) = field.filter(|_| !value.is_null()) {
            canonicalize_field(value, &field);
        }
    }
}

fn canonicalize_field(value: &mut Value, field: &FieldDescriptor) {
    let kind = field.kind();
    match (&kind, value) {
        (Kind::Message(entry), Value::Object(entries)) if field.is_map() => {
            let kind = entry.map_entry_value_field().kind();
            entries.values_mut().for_each(|value| canonicalize_kind(value, &kind));
        }
        (_, Value::Array(values)) if field.is_list() => {
            values.iter_mut().for_each(|value| canonicalize_kind(value, &kind));
        }
        (_, value) => canonicalize_kind(value, &kind),
    }
}

fn canonicalize_kind(value: &mut Value, kind: &Kind) {
    match kind {
        Kind::Message(message) => canonicalize(value, message),
        Kind::Enum(names) => canonicalize_enum(value, names),
        _ => {}
    }
}

fn canonicalize_enum(value: &mut Value, names: &EnumDescriptor) {
    let Value::String(name) = value else { return };
    if names.get_value_by_name(name).is_some() {
        return;
    }
    let plain = |name: &str| name.replace('_', "").to_ascii_uppercase();
    let sought = plain(names.name()) + &plain(name);
    if let Some(found) = names.values().find(|found| plain(found.name()) == sought) {
        *name = found.name().to_owned();
    }
}

fn canonicalize_payloads(value: &mut Value) {
    match value {
        Value::Array(payloads) => {
            payloads.iter_mut().for_each(canonicalize_payload);
            *value = json!({ "payloads": value.take() });
        }
        Value::Object(fields) => {
            if let Some(Value::Array(payloads)) = fields.get_mut("payloads") {
                payloads.iter_mut().for_each(canonicalize_payload);
            }
        }
        _ => {}
    }
}

fn canonicalize_payload(value: &mut Value) {
    if is_payload(value) {
        return;
    }
    *value = match value.take() {
        Value::Null => payload(&[("encoding", "binary/null")], ""),
        Value::Object(mut fields) => match fields.remove(MESSAGE_TYPE) {
            Some(Value::String(name)) => payload(
                &[("encoding", "json/protobuf"), ("messageType", &name)],
                &Value::Object(fields).to_string(),
            ),
            _ => json_payload(&Value::Object(fields)),
        },
        other => json_payload(&other),
    };
}

fn json_payload(data: &Value) -> Value {
    payload(&[("encoding", "json/plain")], &data.to_string())
}

fn payload(metadata: &[(&str, &str)], data: &str) -> Value {
    let entries =
        metadata.iter().map(|(key, text)| ((*key).to_owned(), BASE64.encode(text).into()));
    let metadata: Map<String, Value> = entries.collect();
    json!({ "metadata": metadata, "data": BASE64.encode(data) })
}

/// Whether `value` is a payload rather than data that stands for one: it has an encoding, and
/// everything in it is base64.
fn is_payload(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    let is_base64 = |value: &Value| value.as_str().is_some_and(|text| BASE64.decode(text).is_ok());
    let has_encoding = fields
        .get("metadata")
        .and_then(Value::as_object)
        .is_some_and(|found| found.contains_key("encoding") && found.values().all(is_base64));
    let known = ["metadata", "data", "externalPayloads"];
    has_encoding
        && fields.keys().all(|key| known.contains(&key.as_str()))
        && fields.get("data").is_none_or(is_base64)
}
