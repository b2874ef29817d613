//! What there is to draw of a story: numbers over time.

use std::collections::BTreeMap;

use wci_contract::decision::Reason;

use wci_history::{Decision, LaunchEnd, Story, What};

use crate::clock::Millis;

/// A value from a time on.
pub(super) type Points = Vec<(Millis, u64)>;

/// Everything that is drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    pub(super) from: Millis,
    pub(super) to: Millis,
    /// Tasks that waited, as watches and decisions were told.
    pub(super) backlog: Points,
    /// Tasks that were announced to have found no worker.
    pub(super) announced: Points,
    /// Workers asked for that no provider had answered for.
    pub(super) in_flight: Points,
    /// Workers started since the beginning.
    pub(super) started: Points,
    /// Workers seen polling.
    pub(super) seen: Points,
    pub(super) launches: Vec<Bar>,
    /// When each reason was given, and its lines.
    pub(super) reasons: BTreeMap<String, Vec<(Millis, String)>>,
}

/// A launch, from being asked for to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) from: Millis,
    /// `None` while nobody answered.
    pub(super) to: Option<Millis>,
    pub(super) workers: u32,
    pub(super) started: u32,
    pub(super) group: String,
    /// Whether every worker was started.
    pub(super) is_well: bool,
}

impl Picture {
    pub(super) fn of(story: &Story, at: Millis) -> Self {
        let from = story.began().unwrap_or(at);
        let mut picture = Self { from, to: at.max(from.saturating_add(1_000)), ..Self::default() };
        let mut under_way: BTreeMap<String, Bar> = BTreeMap::new();
        for moment in &story.moments {
            picture.add(moment.at, &moment.what, &mut under_way);
        }
        picture.launches.extend(under_way.into_values());
        picture.launches.sort_by_key(|bar| bar.from);
        picture
    }

    fn add(&mut self, at: Millis, what: &What, under_way: &mut BTreeMap<String, Bar>) {
        match what {
            What::Announced(tasks) if tasks.misses > 0 => self.announced.push((at, tasks.misses)),
            What::Saw(seen) => {
                self.figures(at, seen.stats.values().map(|stats| stats.backlog).sum());
                self.seen.extend(seen.workers.map(|workers| (at, workers.seen)));
            }
            What::Decided(decision) => self.decided(at, decision),
            What::Launched(launch) => {
                let bar = Bar {
                    from: at,
                    to: None,
                    workers: launch.workers,
                    started: 0,
                    group: launch.group.clone(),
                    is_well: false,
                };
                under_way.insert(launch.launch_id.clone(), bar);
                self.count_in_flight(at, under_way);
            }
            What::LaunchEnded(end) => {
                let started = end.outcome.as_ref().map_or(0, |outcome| outcome.started);
                if let Some(bar) = under_way.remove(&end.launch.launch_id) {
                    self.launches.push(Bar { to: Some(at), started, is_well: is_well(end), ..bar });
                }
                self.count_in_flight(at, under_way);
                let before = self.started.last().map_or(0, |(_, started)| *started);
                self.started.push((at, before + u64::from(started)));
            }
            // What was under way when a run ended is not known by the next.
            What::Ended(_) => {
                let open = std::mem::take(under_way).into_values();
                self.launches.extend(open.map(|bar| Bar { to: Some(at), ..bar }));
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

    fn count_in_flight(&mut self, at: Millis, under_way: &BTreeMap<String, Bar>) {
        let workers = under_way.values().map(|bar| u64::from(bar.workers)).sum();
        self.in_flight.push((at, workers));
    }
}

fn is_well(end: &LaunchEnd) -> bool {
    end.outcome.as_ref().is_some_and(wci_contract::launch::Outcome::is_success)
}
