use super::*;
use serde_json::json;
use wci_contract::FailureClass;

fn spec(provider: &str) -> Spec {
    serde_json::from_value(json!({"scaling_group_specs": {"g": {
        "compute": {"provider_type": provider}}}}))
    .unwrap()
}

fn book() -> Book {
    let mut book = Book::default();
    book.put_in_service(spec("subprocess-pool"));
    book
}

fn count(input: Option<ResizeInput>) -> Option<u32> {
    input.map(|input| input.count)
}

#[test]
fn a_newer_size_takes_the_place_of_one_that_waits() {
    let mut book = book();
    book.resize(10, "g", 1);
    let first = book.next_resize().unwrap();
    book.resize(11, "g", 2);
    book.resize(12, "g", 3);
    assert_eq!(book.next_resize(), None, "one is under way");
    book.resized(13, &first, Outcome::started(1));
    assert!(book.is_untold("g"));
    let second = book.next_resize().unwrap();
    assert_eq!(second.count, 3);
    book.resized(14, &second, Outcome::started(2));
    assert!(!book.is_untold("g"));
    assert_eq!((book.next_resize(), book.wci().workers_started), (None, 3));
}

#[test]
fn a_size_that_was_not_taken_waits_for_the_decision_that_follows() {
    let mut book = book();
    book.resize(10, "g", 1);
    let first = book.next_resize().unwrap();
    book.resize(11, "g", 2);
    book.resized(12, &first, Outcome::failed(1, FailureClass::NotFound, "gone"));
    assert_eq!(book.next_resize(), None);
    assert!(book.is_untold("g") && book.wci().last_failures.contains_key("g"));
    assert!(matches!(book.events["g"].last(), Some(Event::Outcome(_))));
}

#[test]
fn a_group_that_gets_another_provider_lets_its_set_go_and_then_forgets_it() {
    let mut book = book();
    book.resize(10, "g", 4);
    let first = book.next_resize().unwrap();
    book.resized(11, &first, Outcome::started(4));
    book.put_in_service(spec("subprocess"));
    let last = book.next_resize().unwrap();
    assert_eq!((last.count, last.compute.provider_type.as_str()), (0, "subprocess-pool"));
    assert!(last.requested_ms > first.requested_ms);
    book.resized(12, &last, Outcome::failed(1, FailureClass::Internal, "no"));
    let again = book.next_resize().unwrap();
    book.resized(13, &again, Outcome::default());
    assert!(book.are_sets_gone());
}

#[test]
fn the_end_of_an_instance_is_the_end_of_its_sets() {
    let mut book = book();
    assert!(!book.let_all_go(), "there is none yet");
    let mut book = self::book();
    book.resize(10, "g", 4);
    assert!(book.let_all_go());
    let last = book.next_resize();
    assert_eq!(count(last.clone()), Some(0));
    book.resized(11, &last.unwrap(), Outcome::default());
    assert!(book.are_sets_gone());
}

#[test]
fn a_provider_is_told_again_after_a_while() {
    let mut book = book();
    book.resize(10, "g", 4);
    let first = book.next_resize().unwrap();
    book.resized(11, &first, Outcome::started(4));
    book.remind(AGAIN_MS, "g");
    assert_eq!(book.next_resize(), None);
    book.remind(10 + AGAIN_MS, "g");
    assert_eq!(count(book.next_resize()), Some(4));
}

#[test]
fn queues_of_sets_are_looked_at_whatever_they_hold() {
    let mut book = book();
    assert_eq!(book.next_watch(0, 3_600_000).unwrap().until_ms, 60_000);
    book.next_poll_ms.insert("g".to_owned(), 30_000);
    assert_eq!(book.next_watch(0, 3_600_000).unwrap().until_ms, 30_000);
    book.put_in_service(spec("subprocess"));
    assert_eq!(book.next_watch(0, 3_600_000).unwrap().until_ms, 3_600_000);
}
