//! Scenarios in few words.

#![allow(dead_code, reason = "each test file uses some of it")]

use wci_simulator::{Contender, Distribution, Micros, Run, Scenario, simulate};

/// So many milliseconds.
pub(crate) const fn ms(ms: u64) -> Micros {
    Micros::from_ms(ms)
}

/// Always so many milliseconds.
pub(crate) fn always(ms: u64) -> Distribution {
    Distribution::Fixed(Micros::from_ms(ms))
}

/// Traffic, and all else as it is by default.
pub(crate) fn scenario(traffic: &str) -> Scenario {
    Scenario { traffic: vec![traffic.parse().expect("traffic")], ..Scenario::default() }
}

/// An algorithm with its default settings.
pub(crate) fn contender(name: &str) -> Contender {
    Contender::named(name).expect("an algorithm")
}

/// What comes of it.
pub(crate) fn run(scenario: &Scenario, name: &str) -> Run {
    simulate(scenario, &contender(name), &mut |_| {}).expect("a scenario")
}

/// Every algorithm that starts workers one by one.
pub(crate) fn invokers() -> Vec<&'static str> {
    let invokes = |name: &&str| !contender(name).is_worker_set();
    Contender::names().into_iter().filter(invokes).collect()
}
