use super::{data::TimelineData, page};
use wci_history::History;

use crate::replay::recorded;

fn history(name: &str) -> History {
    History::read([&*recorded(name)], None)
}

fn drawn(name: &str) -> String {
    let history = history(name);
    let last = history.runs[0].last_event;
    page(&history, last)
}

#[test]
fn the_picture_has_what_waited_what_was_asked_for_and_why() {
    let history = history("provider-refuses-then-recovers");
    let data = TimelineData::new(&history, history.runs[0].last_event);
    assert_eq!(data.launches.len(), 3);
    let well: Vec<bool> = data.launches.iter().map(|bar| bar.is_success).collect();
    assert_eq!(well, [false, false, true]);
    assert_eq!(data.started.last().unwrap().1, 1);
    assert_eq!(data.in_flight.iter().map(|(_, workers)| *workers).max(), Some(1));
    assert_eq!(data.in_flight.last().unwrap().1, 0);
    assert_eq!(data.announced.iter().map(|(_, misses)| *misses).sum::<u64>(), 5);
    assert_eq!(data.reasons["launch_failed"].len(), 2);
    assert_eq!(data.reasons["probing"].len(), 2);
}

#[test]
fn a_backlog_that_a_watch_saw_is_drawn() {
    let history = history("backlog-alone");
    let data = TimelineData::new(&history, history.runs[0].last_event);
    assert_eq!(data.backlog.iter().map(|(_, waiting)| *waiting).max(), Some(1));
}

#[test]
fn the_page_stands_alone_and_can_be_read_as_well_as_looked_at() {
    let page = drawn("burst");
    assert!(page.starts_with("<!doctype html>"));
    for foreign in
        ["http://", "https://", "<script", "<link", "<img", "url(", "@import", "javascript:"]
    {
        assert!(!page.contains(foreign), "{foreign} stands in the page");
    }
    for needed in [
        "<html lang=\"en\">",
        "prefers-color-scheme: dark",
        "role=\"img\" aria-labelledby=\"reasons-t reasons-d\"",
        "<title id=\"backlog-t\">Tasks</title>",
        "<desc id=\"workers-d\">",
        "<th scope=\"col\">Time</th>",
        "found no worker.</td>",
        ">tasks_announced</text>",
    ] {
        assert!(page.contains(needed), "{needed} is missing");
    }
    assert_eq!(page.matches("<figure>").count(), 4);
    assert_eq!(page.matches("role=\"img\"").count(), 4);
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert!(!page.contains("NaN") && !page.contains("inf\""));
}

#[test]
fn what_stands_in_a_history_cannot_break_out_of_the_page() {
    let mut events = recorded("provider-refuses-then-recovers");
    let evil = "<script>alert('&\"')</script>";
    for event in &mut events {
        let Some(attributes) = &mut event.attributes else { continue };
        use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes as A;
        if let A::ActivityTaskCompletedEventAttributes(done) = attributes {
            for payload in done.result.iter_mut().flat_map(|result| &mut result.payloads) {
                let text = String::from_utf8(payload.data.clone()).unwrap();
                let evil = serde_json::to_string(evil).unwrap();
                let text = text.replace("tasks_announced", evil.trim_matches('"'));
                payload.data = text.replace("Rate Exceeded", evil.trim_matches('"')).into_bytes();
            }
        }
    }
    let history = History::read([&*events], None);
    let page = page(&history, history.runs[0].last_event);
    assert!(page.contains("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)"), "the words are not there");
    assert!(!page.contains("<script"));
}

#[test]
fn an_instance_that_did_nothing_yet_has_a_page_too() {
    let events = recorded("backlog-alone");
    let history = History::read([&events[..6]], None);
    let page = page(&history, history.runs[0].last_event);
    assert!(page.contains("No launches."));
    assert!(page.contains("No decisions."));
    let nothing = super::page(&History::default(), 0);
    assert!(nothing.contains("</html>") && !nothing.contains("NaN"));
}
