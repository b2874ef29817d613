use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use temporalio_common::protos::temporal::api::{
    common::v1::Payload, enums::v1::EventType, history::v1::history_event::Attributes,
};

use super::*;

fn started(attributes: &str) -> History {
    let text = format!(
        r#"{{"history":{{"events":[{{"eventId":"1","eventType":"WorkflowExecutionStarted",
        "workflowExecutionStartedEventAttributes":{attributes},
        "userMetadata":{{"summary":"starts workers for a:v1"}}}}]}}}}"#
    );
    parse(text.as_bytes()).unwrap()
}

fn inputs(attributes: &str) -> Vec<Payload> {
    let event = started(attributes).events.remove(0);
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(start)) = event.attributes else {
        panic!("{event:?}")
    };
    start.input.unwrap().payloads
}

fn encoding(payload: &Payload) -> &[u8] {
    &payload.metadata["encoding"]
}

#[test]
fn old_names_of_enum_values_are_read() {
    let events = started("{}").events;
    assert_eq!(events[0].event_type(), EventType::WorkflowExecutionStarted);
}

#[test]
fn the_shorthand_of_the_http_api_is_read() {
    let metadata = started("{}").events.remove(0).user_metadata.unwrap();
    assert_eq!(metadata.summary.unwrap().data, br#""starts workers for a:v1""#);
    let found = inputs(r#"{"input":[{"a":1},null,{"_protoMessageType":"t.M","b":2},{},"x"]}"#);
    let data: Vec<_> = found.iter().map(|payload| payload.data.as_slice()).collect();
    assert_eq!(data, [&br#"{"a":1}"#[..], b"", br#"{"b":2}"#, b"{}", br#""x""#]);
    assert_eq!(encoding(&found[0]), b"json/plain");
    assert_eq!(encoding(&found[1]), b"binary/null");
    assert_eq!(encoding(&found[2]), b"json/protobuf");
    assert_eq!(found[2].metadata["messageType"], b"t.M");
}

#[test]
fn payloads_of_the_protocols_json_stay_as_they_are() {
    let payload = r#"{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"eyJhIjoxfQ=="}"#;
    let found = inputs(&format!(r#"{{"input":{{"payloads":[{payload}]}}}}"#));
    assert_eq!(
        (encoding(&found[0]), found[0].data.as_slice()),
        (&b"json/plain"[..], &br#"{"a":1}"#[..])
    );
    // Data of a program that looks like a payload, in shorthand.
    let found = inputs(r#"{"input":[{"metadata":{"encoding":"plain text"},"data":"x"}]}"#);
    assert_eq!(encoding(&found[0]), b"json/plain");
}

#[test]
fn payloads_in_maps_are_read() {
    let event = started(r#"{"memo":{"fields":{"k":{"a":1}}}}"#).events.remove(0);
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(start)) = event.attributes else {
        panic!("{event:?}")
    };
    assert_eq!(start.memo.unwrap().fields["k"].data, br#"{"a":1}"#);
}

/// Rewrites recorded JSON as the server's HTTP API writes it.
fn shorten(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(shorten),
        Value::Object(fields) => {
            fields.values_mut().for_each(shorten);
            let encoding = fields.get("metadata").and_then(|found| found.get("encoding"));
            if encoding == Some(&Value::from(BASE64.encode("json/plain"))) {
                let data = BASE64.decode(fields["data"].as_str().unwrap()).unwrap();
                *value = serde_json::from_slice(&data).unwrap();
            } else if let Some(payloads) = fields.get_mut("payloads") {
                *value = payloads.take();
            }
        }
        _ => {}
    }
}

#[test]
fn a_recorded_run_reads_the_same_in_shorthand() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../replay-histories/v3");
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read(&file).unwrap();
        let mut short: Value = serde_json::from_slice(&text).unwrap();
        shorten(&mut short);
        let short = short.to_string();
        assert!(short.len() < text.len(), "{} is not short", file.display());
        let read = |text: &[u8]| {
            let events = parse(text).unwrap().events;
            format!("{:?}", crate::History::read([&*events], None))
        };
        assert_eq!(read(&text), read(short.as_bytes()), "{}", file.display());
        files += 1;
    }
    assert!(files > 0);
}
