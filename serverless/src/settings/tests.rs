use super::*;

/// A worker's complete settings, on the task queue `orders`.
pub(crate) fn requested() -> Requested {
    Requested {
        deployment_name: Some("shop".to_owned()),
        build_id: Some("v1".to_owned()),
        ..Requested::new("orders".to_owned())
    }
}

fn resolve(requested: Requested, variables: &[(&str, &str)]) -> Result<Settings, Error> {
    Settings::resolve(requested, &Environment::of(variables))
}

fn refusal(requested: Requested, variables: &[(&str, &str)]) -> String {
    resolve(requested, variables).unwrap_err().to_string()
}

#[test]
fn the_program_s_settings_hold_when_the_environment_is_silent() {
    let settings = resolve(requested(), &[]).unwrap();
    assert_eq!(settings.task_queue, "orders");
    assert_eq!(settings.version.deployment_name, "shop");
    assert_eq!(settings.version.build_id, "v1");
    assert_eq!(settings.slots, Slots::default());
    assert_eq!(settings.timing, Timing::default());
    assert_eq!(settings.identity, None);
}

#[test]
fn the_environment_wins_over_the_program() {
    let settings = resolve(
        requested(),
        &[
            ("TEMPORAL_TASK_QUEUE", "greeter"),
            ("TEMPORAL_DEPLOYMENT_NAME", "greeter"),
            ("TEMPORAL_WORKER_BUILD_ID", "v2"),
            ("TEMPORAL_SERVERLESS_IDENTITY", "invocation-1"),
            ("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "1"),
            ("TEMPORAL_SERVERLESS_WORKFLOW_SLOTS", "20"),
            ("TEMPORAL_SERVERLESS_LOCAL_ACTIVITY_SLOTS", "3"),
            ("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "250"),
            ("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", "9000"),
        ],
    )
    .unwrap();
    assert_eq!(settings.task_queue, "greeter");
    assert_eq!(settings.version.deployment_name, "greeter");
    assert_eq!(settings.version.build_id, "v2");
    assert_eq!(settings.identity.as_deref(), Some("invocation-1"));
    assert_eq!(settings.slots.activity, 1);
    assert_eq!(settings.slots.workflow, 20);
    assert_eq!(settings.slots.local_activity, 3);
    assert_eq!(settings.slots.nexus, 5);
    assert_eq!(settings.timing.idle_timeout, Some(Duration::from_millis(250)));
    assert_eq!(settings.timing.deadline_buffer, Duration::from_secs(9));
}

#[test]
fn a_worker_without_a_version_is_refused_with_the_variable_and_the_method() {
    let mut unversioned = requested();
    unversioned.deployment_name = None;
    assert_eq!(
        refusal(unversioned, &[]),
        "the deployment name is missing: set TEMPORAL_DEPLOYMENT_NAME, or call `deployment_name` on the builder"
    );
    let mut unversioned = requested();
    unversioned.build_id = Some(" ".to_owned());
    assert_eq!(
        refusal(unversioned, &[]),
        "the build ID is missing: set TEMPORAL_WORKER_BUILD_ID, or call `build_id` on the builder"
    );
}

#[test]
fn an_unspecified_versioning_behavior_is_refused() {
    let mut unspecified = requested();
    unspecified.versioning_behavior = VersioningBehavior::Unspecified;
    assert!(refusal(unspecified, &[]).contains("choose `Pinned` or `AutoUpgrade`"));
}

#[test]
fn a_sticky_cache_needs_two_workflow_slots() {
    let one = [("TEMPORAL_SERVERLESS_WORKFLOW_SLOTS", "1")];
    assert!(refusal(requested(), &one).contains("from 2 to 10000"));
    let mut uncached = requested();
    uncached.pollers.sticky_cache = 0;
    assert_eq!(resolve(uncached, &one).unwrap().slots.workflow, 1);
}

#[test]
fn the_idle_timeout_can_be_disabled_and_the_refusal_says_how() {
    let off = [("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "off")];
    let settings = resolve(requested(), &off).unwrap();
    assert_eq!(settings.timing.idle_timeout, None);
    let never = [("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "never")];
    assert!(refusal(requested(), &never).contains("or `off`"));
}

#[test]
fn times_from_the_environment_are_checked_against_the_rule_too() {
    let buffer = [("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", "6000")];
    assert!(refusal(requested(), &buffer).contains("7000 ms in all"));
    let longest = [("TEMPORAL_SERVERLESS_LONGEST_ACTIVITY_MS", "20000")];
    assert!(refusal(requested(), &longest).contains("20000 ms"));
    let equal = [("TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS", "7000")];
    assert!(resolve(requested(), &equal).unwrap().warning.is_some());
}

#[test]
fn a_heartbeat_interval_that_the_sdk_would_refuse_is_refused_here() {
    let mut hasty = requested();
    hasty.timing.heartbeat_interval = Some(Duration::from_millis(10));
    assert!(refusal(hasty, &[]).contains("10 ms"));
}

#[test]
fn consolidation_is_on_unless_the_program_or_the_environment_turns_it_off() {
    let default = Some(Consolidation::default());
    assert_eq!(resolve(requested(), &[]).unwrap().consolidation, default);
    let without = || Requested { consolidation: None, ..requested() };
    assert_eq!(resolve(without(), &[]).unwrap().consolidation, None);
    let on = [("TEMPORAL_SERVERLESS_CONSOLIDATE", "on")];
    assert_eq!(resolve(without(), &on).unwrap().consolidation, default);
    let off = [("TEMPORAL_SERVERLESS_CONSOLIDATE", "OFF")];
    assert_eq!(resolve(requested(), &off).unwrap().consolidation, None);
    let never = [("TEMPORAL_SERVERLESS_CONSOLIDATE", "never")];
    assert!(refusal(requested(), &never).contains("`on` or `off`"));
}

#[test]
fn consolidation_can_be_tuned_by_the_environment() {
    let tuned = [
        ("TEMPORAL_SERVERLESS_CONSOLIDATE", "on"),
        ("TEMPORAL_SERVERLESS_CONSOLIDATE_WAIT_PERCENT", "2"),
        ("TEMPORAL_SERVERLESS_CONSOLIDATE_MIN_LIFE_MS", "20000"),
        ("TEMPORAL_SERVERLESS_CONSOLIDATE_INTERVAL_MS", "1000"),
    ];
    let consolidation = resolve(requested(), &tuned).unwrap().consolidation.unwrap();
    assert_eq!(consolidation.wait_percent, 2);
    assert_eq!(consolidation.min_life, Duration::from_secs(20));
    assert_eq!(consolidation.interval, Duration::from_secs(1));
    let on = ("TEMPORAL_SERVERLESS_CONSOLIDATE", "on");
    let none = [on, ("TEMPORAL_SERVERLESS_CONSOLIDATE_WAIT_PERCENT", "0")];
    assert!(refusal(requested(), &none).contains("from 1 to 50"));
    let hasty = [on, ("TEMPORAL_SERVERLESS_CONSOLIDATE_INTERVAL_MS", "10")];
    assert!(refusal(requested(), &hasty).contains("from 1000"));
}

#[test]
fn a_consolidation_that_the_program_sets_is_checked_too() {
    let with = |consolidation| Requested { consolidation: Some(consolidation), ..requested() };
    let all = Consolidation { wait_percent: 90, ..Consolidation::default() };
    assert!(refusal(with(all), &[]).contains("90 percent"));
    let hasty = Consolidation { interval: Duration::ZERO, ..Consolidation::default() };
    assert!(refusal(with(hasty), &[]).contains("0 ms"));
}
