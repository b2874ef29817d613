//! A machine for one test of a provider of processes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use wci_providers::{
    AllowedVariables, CommandSettings, Host, HostSettings, ProcessSettings, Provider, Registry,
    Settings, SubprocessSettings, SupervisorProgram, WorkerSetProvider,
};

/// Writes a file named by its process ID, then sleeps.
pub(crate) const STAY: &str = "echo $$ > $OUT/$$.pid; exec sleep 1000";

/// The folders of one test, one for the records and one for the workers' files, and a host.
pub(crate) struct TestMachine {
    run_dir: PathBuf,
    out: PathBuf,
    host: Host,
}

impl TestMachine {
    pub(crate) fn new(dir: &Path) -> Self {
        Self::with_max(dir, 100)
    }

    pub(crate) fn with_max(dir: &Path, max_processes: u32) -> Self {
        Self::with(dir, ProcessSettings { max_processes, ..settings(dir) })
    }

    /// The processes of a pool run for `lease` after its owner has ended.
    pub(crate) fn with_lease(dir: &Path, lease: Duration) -> Self {
        Self::with(dir, ProcessSettings { lease, ..settings(dir) })
    }

    /// Pools stay for `lapse` after the last request of their instance.
    pub(crate) fn with_lapse(dir: &Path, lapse: Duration) -> Self {
        Self::with(dir, ProcessSettings { lapse, ..settings(dir) })
    }

    fn with(dir: &Path, processes: ProcessSettings) -> Self {
        let (run_dir, out) = (processes.run_dir.clone(), dir.join("out"));
        fs::create_dir_all(&out).unwrap();
        let settings = HostSettings { processes: Some(processes), ..HostSettings::default() };
        Self { run_dir, out, host: Host::new(settings) }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn provider(&self) -> Provider {
        self.find("subprocess")
    }

    /// The `subprocess-pool` provider.
    pub(crate) fn pool(&self) -> Arc<dyn WorkerSetProvider> {
        let Provider::WorkerSet(pool) = self.find("subprocess-pool") else {
            panic!("it keeps no worker set")
        };
        pool
    }

    /// Does what a system worker does in the background.
    pub(crate) fn resume(&self) {
        self.registry("subprocess").resume("default");
    }

    fn find(&self, provider: &str) -> Provider {
        self.registry(provider).find(provider).unwrap()
    }

    fn registry(&self, provider: &str) -> Registry {
        let allow_env = AllowedVariables::of(["OUT"]).unwrap();
        let command =
            |path| CommandSettings { allow_env: allow_env.clone(), ..CommandSettings::open(path) };
        let commands = BTreeMap::from([
            ("sh".to_owned(), command("/bin/sh".into())),
            ("script".to_owned(), command(self.out.join("script"))),
        ]);
        let pass_env =
            BTreeMap::from([("TEMPORAL_ADDRESS".to_owned(), "127.0.0.1:7233".to_owned())]);
        let processes = SubprocessSettings { commands, pass_env };
        let settings = Settings {
            enabled: [provider.to_owned()].into(),
            subprocess: processes.clone(),
            pool: processes,
            ..Settings::default()
        };
        Registry::new(&self.host, settings).unwrap()
    }

    /// The config of a `subprocess` that runs `script` in a shell.
    pub(crate) fn shell(&self, script: &str, lifetime_ms: u64) -> Value {
        json!({
            "command": "sh",
            "args": ["-c", script],
            "env": {"OUT": self.out.display().to_string()},
            "lifetime_ms": lifetime_ms,
        })
    }

    /// The config of a pool that runs `script` in a shell.
    pub(crate) fn pool_of(&self, script: &str) -> Value {
        json!({
            "command": "sh",
            "args": ["-c", script],
            "env": {"OUT": self.out.display().to_string()},
            "stop_timeout_ms": 5_000,
        })
    }

    /// The number of files and folders of pools.
    pub(crate) fn pool_files(&self) -> usize {
        let entries = fs::read_dir(self.run_dir.join("default")).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().display().to_string());
        names.filter(|name| name.starts_with("pool-")).count()
    }

    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.out.join(name)
    }

    /// The processes that wrote their IDs, whether or not they still run.
    pub(crate) fn pids(&self) -> Vec<Pid> {
        let names = fs::read_dir(&self.out).unwrap().map(|entry| entry.unwrap().file_name());
        let pids = names.filter_map(|name| name.to_str()?.strip_suffix(".pid")?.parse().ok());
        pids.map(Pid::from_raw).collect()
    }

    pub(crate) fn running(&self) -> usize {
        self.pids().into_iter().filter(|pid| is_running(*pid)).count()
    }

    /// The records, as their supervisors wrote them.
    pub(crate) fn records(&self) -> Vec<Value> {
        let mut records = Vec::new();
        collect(&self.run_dir, &mut records);
        records
    }
}

fn settings(dir: &Path) -> ProcessSettings {
    ProcessSettings {
        run_dir: dir.join("run"),
        max_processes: 100,
        supervisor: SupervisorProgram {
            program: env!("CARGO_BIN_EXE_wci-supervisor").into(),
            args: Vec::new(),
        },
        lease: ProcessSettings::DEFAULT_LEASE,
        lapse: ProcessSettings::DEFAULT_LAPSE,
    }
}

/// Kills the processes that a test leaves.
impl Drop for TestMachine {
    fn drop(&mut self) {
        for pid in self.pids() {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}

pub(crate) fn is_running(pid: Pid) -> bool {
    // A zombie has exited; only its parent has not reaped it yet.
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(") ").unwrap().1.starts_with('Z'))
}

pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

/// Waits until `condition` holds; fails with `what` after 20 s.
pub(crate) async fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn collect(dir: &Path, records: &mut Vec<Value>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), records);
        } else if let Ok(record) = serde_json::from_slice(&fs::read(entry.path()).unwrap()) {
            records.push(record);
        }
    }
}
