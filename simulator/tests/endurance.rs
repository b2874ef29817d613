//! A day of faults in a moment: providers that refuse and hang, signals that are lost, doubled and
//! late, stats that are missing, partial and stale, activities that fail, runs that end at any point,
//! a server that restarts and workers that crash.
//!
//! A failure prints its seed; `WCI_SEED=<seed>` runs that day alone, `WCI_SEEDS=<number>` as many.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use wci_simulator::{ParseError, Survived, endure};

/// Days of an ordinary test run.
const DAYS: u64 = 200;
#[allow(clippy::disallowed_methods, reason = "the seed of a failure is set from outside")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn a_day_of_faults_loses_no_task_leaves_no_worker_and_exceeds_no_limit() {
    let seeds = match setting("WCI_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..setting("WCI_SEEDS").unwrap_or(DAYS),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let days: Vec<Result<Survived, ParseError>> = std::thread::scope(|scope| {
        let live = |nth: usize| {
            let seeds = seeds.clone();
            scope.spawn(move || seeds.skip(nth).step_by(threads).map(endure).collect::<Vec<_>>())
        };
        let running: Vec<_> = (0..threads).map(live).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a day")).collect()
    });
    let sum = |of: fn(&Survived) -> u64| days.iter().flatten().map(of).sum::<u64>();
    let longest = days.iter().flatten().map(|day| day.longest_wait).max().unwrap_or_default();
    println!(
        "{} days: {} tasks, {} faults, {} workers, {} decisions, {} steps, longest wait {longest}",
        days.len(),
        sum(|day| day.tasks),
        sum(|day| day.faults),
        sum(|day| day.workers),
        sum(|day| day.decisions),
        sum(|day| day.steps),
    );
    let failures: Vec<String> =
        days.iter().filter_map(|day| day.as_ref().err()).map(ToString::to_string).collect();
    let shown = failures.iter().take(10).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} days failed:\n{shown}", failures.len());
}

#[test]
fn the_same_seed_is_the_same_day() {
    for seed in 0..8 {
        assert_eq!(endure(seed), endure(seed), "{seed}");
    }
}
