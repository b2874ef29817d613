//! Properties of the instance core that hold for every sequence of events.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use proptest::{prelude::*, sample::select};
use serde_json::json;
use support::{
    decider::Decider,
    driver::Driver,
    step::{Numbers, Step, specs, steps},
};
use wci_contract::{Spec, messages::StartInput, state::Timestamp};
use wci_instance::{Effect, InstanceState};

/// When the first run begins, milliseconds since the Unix epoch.
const STARTED_MS: i64 = 1_800_000_000_000;

fn instance(spec: Option<&Spec>, counter: u64) -> InstanceState {
    let wci = json!({"workers_started": counter, "signals_dropped": counter});
    let input: StartInput = serde_json::from_value(json!({"namespace_name": "default",
        "deployment_name": "d", "build_id": "b", "state": {"spec": spec, "wci": wci}}))
    .unwrap();
    InstanceState::new(input, Timestamp { seconds: STARTED_MS / 1_000, nanos: 0 }).unwrap()
}

/// Takes `steps` one after another. The model checks the instance after each of them.
fn run(spec: Option<&Spec>, counter: u64, decider: Decider, steps: &[(bool, Step)]) -> Vec<Effect> {
    let mut driver = Driver::new(instance(spec, counter), STARTED_MS, decider);
    for (settles, step) in steps {
        driver.take(step, *settles);
    }
    driver.take(&Step::HandOver, true);
    driver.trace
}

fn spec() -> impl Strategy<Value = Option<Spec>> {
    prop::option::weighted(0.8, select(specs()))
}

/// A case is a whole life of an instance, so that a quarter of the usual number is enough.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.div_ceil(4), ..config }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_task_and_no_request_is_lost_whatever_is_decided(
        spec in spec(), steps in steps(Numbers::Plausible),
    ) {
        run(spec.as_ref(), 0, Decider::Random, &steps);
    }

    #[test]
    fn no_task_and_no_request_is_lost_with_the_real_algorithms(
        spec in spec(), steps in steps(Numbers::Plausible),
    ) {
        run(spec.as_ref(), 0, Decider::Algorithms, &steps);
    }

    #[test]
    fn huge_numbers_overflow_nothing(
        spec in spec(), counter in select(vec![0, u64::MAX - 3]), mut steps in steps(Numbers::Huge),
        is_flooded in prop::bool::weighted(0.1),
    ) {
        if is_flooded {
            steps.insert(0, (true, Step::Flood(300)));
        }
        run(spec.as_ref(), counter, Decider::Random, &steps);
    }

    #[test]
    fn the_same_events_have_the_same_effects(
        spec in spec(), steps in steps(Numbers::Plausible),
    ) {
        let effects = run(spec.as_ref(), 0, Decider::Random, &steps);
        prop_assert_eq!(effects, run(spec.as_ref(), 0, Decider::Random, &steps));
    }
}
