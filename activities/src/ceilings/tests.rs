use super::*;

const LAMBDA: &str = "aws-lambda";
const PROCESSES: &str = "subprocess";

fn ceilings(workers: u32, workers_per_minute: u32) -> Ceilings {
    let lambda = Ceiling { workers: 5, workers_per_minute: 1000 };
    let all = Ceiling { workers, workers_per_minute };
    Ceilings::new("orders", all, [(LAMBDA.to_owned(), lambda)].into())
}

/// Workers that start at once and run for a minute.
fn start(ceilings: &Ceilings, provider: &str, wanted: u32) -> (u32, Option<Limit>) {
    let lasts = (provider == LAMBDA).then(|| Duration::from_secs(60));
    let grant = ceilings.grant(provider, wanted, lasts, 0);
    let granted = (grant.count(), grant.refusal().map(|(limit, _)| limit));
    grant.settle(granted.0);
    granted
}

#[test]
fn no_more_workers_start_in_a_minute_than_the_operator_allows() {
    let ceilings = ceilings(1000, 10);
    assert_eq!(start(&ceilings, PROCESSES, 4), (4, None));
    assert_eq!(start(&ceilings, PROCESSES, 3000), (6, Some(Limit::NamespaceRate)));
    assert_eq!(start(&ceilings, PROCESSES, 1), (0, Some(Limit::NamespaceRate)));
}

#[test]
fn a_provider_has_its_own_ceiling_below_that_of_the_namespace() {
    let ceilings = ceilings(1000, 10);
    assert_eq!(start(&ceilings, LAMBDA, 20), (5, Some(Limit::ProviderWorkers)));
    assert_eq!(start(&ceilings, PROCESSES, 5), (5, None));
}

#[test]
fn workers_that_did_not_start_do_not_count() {
    let ceilings = ceilings(1000, 10);
    ceilings.grant(PROCESSES, 10, None, 0).settle(2);
    assert_eq!(start(&ceilings, PROCESSES, 10), (8, Some(Limit::NamespaceRate)));
}

#[test]
fn a_launch_that_was_interrupted_counts_as_carried_out() {
    let ceilings = ceilings(1000, 10);
    drop(ceilings.grant(PROCESSES, 10, None, 0));
    assert_eq!(start(&ceilings, PROCESSES, 1), (0, Some(Limit::NamespaceRate)));
}

#[test]
fn workers_that_run_elsewhere_and_those_that_are_being_started_count_as_well() {
    let ceilings = ceilings(10, 1000);
    let underway = ceilings.grant(PROCESSES, 3, None, 4);
    assert_eq!(underway.count(), 3);
    let next = ceilings.grant(PROCESSES, 9, None, 4);
    assert_eq!((next.count(), next.refusal().unwrap().0), (3, Limit::NamespaceWorkers));
}

#[test]
fn a_minute_later_as_many_may_start_again_and_ended_workers_make_room() {
    let mut meter = Meter::new(Ceiling { workers: 10, workers_per_minute: 10 });
    let at = Duration::from_secs;
    meter.reserve(at(5), 10, Some(at(300)));
    assert_eq!((meter.room_in_minute(at(64)), meter.next_in_minute(at(64))), (0, 1));
    assert_eq!(meter.room_in_minute(at(65)), 10);
    assert_eq!((meter.room_at_once(at(304), 0), meter.room_at_once(at(305), 0)), (0, 10));
}

#[test]
fn a_refusal_says_what_is_reached_and_who_can_raise_it() {
    let ceilings = ceilings(1000, 10);
    start(&ceilings, PROCESSES, 10);
    let grant = ceilings.grant(PROCESSES, 1, None, 0);
    let (_, message) = grant.refusal().unwrap();
    for part in ["namespace orders", "10 workers a minute", "s; the operator can raise", "max_wor"]
    {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn checks_of_compute_configs_are_bounded_as_well_and_take_nothing_from_launches() {
    let ceilings = ceilings(1000, 3);
    for _ in 0..3 {
        ceilings.admit_validation().unwrap();
    }
    assert!(ceilings.admit_validation().unwrap_err().contains("namespace orders: 3 compute"));
    assert_eq!(start(&ceilings, PROCESSES, 3), (3, None));
}

#[test]
fn the_rest_of_a_launch_is_throttled_with_the_reason() {
    use wci_contract::{FailureClass, launch::Outcome};
    let outcome = with_throttled(Outcome::started(2), 3, "enough");
    assert_eq!((outcome.started, outcome.throttled), (2, 3));
    assert_eq!((outcome.class, &*outcome.message), (Some(FailureClass::Throttled), "enough"));
    assert_eq!(with_throttled(Outcome::started(2), 0, ""), Outcome::started(2));
}
