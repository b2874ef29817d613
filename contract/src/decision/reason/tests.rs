use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn known(line: &str) -> Reason {
    match Reason::parse(line) {
        ParsedReason::Known(reason) => reason,
        unknown @ ParsedReason::Unknown { .. } => panic!("{unknown:?}"),
    }
}

/// The line with its numbers replaced by `numbers`, one after the other.
fn with_numbers(line: &str, numbers: &[u32]) -> String {
    let mut numbers = numbers.iter();
    let mut next = || numbers.next().unwrap().to_string();
    line.split("=0").collect::<Vec<_>>().iter().enumerate().fold(
        String::new(),
        |line, (i, part)| {
            if i == 0 { (*part).to_owned() } else { format!("{line}={}{part}", next()) }
        },
    )
}

proptest! {
    #[test]
    fn every_reason_is_read_as_it_was_written(
        numbers in prop::collection::vec(any::<u32>(), 3),
        class in prop::sample::select(&FailureClass::ALL),
        algorithm in ".{0,40}",
    ) {
        for reason in Reason::all() {
            let line = with_numbers(&reason.to_string(), &numbers)
                .replace("(throttled)", &format!("({class})"))
                .replace("example", &algorithm);
            let read = known(&line);
            prop_assert_eq!(read.name(), reason.name());
            prop_assert_eq!(read.to_string(), line);
        }
    }

    #[test]
    fn any_text_can_be_parsed_and_keeps_its_line(text in ".*") {
        if let ParsedReason::Unknown { line, .. } = Reason::parse(&text) {
            prop_assert_eq!(line, &text);
        }
    }
}

#[test]
fn the_lines_are_those_that_histories_hold() {
    let class = FailureClass::Throttled;
    for (reason, line) in [
        (Reason::TasksAnnounced { misses: 1 }, "tasks_announced misses=1"),
        (Reason::Cooloff { remaining_ms: 40 }, "cooloff remaining_ms=40"),
        (
            Reason::LaunchFailed { class, failures: 2, wait_ms: 2000 },
            "launch_failed(throttled) failures=2 wait_ms=2000",
        ),
        (Reason::BackingOff { class, remaining_ms: -1 }, "backing_off(throttled) remaining_ms=-1"),
        (
            Reason::RateBudgetSpent { requested: 600, max: 600, remaining_ms: 5 },
            "rate_budget_spent asked=600 max=600 remaining_ms=5",
        ),
        (Reason::NothingWaits, "nothing_waits"),
        (
            Reason::UnsupportedAlgorithm { algorithm: "moon phase".into() },
            "unsupported_algorithm moon phase",
        ),
    ] {
        assert_eq!(reason.to_string(), line);
        assert_eq!(serde_json::to_value(&reason).unwrap(), line);
        assert_eq!(known(line), reason);
    }
}

#[test]
fn every_name_is_there_once() {
    let names: Vec<&str> = Reason::all().iter().map(Reason::name).collect();
    assert_eq!(names, Reason::NAMES);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), Reason::NAMES.len());
}

#[test]
fn missing_numbers_are_zero_and_additional_ones_are_ignored() {
    assert_eq!(
        known("deficit waiting=9 moons=3 workers=x"),
        Reason::Deficit { waiting: 9, covered: 0, workers: 0 }
    );
    assert_eq!(known("cooloff(twice) remaining_ms=40"), Reason::Cooloff { remaining_ms: 40 });
}

#[test]
fn a_reason_or_class_of_a_later_build_keeps_its_name_and_line() {
    for (line, name) in [
        ("moon_is_full phase=3", "moon_is_full"),
        ("launch_failed(eclipsed) failures=2", "launch_failed"),
        ("launch_failed failures=2", "launch_failed"),
        ("backing_off(throttled remaining_ms=4", "backing_off"),
        ("cooler(x", "cooler"),
        ("(", ""),
        ("", ""),
    ] {
        assert_eq!(Reason::parse(line), ParsedReason::Unknown { name, line });
        assert_eq!(Reason::parse(line).name(), name);
    }
}
