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
