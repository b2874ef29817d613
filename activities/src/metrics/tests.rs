use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use prometheus::TextEncoder;
use serde_json::json;
use wci_contract::{
    FailureClass, TaskType, VersionId,
    activities::WatchEnd,
    launch::Outcome,
    stats::{QueueStats, StatsByType, WorkersSeen},
};
use wci_providers::{Scope, SetSize};

use super::{LaunchOperation, Metrics, NamespaceMetrics, ReadTiming};
use crate::timed_outcome::TimedOutcome;

fn version(deployment: &str) -> VersionId {
    VersionId::new(deployment, "v1").unwrap()
}

fn orders() -> (Metrics, NamespaceMetrics) {
    let metrics = Metrics::new(1).unwrap();
    let namespace = metrics.of("default");
    (metrics, namespace)
}

fn text(metrics: &Metrics) -> String {
    TextEncoder::new().encode_to_string(&metrics.gather(&[], &[])).unwrap()
}

#[track_caller]
fn assert_served(metrics: &Metrics, lines: &[&str]) {
    let text = text(metrics);
    for line in lines {
        assert!(text.lines().any(|served| served == *line), "{line} is missing:\n{text}");
    }
}

#[test]
fn a_decision_is_counted_with_its_reasons() {
    let (metrics, namespace) = orders();
    let input = json!({"now_ms": 1, "groups": {"g": {"provider_type": "aws-lambda"}}});
    let output = json!({"groups": {"g": {"throttled": 3, "reasons":
        ["tasks_announced misses=3", "cooloff remaining_ms=40"]}}});
    let input = serde_json::from_value(input).unwrap();
    namespace.decided(&version("orders"), &input, &serde_json::from_value(output).unwrap());
    assert_served(
        &metrics,
        &[
            r#"wci_decisions_total{algorithm="default",namespace="default",provider="aws-lambda"} 1"#,
            r#"wci_decision_reasons_total{namespace="default",reason="cooloff"} 1"#,
            r#"worker_controller_instance_scale_up_throttled_count{compute_provider="aws-lambda",namespace="default",worker_build_id="v1",worker_deployment_name="orders"} 3"#,
        ],
    );
}

#[test]
fn a_launch_is_in_flight_until_the_provider_answers() {
    let (metrics, namespace) = orders();
    let decided = SystemTime::now() - Duration::from_secs(2);
    let operation = LaunchOperation::Invoke { count: 4, is_first_attempt: true };
    let launch = namespace.launch(&version("orders"), "subprocess", operation, Some(decided));
    assert_served(
        &metrics,
        &[r#"wci_workers_in_flight{namespace="default",provider="subprocess"} 4"#],
    );
    let outcome = Outcome::failed(4, FailureClass::Throttled, "slow down");
    launch.end(&TimedOutcome { outcome, took: Duration::from_millis(2) });
    assert_served(
        &metrics,
        &[
            r#"wci_workers_in_flight{namespace="default",provider="subprocess"} 0"#,
            r#"wci_launches_total{class="throttled",namespace="default",provider="subprocess"} 1"#,
            r#"wci_workers_total{namespace="default",provider="subprocess",result="throttled"} 4"#,
            r#"wci_launch_latency_seconds_bucket{class="throttled",namespace="default",provider="subprocess",le="1"} 0"#,
            r#"wci_launch_latency_seconds_count{class="throttled",namespace="default",provider="subprocess"} 1"#,
        ],
    );
}

#[test]
fn a_launch_that_is_dropped_is_not_in_flight_any_more() {
    let (metrics, namespace) = orders();
    let operation = LaunchOperation::Invoke { count: 4, is_first_attempt: true };
    drop(namespace.launch(&version("orders"), "no such provider", operation, None));
    assert_served(&metrics, &[r#"wci_launches_in_flight{namespace="default",provider="other"} 0"#]);
}

#[test]
fn a_group_backs_off_until_its_time_has_come() {
    let (metrics, namespace) = orders();
    let input = json!({"now_ms": 1, "groups": {"g": {"provider_type": "aws-lambda"},
        "over": {"provider_type": "aws-lambda"}}});
    let input = serde_json::from_value(input).unwrap();
    let backoff = |until_ms: i64| {
        json!({"state": {"wci": {"backoff":
            {"class": "not-found", "failures": 1, "until_ms": until_ms}}}})
    };
    let output = json!({"groups": {"g": backoff(i64::MAX), "over": backoff(1)}});
    namespace.decided(&version("orders"), &input, &serde_json::from_value(output).unwrap());
    let line =
        r#"wci_groups_backing_off{class="not-found",namespace="default",provider="aws-lambda"} 1"#;
    assert_served(&metrics, &[line]);
    let well = json!({"groups": {"g": {"state": {}}}});
    namespace.decided(&version("orders"), &input, &serde_json::from_value(well).unwrap());
    assert!(!text(&metrics).contains("wci_groups_backing_off{"));
}

#[test]
fn what_watches_read_is_served_for_each_version_and_summed_for_those_without_a_label() {
    let (metrics, namespace) = orders();
    let watch = |deployment: &str, backlog: u64| {
        let span = namespace.watch(&version(deployment));
        let stats = QueueStats { backlog, age_ms: 3_000, ..QueueStats::default() };
        let stats = StatsByType::from([(TaskType::Workflow, stats)]);
        let timing = ReadTiming { waited: Duration::ZERO, lag: Duration::from_millis(20) };
        span.read(timing, Some(&stats));
        span
    };
    let spans = [watch("orders", 5), watch("second", 6), watch("third", 7)];
    assert_served(
        &metrics,
        &[
            r#"wci_instances_watched{namespace="default"} 3"#,
            r#"wci_backlog_tasks{namespace="default",task_type="workflow",worker_build_id="v1",worker_deployment_name="orders"} 5"#,
            r#"wci_backlog_tasks{namespace="default",task_type="workflow",worker_build_id="other",worker_deployment_name="other"} 13"#,
            r#"wci_backlog_age_seconds{namespace="default",task_type="workflow",worker_build_id="other",worker_deployment_name="other"} 3"#,
            r#"wci_watch_reads_total{namespace="default",result="ok"} 3"#,
        ],
    );
    let [first, second, third] = spans;
    first.end(WatchEnd::Backlog);
    drop((second, third));
    assert_served(
        &metrics,
        &[
            r#"wci_instances_watched{namespace="default"} 0"#,
            r#"wci_watch_ends_total{end="backlog",namespace="default"} 1"#,
            r#"wci_watch_ends_total{end="cancelled",namespace="default"} 2"#,
        ],
    );
}

const PREFIXES: [&str; 2] = ["wci_", "worker_controller_instance_"];

/// The names of our metrics in `text`.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = text.split(|c| !is_part(c));
    let is_ours = |word: &&str| PREFIXES.iter().any(|prefix| word.starts_with(prefix));
    words.filter(is_ours).map(str::to_owned).collect()
}

#[test]
fn the_dashboard_and_the_documentation_name_metrics_that_exist_and_leave_nothing_out() {
    let documented = include_str!("../../../docs/metrics.md");
    let dashboard = include_str!("../../../deploy/grafana/wci.json");
    let alerts = include_str!("../../../deploy/prometheus/alerts.yaml");
    let (metrics, _) = orders();
    let families = metrics.families();
    let is_known = |name: &String| {
        let is_family = |part| name.strip_suffix(part).is_some_and(|name| families.contains(name));
        ["", "_bucket", "_count", "_sum"].into_iter().any(is_family)
    };
    let places =
        [("docs/metrics.md", documented), ("the dashboard", dashboard), ("an alert", alerts)];
    for (place, text) in places {
        let unknown: Vec<String> = names(text).into_iter().filter(|name| !is_known(name)).collect();
        assert_eq!(unknown, Vec::<String>::new(), "{place} names metrics that do not exist");
    }
    let tables: String = documented.lines().filter(|line| line.starts_with("| `w")).collect();
    assert_eq!(*families, names(&tables), "the tables of docs/metrics.md name every metric");
}

#[test]
fn the_sets_of_a_version_are_served_wanted_and_running_and_not_once_they_are_gone() {
    let (metrics, _namespace) = orders();
    let set = |group: &str, wanted, running| SetSize {
        scope: Scope {
            namespace: "default".into(),
            version: version("orders"),
            group: group.into(),
        },
        provider_type: "subprocess-pool",
        wanted,
        running,
    };
    let families = metrics.gather(&[set("a", 3, 1), set("b", 2, 2)], &[]);
    let text = TextEncoder::new().encode_to_string(&families).unwrap();
    let of_version =
        r#"namespace="default",worker_build_id="v1",worker_deployment_name="orders"} "#;
    for line in [
        format!("wci_worker_set_wanted{{{of_version}5"),
        format!("wci_worker_set_running{{{of_version}3"),
        format!(
            "worker_controller_instance_target_worker_count{{compute_provider=\"subprocess-pool\",{of_version}5"
        ),
    ] {
        assert!(text.lines().any(|served| served == line), "{line} is missing:\n{text}");
    }
    assert!(!self::text(&metrics).contains("wci_worker_set_wanted{"));
}

#[test]
fn the_workers_that_a_watch_counts_are_served_until_it_counts_none() {
    let (metrics, namespace) = orders();
    let span = namespace.watch(&version("orders"));
    let line = |seen: u64| {
        format!(
            r#"wci_workers_seen{{namespace="default",worker_build_id="v1",worker_deployment_name="orders"}} {seen}"#
        )
    };
    for seen in [2, 0] {
        span.counted(WorkersSeen { seen, slots_free: 0 });
        assert_served(&metrics, &[&line(seen)]);
    }
}
