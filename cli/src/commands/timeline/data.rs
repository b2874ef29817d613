//! The data of the charts: values over time, from a history.

use std::collections::BTreeMap;

use wci_contract::decision::Reason;

use wci_history::{Decision, EventKind, History, LaunchResult};

use crate::clock::Millis;

/// Values, each valid from its time on.
pub(super) type Points = Vec<(Millis, u64)>;

/// The data of all charts.
#[derive(Debug, Clone, Default)]
pub(super) struct TimelineData {
    pub(super) from: Millis,
    pub(super) to: Millis,
    /// Waiting tasks, as read by watches and for decisions.
    pub(super) backlog: Points,
    /// Announced tasks that found no worker.
    pub(super) announced: Points,
    /// Workers of launches in progress.
    pub(super) in_flight: Points,
    /// Workers started since the beginning.
    pub(super) started: Points,
    /// Workers seen polling.
    pub(super) seen: Points,
    pub(super) launches: Vec<Launch>,
    /// The time and the line of each decision's reasons, by name.
    pub(super) reasons: BTreeMap<String, Vec<(Millis, String)>>,
}

/// A launch, from its request to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launch {
    pub(super) from: Millis,
    /// `None` while it is in progress.
    pub(super) to: Option<Millis>,
    pub(super) workers: u32,
    pub(super) started: u32,
    pub(super) group: String,
    /// Whether every worker was started.
    pub(super) is_success: bool,
}

impl TimelineData {
    pub(super) fn new(history: &History, at: Millis) -> Self {
        let from = history.started().unwrap_or(at);
        let mut data = Self { from, to: at.max(from.saturating_add(1_000)), ..Self::default() };
        let mut in_progress: BTreeMap<String, Launch> = BTreeMap::new();
        for event in &history.events {
            data.add(event.at, &event.kind, &mut in_progress);
        }
        data.launches.extend(in_progress.into_values());
        data.launches.sort_by_key(|launch| launch.from);
        data
    }

    fn add(&mut self, at: Millis, kind: &EventKind, in_progress: &mut BTreeMap<String, Launch>) {
        match kind {
            EventKind::TasksAnnounced(tasks) if tasks.misses > 0 => {
                self.announced.push((at, tasks.misses))
            }
            EventKind::WatchCompleted(result) => {
                self.add_backlog(at, result.stats.values().map(|stats| stats.backlog).sum());
                self.seen.extend(result.workers.map(|workers| (at, workers.seen)));
            }
            EventKind::Decided(decision) => self.add_decision(at, decision),
            EventKind::LaunchRequested(request) => {
                let launch = Launch {
                    from: at,
                    to: None,
                    workers: request.workers,
                    started: 0,
                    group: request.group.clone(),
                    is_success: false,
                };
                in_progress.insert(request.launch_id.clone(), launch);
                self.count_in_flight(at, in_progress);
            }
            EventKind::LaunchEnded(end) => {
                let started = end.outcome.as_ref().map_or(0, |outcome| outcome.started);
                if let Some(launch) = in_progress.remove(&end.launch.launch_id) {
                    self.launches.push(Launch {
                        to: Some(at),
                        started,
                        is_success: is_success(end),
                        ..launch
                    });
                }
                self.count_in_flight(at, in_progress);
                let before = self.started.last().map_or(0, |(_, started)| *started);
                self.started.push((at, before + u64::from(started)));
            }
            // The next run does not record how launches of this one end.
            EventKind::RunClosed(_) => {
                let open = std::mem::take(in_progress).into_values();
                self.launches.extend(open.map(|launch| Launch { to: Some(at), ..launch }));
                self.count_in_flight(at, in_progress);
            }
            _ => {}
        }
    }

    fn add_decision(&mut self, at: Millis, decision: &Decision) {
        if !decision.stats.is_empty() {
            self.add_backlog(at, decision.stats.values().map(|stats| stats.backlog).sum());
        }
        self.seen.extend(decision.workers_seen.map(|workers| (at, workers.seen)));
        for reason in &decision.reasons {
            let name = Reason::parse(reason).name().to_owned();
            self.reasons.entry(name).or_default().push((at, reason.clone()));
        }
    }

    fn add_backlog(&mut self, at: Millis, backlog: u64) {
        self.backlog.push((at, backlog));
    }

    fn count_in_flight(&mut self, at: Millis, in_progress: &BTreeMap<String, Launch>) {
        let workers = in_progress.values().map(|launch| u64::from(launch.workers)).sum();
        self.in_flight.push((at, workers));
    }
}

fn is_success(end: &LaunchResult) -> bool {
    end.outcome.as_ref().is_some_and(wci_contract::launch::Outcome::is_success)
}
