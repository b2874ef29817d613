//! What there is to draw of a history: numbers over time.

use std::collections::BTreeMap;

use wci_contract::decision::Reason;

use wci_history::{Decision, EventKind, History, LaunchResult};

use crate::clock::Millis;

/// A value from a time on.
pub(super) type Points = Vec<(Millis, u64)>;

/// Everything that is drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    pub(super) from: Millis,
    pub(super) to: Millis,
    /// Tasks that waited, as watches and decisions saw them.
    pub(super) backlog: Points,
    /// Announced tasks that found no worker.
    pub(super) announced: Points,
    /// Workers in launches under way.
    pub(super) in_flight: Points,
    /// Workers started since the beginning.
    pub(super) started: Points,
    /// Workers seen polling.
    pub(super) seen: Points,
    pub(super) launches: Vec<Launch>,
    /// When each reason was given, and its lines.
    pub(super) reasons: BTreeMap<String, Vec<(Millis, String)>>,
}

/// A launch, from its request to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launch {
    pub(super) from: Millis,
    /// `None` while it is under way.
    pub(super) to: Option<Millis>,
    pub(super) workers: u32,
    pub(super) started: u32,
    pub(super) group: String,
    /// Whether every worker was started.
    pub(super) is_well: bool,
}

impl Picture {
    pub(super) fn of(history: &History, at: Millis) -> Self {
        let from = history.started().unwrap_or(at);
        let mut picture = Self { from, to: at.max(from.saturating_add(1_000)), ..Self::default() };
        let mut under_way: BTreeMap<String, Launch> = BTreeMap::new();
        for event in &history.events {
            picture.add(event.at, &event.kind, &mut under_way);
        }
        picture.launches.extend(under_way.into_values());
        picture.launches.sort_by_key(|launch| launch.from);
        picture
    }

    fn add(&mut self, at: Millis, kind: &EventKind, under_way: &mut BTreeMap<String, Launch>) {
        match kind {
            EventKind::TasksAnnounced(tasks) if tasks.misses > 0 => {
                self.announced.push((at, tasks.misses))
            }
            EventKind::WatchCompleted(result) => {
                self.figures(at, result.stats.values().map(|stats| stats.backlog).sum());
                self.seen.extend(result.workers.map(|workers| (at, workers.seen)));
            }
            EventKind::Decided(decision) => self.decided(at, decision),
            EventKind::LaunchRequested(request) => {
                let launch = Launch {
                    from: at,
                    to: None,
                    workers: request.workers,
                    started: 0,
                    group: request.group.clone(),
                    is_well: false,
                };
                under_way.insert(request.launch_id.clone(), launch);
                self.count_in_flight(at, under_way);
            }
            EventKind::LaunchEnded(end) => {
                let started = end.outcome.as_ref().map_or(0, |outcome| outcome.started);
                if let Some(launch) = under_way.remove(&end.launch.launch_id) {
                    self.launches.push(Launch {
                        to: Some(at),
                        started,
                        is_well: is_well(end),
                        ..launch
                    });
                }
                self.count_in_flight(at, under_way);
                let before = self.started.last().map_or(0, |(_, started)| *started);
                self.started.push((at, before + u64::from(started)));
            }
            // The next run does not record how launches of this one end.
            EventKind::RunClosed(_) => {
                let open = std::mem::take(under_way).into_values();
                self.launches.extend(open.map(|launch| Launch { to: Some(at), ..launch }));
                self.count_in_flight(at, under_way);
            }
            _ => {}
        }
    }

    fn decided(&mut self, at: Millis, decision: &Decision) {
        if !decision.stats.is_empty() {
            self.figures(at, decision.stats.values().map(|stats| stats.backlog).sum());
        }
        self.seen.extend(decision.workers_seen.map(|workers| (at, workers.seen)));
        for reason in &decision.reasons {
            let name = Reason::parse(reason).name().to_owned();
            self.reasons.entry(name).or_default().push((at, reason.clone()));
        }
    }

    fn figures(&mut self, at: Millis, backlog: u64) {
        self.backlog.push((at, backlog));
    }

    fn count_in_flight(&mut self, at: Millis, under_way: &BTreeMap<String, Launch>) {
        let workers = under_way.values().map(|launch| u64::from(launch.workers)).sum();
        self.in_flight.push((at, workers));
    }
}

fn is_well(end: &LaunchResult) -> bool {
    end.outcome.as_ref().is_some_and(wci_contract::launch::Outcome::is_success)
}
