//! Builds scenarios.

#![allow(dead_code, reason = "each test file uses some of it")]

use wci_simulator::{Contender, Distribution, Micros, Run, Scenario, simulate};

/// A duration in milliseconds.
pub(crate) const fn ms(ms: u64) -> Micros {
    Micros::from_ms(ms)
}

/// A fixed time in milliseconds.
pub(crate) fn always(ms: u64) -> Distribution {
    Distribution::Fixed(Micros::from_ms(ms))
}

/// The default scenario with this traffic.
pub(crate) fn scenario(traffic: &str) -> Scenario {
    Scenario { traffic: vec![traffic.parse().expect("traffic")], ..Scenario::default() }
}

/// An algorithm with its default settings.
pub(crate) fn contender(name: &str) -> Contender {
    Contender::named(name).expect("an algorithm")
}

/// Simulates `scenario` with the algorithm of this name.
pub(crate) fn run(scenario: &Scenario, name: &str) -> Run {
    simulate(scenario, &contender(name), &mut |_| {}).expect("a scenario")
}

/// Every algorithm that starts workers one by one.
pub(crate) fn invokers() -> Vec<&'static str> {
    let invokes = |name: &&str| !contender(name).is_worker_set();
    Contender::names().into_iter().filter(invokes).collect()
}
