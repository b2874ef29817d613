//! Judges the cases that the Python package judges, too.

#![allow(missing_docs, clippy::unwrap_used)]

use serde::Deserialize;
use std::time::Duration;
use temporal_worker_surplus::{ByType, Judgement, Listed, Looker, judge};

#[derive(Deserialize)]
struct Case {
    name: String,
    me: Me,
    workers: Vec<Other>,
    share: f64,
    judgement: String,
}

#[derive(Deserialize)]
struct Me {
    key: String,
    started: u64,
    slots: [u32; 3],
    busy: [Option<f64>; 3],
}

#[derive(Deserialize)]
struct Other {
    key: String,
    started: u64,
    consolidates: bool,
    slots: [u32; 3],
    used: [u32; 3],
}

fn by_type<T: Copy>([workflow, activity, nexus]: [T; 3]) -> ByType<T> {
    ByType { workflow, activity, nexus }
}

#[test]
fn all_cases_are_judged_as_in_python() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("cases.json")).unwrap();
    assert!(cases.len() > 100);
    for Case { name, me, workers, share, judgement } in &cases {
        let looker = Looker {
            key: &me.key,
            started: Duration::from_secs(me.started),
            slots: by_type(me.slots),
            busy: by_type(me.busy),
        };
        let listed = workers.iter().map(|other| Listed {
            key: &other.key,
            started: Duration::from_secs(other.started),
            consolidates: other.consolidates,
            slots: by_type(other.slots),
            used: by_type(other.used),
        });
        let listed: Vec<_> = listed.collect();
        let judged = match judge(&looker, &listed, *share) {
            Judgement::Needed(_) => "needed",
            Judgement::Surplus { .. } => "surplus",
            Judgement::PollsForNothing => "nothing",
        };
        assert_eq!(judged, judgement, "{name}");
    }
}
