//! How many slots a load needs: Erlang's C formula.

/// Above this load the formula is not evaluated: the spare slots grow with the root of the load.
const LARGE: f64 = 10_000.0;
/// The shares of waiting tasks for which slots are computed.
const SHARES: (f64, f64) = (0.001, 0.9);

/// Returns the probability that a task finds all of `slots` taken, if on average `load` of them are.
///
/// It assumes that tasks arrive independently of each other and take exponential times.
#[must_use]
pub fn probability_of_waiting(slots: u64, load: f64) -> f64 {
    let mut blocked = 1.0;
    let mut count = 0.0;
    for _ in 0..slots {
        count += 1.0;
        blocked = load * blocked / (count + load * blocked);
    }
    waiting(count, load, blocked)
}

/// Returns the fewest slots with which at most `share` of the tasks find none free, at least one.
///
/// `load` is the mean number of busy slots. `share` is brought into 0.001 to 0.9.
#[must_use]
pub fn slots_needed(load: f64, share: f64) -> u64 {
    if load.is_nan() || load <= 0.0 {
        return 1;
    }
    let share = if share.is_nan() { SHARES.0 } else { share.clamp(SHARES.0, SHARES.1) };
    if load > LARGE {
        let spare = to_f64(slots_needed(LARGE, share)) - LARGE;
        return to_u64((load + spare * (load / LARGE).sqrt()).ceil());
    }
    // The recursion of the formula, continued until the share is small enough.
    let (mut slots, mut count, mut blocked) = (0, 0.0, 1.0);
    while slots == 0 || waiting(count, load, blocked) > share {
        slots += 1;
        count += 1.0;
        blocked = load * blocked / (count + load * blocked);
    }
    slots
}

/// Erlang C from Erlang B: `blocked` is the probability with `slots` and no queue.
fn waiting(slots: f64, load: f64, blocked: f64) -> f64 {
    if load >= slots {
        return 1.0;
    }
    blocked / (1.0 - load / slots * (1.0 - blocked))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of slots are far below 2^53")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of floats saturate, and the value is positive"
)]
fn to_u64(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_formula_has_the_values_of_the_published_tables() {
        // A single server waits with the probability of its load; two with a²/(2 + a).
        assert!((probability_of_waiting(1, 0.3) - 0.3).abs() < 1e-12);
        assert!((probability_of_waiting(2, 1.0) - 1.0 / 3.0).abs() < 1e-12);
        assert!((probability_of_waiting(10, 8.0) - 0.409_18).abs() < 1e-4);
        assert!((probability_of_waiting(0, 0.5) - 1.0).abs() < 1e-12);
        assert!((probability_of_waiting(3, 3.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn small_loads_need_these_slots_so_that_one_task_in_ten_waits() {
        let needed = [0.0, 0.09, 0.2, 0.4, 0.6, 1.0, 2.0, 4.0, 20.0].map(|r| slots_needed(r, 0.1));
        assert_eq!(needed, [1, 1, 2, 2, 3, 3, 5, 8, 27]);
    }

    #[test]
    fn no_input_keeps_the_search_from_ending() {
        assert_eq!(slots_needed(f64::NAN, 0.1), 1);
        assert_eq!(slots_needed(-1.0, 0.1), 1);
        assert_eq!(slots_needed(1.0, 0.0), slots_needed(1.0, 0.001));
        assert_eq!(slots_needed(1.0, f64::NAN), slots_needed(1.0, 0.001));
        assert_eq!(slots_needed(0.5, 2.0), slots_needed(0.5, 0.9));
        assert_eq!(slots_needed(f64::INFINITY, 0.1), u64::MAX);
    }

    #[test]
    fn large_loads_continue_the_small_ones() {
        let (below, above) = (slots_needed(LARGE, 0.1), slots_needed(LARGE * 1.0001, 0.1));
        assert!(above >= below && above <= below + 3, "{below} {above}");
    }

    proptest! {
        #[test]
        fn the_slots_are_the_fewest_that_suffice(load in 0.001..300.0_f64, share in 0.01..0.5_f64) {
            let slots = slots_needed(load, share);
            prop_assert!(probability_of_waiting(slots, load) <= share);
            prop_assert!(slots == 1 || probability_of_waiting(slots - 1, load) > share);
        }

        #[test]
        fn more_load_never_needs_fewer_slots(load in 0.0..20_000.0_f64, more in 0.0..500.0_f64) {
            prop_assert!(slots_needed(load + more, 0.1) >= slots_needed(load, 0.1));
        }

        #[test]
        fn a_larger_fleet_needs_no_larger_share_of_its_slots(
            each in 0.05..1.9_f64, fleet in 1_u32..200, times in 2_u32..10
        ) {
            // Why a part of a long list may stand for the whole.
            let part = slots_needed(each * f64::from(fleet), 0.1) * u64::from(times);
            prop_assert!(slots_needed(each * f64::from(fleet * times), 0.1) <= part);
        }
    }
}
