//! The faults: which, when and for how long, as a seed decides. One at a time.

use std::{
    collections::BTreeMap,
    fs,
    process::Command,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use rand_pcg::{
    Pcg64,
    rand_core::{Rng, SeedableRng},
};
use wci_tests::{Behaviour, Footprint};

use crate::stage::{FUNCTIONS, Stage};

/// How long faults last, and the time between two, seconds: from and to.
const LASTS: (u64, u64) = (2, 12);
const PAUSE: (u64, u64) = (3, 12);
/// The file that fills the run folder.
const FILLER: &str = "filler";

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    KillSystemWorker,
    FreezeSystemWorker,
    KillWorkers,
    FreezeWorkers,
    StopServer,
    FreezeServer,
    ProviderThrottles,
    ProviderFails,
    ProviderHangs,
    NoDescriptors,
    FullDisk,
}

impl Fault {
    const ALL: [Self; 11] = [
        Self::KillSystemWorker,
        Self::FreezeSystemWorker,
        Self::KillWorkers,
        Self::FreezeWorkers,
        Self::StopServer,
        Self::FreezeServer,
        Self::ProviderThrottles,
        Self::ProviderFails,
        Self::ProviderHangs,
        Self::NoDescriptors,
        Self::FullDisk,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KillSystemWorker => "system worker killed",
            Self::FreezeSystemWorker => "system worker frozen",
            Self::KillWorkers => "workers killed",
            Self::FreezeWorkers => "workers frozen",
            Self::StopServer => "server killed",
            Self::FreezeServer => "server frozen",
            Self::ProviderThrottles => "Lambda throttles",
            Self::ProviderFails => "Lambda fails",
            Self::ProviderHangs => "Lambda hangs",
            Self::NoDescriptors => "no file descriptors left",
            Self::FullDisk => "disk of the run folder full",
        }
    }
}

/// The schedule, and the fault of the moment.
pub(crate) struct Faults {
    random: Pcg64,
    possible: Vec<Fault>,
    current: Option<(Fault, Vec<i32>)>,
    next: Instant,
    /// How often each happened.
    pub(crate) counts: BTreeMap<Fault, usize>,
}

impl Faults {
    pub(crate) fn new(seed: u64, stage: &Stage) -> Self {
        let is_possible = |fault: &Fault| *fault != Fault::FullDisk || stage.has_small_disk;
        Self {
            random: Pcg64::seed_from_u64(seed),
            possible: Fault::ALL.into_iter().filter(is_possible).collect(),
            current: None,
            next: Instant::now() + Duration::from_secs(PAUSE.1),
            counts: Fault::ALL.into_iter().map(|fault| (fault, 0)).collect(),
        }
    }

    /// Ends the current fault or begins the next one when its time has come.
    pub(crate) async fn step(&mut self, stage: &mut Stage) {
        if Instant::now() < self.next {
            return;
        }
        let range = if self.current.is_some() {
            self.end(stage).await;
            PAUSE
        } else {
            let fault = self.pick();
            println!("{fault:?}");
            *self.counts.entry(fault).or_default() += 1;
            self.current = Some((fault, begin(fault, stage)));
            LASTS
        };
        let (from, to) = range;
        self.next =
            Instant::now() + Duration::from_secs(from + self.random.next_u64() % (to - from));
    }

    /// Ends the current fault.
    pub(crate) async fn end(&mut self, stage: &mut Stage) {
        let Some((fault, frozen)) = self.current.take() else { return };
        match fault {
            Fault::KillSystemWorker => stage.world.worker().restart().await,
            Fault::FreezeSystemWorker => stage.world.worker().process().thaw(),
            Fault::KillWorkers => {}
            Fault::FreezeWorkers => frozen.into_iter().for_each(|pid| {
                let _ = killpg(Pid::from_raw(pid), Signal::SIGCONT);
            }),
            Fault::StopServer => stage.world.server.restart().await,
            Fault::FreezeServer => stage.world.server.thaw(),
            Fault::ProviderThrottles | Fault::ProviderFails | Fault::ProviderHangs => {
                stage.world.lambda().set(FUNCTIONS, Behaviour::Accepts);
            }
            Fault::NoDescriptors => limit_files(stage, "hard"),
            Fault::FullDisk => {
                let _ = fs::remove_file(stage.run_dir().join(FILLER));
            }
        }
    }

    fn pick(&mut self) -> Fault {
        let count = u64::try_from(self.possible.len()).unwrap();
        self.possible[usize::try_from(self.random.next_u64() % count).unwrap()]
    }
}

/// Begins a fault; returns the processes that it froze.
fn begin(fault: Fault, stage: &mut Stage) -> Vec<i32> {
    let lambda = |behaviour| stage.world.lambda().set(FUNCTIONS, behaviour);
    match fault {
        Fault::KillSystemWorker => stage.world.worker().kill(),
        Fault::FreezeSystemWorker => stage.world.worker().process().freeze(),
        Fault::KillWorkers => stage.world.running_workers().into_iter().for_each(|it| it.kill()),
        Fault::FreezeWorkers => {
            let pids = stage.world.running_workers().into_iter().map(|worker| worker.pid);
            return pids
                .filter(|pid| killpg(Pid::from_raw(*pid), Signal::SIGSTOP).is_ok())
                .collect();
        }
        Fault::StopServer => stage.world.server.kill(),
        Fault::FreezeServer => stage.world.server.freeze(),
        Fault::ProviderThrottles => lambda(Behaviour::Throttles),
        Fault::ProviderFails => lambda(Behaviour::Fails),
        Fault::ProviderHangs => lambda(Behaviour::Hangs),
        Fault::NoDescriptors => {
            let pid = stage.world.worker().process().pid();
            limit_files(stage, &Footprint::of(pid).files.to_string());
        }
        // Writes until there is no space left.
        Fault::FullDisk => {
            let _ = fs::write(stage.run_dir().join(FILLER), vec![0; 8 << 20]);
        }
    }
    Vec::new()
}

/// Sets the soft limit of the system worker's open files.
fn limit_files(stage: &mut Stage, soft: &str) {
    let pid = stage.world.worker().process().pid().to_string();
    let soft = if soft == "hard" { "1024" } else { soft };
    let _ = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={soft}:")]).status();
}
