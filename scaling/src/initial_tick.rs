//! Groups that need a decision before any task waits.

use serde_json::{Map, Value};

use crate::{Algorithm, demand};

/// Whether a group needs an [`Event::Tick`](wci_contract::decision::Event::Tick) when its
/// settings are new or its instance's run begins, because it may have to start workers although
/// no task waits.
///
/// `algorithm` and `config` are as the spec has them, possibly unknown or invalid. The answer
/// depends only on which settings are present. Instances act on it in workflow code, so that the
/// answer for given settings must stay the same for recorded runs to replay.
pub fn needs_initial_tick(algorithm: &str, config: &Map<String, Value>) -> bool {
    match Algorithm::parse(algorithm) {
        Some(Algorithm::Demand) => demand::has_minimum(config),
        Some(Algorithm::NoSync | Algorithm::RateBased) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn needs(algorithm: &str, config: &Value) -> bool {
        needs_initial_tick(algorithm, config.as_object().unwrap())
    }

    #[test]
    fn demand_needs_a_tick_when_a_minimum_is_set_to_anything() {
        for config in [
            json!({"min_workers": 3}),
            json!({"min_workers": 0}),
            json!({"min_workers": "many", "worker_slots": 4}),
            json!({"min_workers_schedule": []}),
        ] {
            assert!(needs("demand", &config), "{config}");
        }
        assert!(!needs("demand", &json!({"worker_slots": 4})));
    }

    #[test]
    fn no_other_algorithm_does() {
        for algorithm in ["no-sync", "rate-based", "", "Demand"] {
            assert!(!needs(algorithm, &json!({"min_workers": 3})), "{algorithm}");
        }
    }
}
