//! Faults between any two steps of a simulation: what networks, providers, servers and processes do
//! at the worst moment.

use std::collections::{BTreeSet, VecDeque};

use wci_contract::FailureClass;

use crate::{
    Micros,
    fleet::WorkerId,
    rng_stream::{Purpose, RngStream},
};

/// The probability that an operation goes wrong on its own.
const OF_ONE: f64 = 0.03;
/// The probability that a run ends before a step of its main loop.
const OF_RUN_END: f64 = 0.01;
/// The mean time between two faults of the world, seconds.
const BETWEEN_S: f64 = 900.0;

/// A fault that strikes the whole world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// The provider refuses everything for a while.
    ProviderDown,
    /// The server's stats are missing, partial or stale for a while.
    StatsDown,
    /// Signals are lost for a while.
    SignalsDown,
    /// The server restarts: counters are gone, and nothing goes on meanwhile.
    ServerRestarts,
    /// A worker crashes with its tasks.
    WorkerCrashes,
    /// The process with the watch is gone.
    WatchLost,
}

/// What becomes of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaunchFate {
    AsRequested,
    Refused(FailureClass),
    /// Its workers start, but the controller learns that they did not.
    Unknown,
}

/// What is wrong with a read of the stats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatsFault {
    Missing,
    Partial,
    Stale,
    NotANumber,
}

/// What becomes of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignalFate {
    Arrives,
    Lost,
    Twice,
    Late,
}

/// What becomes of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecisionFate {
    Made,
    /// The activity fails before it decides.
    Lost,
    /// The activity fails after it has started a worker.
    LostWithLaunch,
}

/// The faults of one simulation, and what is needed to judge its outcome.
#[derive(Debug)]
pub(crate) struct Faults {
    rng: RngStream,
    /// The last fault strikes before this.
    until: Micros,
    provider: Option<(Micros, FailureClass)>,
    stats: Option<(Micros, StatsFault)>,
    signals: Micros,
    /// Controller events wait for this time.
    pub(crate) frozen_until: Micros,
    /// Workers that started although the controller was told otherwise.
    pub(crate) unknown: BTreeSet<WorkerId>,
    /// Whether the outcome of a launch is lost whatever it is.
    pub(crate) loses_outcomes: bool,
    /// Workers requested within the last minute, by time.
    pub(crate) requested: VecDeque<(Micros, u32)>,
    /// Faults so far.
    pub(crate) count: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64, until: Micros) -> Self {
        Self {
            rng: RngStream::new(seed, Purpose::Faults),
            until,
            provider: None,
            stats: None,
            signals: Micros::ZERO,
            frozen_until: Micros::ZERO,
            unknown: BTreeSet::new(),
            loses_outcomes: false,
            requested: VecDeque::new(),
            count: 0,
        }
    }

    fn strikes(&mut self, now: Micros, probability: f64) -> bool {
        let strikes = now < self.until && self.rng.bernoulli(probability);
        self.count += u64::from(strikes);
        strikes
    }

    fn one_of<T: Copy>(&mut self, all: &[T], otherwise: T) -> T {
        let at = self.rng.below(all.len());
        all.get(at).copied().unwrap_or(otherwise)
    }

    /// A random time up to `most`.
    pub(crate) fn time_up_to(&mut self, most: Micros) -> Micros {
        self.rng.within(most)
    }

    /// A random number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.rng.below(count)
    }

    /// The time until the next fault of the world.
    pub(crate) fn next_strike(&mut self) -> Micros {
        Micros::from_secs(self.rng.exponential() * BETWEEN_S)
    }

    /// The next fault of the world; `None` when there are no more.
    pub(crate) fn strike(&mut self, now: Micros) -> Option<Strike> {
        const ALL: [Strike; 6] = [
            Strike::ProviderDown,
            Strike::StatsDown,
            Strike::SignalsDown,
            Strike::ServerRestarts,
            Strike::WorkerCrashes,
            Strike::WatchLost,
        ];
        if now >= self.until {
            return None;
        }
        self.count += 1;
        let strike = self.one_of(&ALL, Strike::WatchLost);
        let lasting = self.rng.within(Micros::from_ms(300_000));
        match strike {
            Strike::ProviderDown => {
                let class = self.class();
                self.provider = Some((now + lasting, class));
            }
            Strike::StatsDown => {
                let fault = self.stats_fault();
                self.stats = Some((now + lasting, fault));
            }
            Strike::SignalsDown => self.signals = now + lasting,
            Strike::ServerRestarts => {
                self.frozen_until = now + self.rng.within(Micros::from_ms(20_000));
            }
            Strike::WorkerCrashes | Strike::WatchLost => {}
        }
        Some(strike)
    }

    fn class(&mut self) -> FailureClass {
        self.one_of(&FailureClass::ALL, FailureClass::Throttled)
    }

    fn stats_fault(&mut self) -> StatsFault {
        use StatsFault::{Missing, NotANumber, Partial, Stale};
        self.one_of(&[Missing, Partial, Stale, NotANumber], Missing)
    }

    pub(crate) fn launch_fate(&mut self, now: Micros) -> LaunchFate {
        if let Some((until, class)) = self.provider
            && now < until
        {
            return LaunchFate::Refused(class);
        }
        if !self.strikes(now, OF_ONE) {
            return LaunchFate::AsRequested;
        }
        if self.rng.bernoulli(0.5) {
            LaunchFate::Unknown
        } else {
            LaunchFate::Refused(self.class())
        }
    }

    /// How much longer than usual the provider takes.
    pub(crate) fn hang(&mut self, now: Micros) -> Micros {
        let hangs = self.strikes(now, OF_ONE);
        if hangs { self.rng.within(Micros::from_ms(60_000)) } else { Micros::ZERO }
    }

    pub(crate) fn stats(&mut self, now: Micros) -> Option<StatsFault> {
        if let Some((until, fault)) = self.stats
            && now < until
        {
            return Some(fault);
        }
        self.strikes(now, OF_ONE).then(|| self.stats_fault())
    }

    pub(crate) fn signal(&mut self, now: Micros) -> SignalFate {
        use SignalFate::{Arrives, Late, Lost, Twice};
        if now < self.signals || now < self.frozen_until {
            return Lost;
        }
        let strikes = self.strikes(now, OF_ONE);
        if strikes { self.one_of(&[Lost, Twice, Late], Lost) } else { Arrives }
    }

    pub(crate) fn decision(&mut self, now: Micros) -> DecisionFate {
        use DecisionFate::{Lost, LostWithLaunch, Made};
        let strikes = self.strikes(now, OF_ONE);
        if strikes { self.one_of(&[Lost, LostWithLaunch], Lost) } else { Made }
    }

    /// Whether the run ends now.
    pub(crate) fn ends_run(&mut self, now: Micros) -> bool {
        self.strikes(now, OF_RUN_END)
    }

    /// Records that the controller requests `count` workers.
    pub(crate) fn record_request(&mut self, now: Micros, count: u32) {
        self.requested.push_back((now, count));
        let since = now.saturating_sub(Micros::from_ms(60_000));
        while self.requested.front().is_some_and(|(at, _)| *at < since) {
            self.requested.pop_front();
        }
    }
}
