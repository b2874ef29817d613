//! The errors of invalid settings.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::map;
use wci_scaling::{Algorithm, check_config};

fn refusal(config: Value) -> String {
    check_config(Algorithm::NoSync, &map(config)).unwrap_err().to_string()
}

fn is_accepted(config: Value) -> bool {
    check_config(Algorithm::NoSync, &map(config)).is_ok()
}

#[test]
fn mistakes_have_the_messages_that_clients_match_on() {
    let cases = [
        (json!({"bogus": 1}), "unknown config key \"bogus\" for no-sync scaling algorithm"),
        (json!({"scale_up_cooloff_ms": -1}), "scale_up_cooloff_ms must be at least 0"),
        (
            json!({"scale_up_cooloff_ms": "soon"}),
            "scale_up_cooloff_ms must be an integer and at least 0",
        ),
        (
            json!({"metrics_poll_interval_ms": 100}),
            "metrics_poll_interval_ms must be at least 10000",
        ),
        (
            json!({"metrics_poll_interval_ms": 30_000, "scale_up_cooloff_ms": 60_000}),
            "metrics_poll_interval_ms (30000) must be >= scale_up_cooloff_ms (60000), \
             otherwise metric-driven scale-ups will never fire",
        ),
        (
            json!({"scale_up_dispatch_rate_epsilon": 0.5}),
            "scale_up_dispatch_rate_epsilon (0.5) must be a finite number in [0, 0.1]",
        ),
        (
            json!({"scale_up_dispatch_rate_epsilon": "NaN"}),
            "scale_up_dispatch_rate_epsilon must be a finite number in [0, 0.1]",
        ),
    ];
    for (config, message) in cases {
        assert_eq!(refusal(config), message);
    }
}

#[test]
fn every_setting_has_its_bounds_enforced() {
    for key in [
        "scale_up_cooloff_ms",
        "scale_up_backlog_threshold",
        "max_worker_lifetime_ms",
        "scale_up_dispatch_rate_epsilon_confirm_ms",
        "suppress_scale_up_ms",
        "suppress_poll_interval_ms",
    ] {
        assert!(is_accepted(json!({ key: 0 })), "{key}");
        assert_eq!(refusal(json!({ key: -1 })), format!("{key} must be at least 0"));
        assert_eq!(refusal(json!({ key: -0.5 })), format!("{key} must be at least 0"));
    }
    assert!(is_accepted(json!({"metrics_poll_interval_ms": 10_000})));
    assert!(is_accepted(json!({"scale_up_dispatch_rate_epsilon": 0.1})));
    assert!(is_accepted(json!({"scale_up_dispatch_rate_epsilon": "0.05"})));
    assert!(!is_accepted(json!({"scale_up_dispatch_rate_epsilon": -0.01})));
}

#[test]
fn unusual_numbers_that_the_server_accepts_are_accepted() {
    for value in [json!(1.5), json!("777"), json!(60_000), json!(1e3)] {
        assert!(is_accepted(json!({"scale_up_cooloff_ms": value})), "{value}");
    }
}

#[test]
fn anything_but_a_number_is_refused() {
    for value in [
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!(""),
        json!(" 1"),
        json!("1.5"),
        json!("0x10"),
        json!("inf"),
        json!(1e300),
        json!(u64::MAX),
    ] {
        assert!(!is_accepted(json!({"scale_up_cooloff_ms": value})), "{value}");
    }
    for value in ["inf", "-inf", "nan", "infinity", "1e999", "", "0.1x"] {
        assert!(!is_accepted(json!({"scale_up_dispatch_rate_epsilon": value})), "{value}");
    }
}

#[test]
fn settings_of_the_detector_must_be_consistent_once_it_is_on() {
    let cases = [
        (
            "scale_up_dispatch_rate_epsilon_confirm_ms",
            60_000,
            "scale_up_dispatch_rate_epsilon_confirm_ms (60000) must be > \
             metrics_poll_interval_ms (60000), otherwise two polls are enough to suppress scale-ups",
        ),
        (
            "suppress_scale_up_ms",
            90_000,
            "suppress_scale_up_ms (90000) must be > suppress_poll_interval_ms (90000), \
             otherwise suppression ends before the next poll can prolong it",
        ),
        (
            "suppress_poll_interval_ms",
            0,
            "suppress_poll_interval_ms must be at least 1 when scale_up_dispatch_rate_epsilon \
             is above 0",
        ),
    ];
    for (key, value, message) in cases {
        assert!(is_accepted(json!({ key: value })), "{key}");
        let config = json!({ key: value, "scale_up_dispatch_rate_epsilon": 0.01 });
        assert_eq!(refusal(config), message);
    }
}

#[test]
fn a_cooloff_as_long_as_the_poll_interval_is_allowed() {
    assert!(is_accepted(
        json!({"metrics_poll_interval_ms": 30_000, "scale_up_cooloff_ms": 30_000})
    ));
    assert!(!is_accepted(json!({"scale_up_cooloff_ms": 60_001})));
}

#[test]
fn a_message_repeats_only_the_start_of_a_long_key() {
    assert!(refusal(json!({ "x".repeat(50_000): 1 })).len() < 200);
}

#[test]
fn mistakes_in_settings_of_rate_based_have_the_messages_that_clients_match_on() {
    for (config, message) in [
        (json!({"min_count": 9, "max_count": 5}), "min_count (9) must not exceed max_count (5)"),
        (
            json!({"initial_count": 50}),
            "initial_count (50) must be between min_count (0) and max_count (30)",
        ),
        (
            json!({"min_count": 1}),
            "initial_count (0) must be between min_count (1) and max_count (30)",
        ),
        (json!({"ewma_alpha": 0}), "ewma_alpha (0) must be a finite number in (0, 1]"),
        (
            json!({"utilization_target": 2}),
            "utilization_target (2) must be a finite number in (0, 1]",
        ),
        (json!({"nope": 1}), "unknown config key \"nope\" for rate-based scaling algorithm"),
        (
            json!({"metrics_poll_interval_ms": 1000}),
            "metrics_poll_interval_ms must be at least 30000",
        ),
        (
            json!({"scale_up_cooldown_ms": 100_000}),
            "metrics_poll_interval_ms (60000) must be >= scale_up_cooldown_ms (100000), \
             otherwise the scale-up cooldown blocks every poll",
        ),
        (
            json!({"scale_down_cooldown_ms": 100_000}),
            "metrics_poll_interval_ms (60000) must be >= scale_down_cooldown_ms (100000), \
             otherwise the scale-down cooldown blocks every poll",
        ),
        (json!({"max_count": 0}), "max_count must be at least 1"),
        (json!({"max_count": 2_147_483_648_i64}), "max_count must be at most 2147483647"),
        (
            json!({"initial_per_consumer_capacity": 0}),
            "initial_per_consumer_capacity (0) must be a finite number > 0",
        ),
        (json!({"halfin_whitt_beta": "inf"}), "halfin_whitt_beta must be a finite number >= 0"),
        (
            json!({"target_backlog_drain_rate": -1}),
            "target_backlog_drain_rate (-1) must be a finite number >= 0",
        ),
    ] {
        let error = check_config(Algorithm::RateBased, &map(config)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    for config in [
        json!({}),
        json!({"min_count": 3, "initial_count": 3, "max_count": 3}),
        json!({"min_count": "1", "initial_count": 1, "max_count": 3.0, "utilization_target": 0.75,
            "no_sync_quiet_ms": 300_000}),
        json!({"ewma_alpha": 1, "utilization_target": 1, "halfin_whitt_beta": 0,
            "max_count": i32::MAX, "scale_up_cooldown_ms": 60_000}),
    ] {
        assert_eq!(check_config(Algorithm::RateBased, &map(config)), Ok(()));
    }
}

#[test]
fn mistakes_in_settings_of_demand_are_named() {
    for (config, message) in [
        (json!({"bogus": 1}), "unknown config key \"bogus\" for demand scaling algorithm"),
        (json!({"worker_slots": 0}), "worker_slots must be at least 1"),
        (json!({"worker_slots": "many"}), "worker_slots must be an integer and at least 1"),
        (
            json!({"max_concurrent_workers": 100_001}),
            "max_concurrent_workers must be at most 100000",
        ),
        (
            json!({"min_workers": 51}),
            "min_workers (51) must not exceed max_concurrent_workers (50)",
        ),
        (
            json!({"expected_start_ms": 30_001}),
            "expected_start_ms (30001) must not exceed start_timeout_ms (30000)",
        ),
        (
            json!({"start_timeout_ms": 600_001}),
            "start_timeout_ms (600001) must not exceed worker_lifetime_ms (600000)",
        ),
        (
            json!({"worker_lifetime_ms": 2_592_000_001_i64}),
            "worker_lifetime_ms must be at most 2592000000",
        ),
        (
            json!({"backoff_initial_ms": 60_001}),
            "backoff_initial_ms (60001) must not exceed backoff_max_ms (60000)",
        ),
        (
            json!({"min_workers_schedule": ["* 00:00-24:00 51"]}),
            "min_workers_schedule (51) must not exceed max_concurrent_workers (50)",
        ),
    ] {
        let error = check_config(Algorithm::Demand, &map(config)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    // Thirty days.
    let longest = json!({"worker_lifetime_ms": 2_592_000_000_i64});
    assert_eq!(check_config(Algorithm::Demand, &map(longest)), Ok(()));
}
