//! The server, the system worker, and one version for each way to start workers.

use std::{path::PathBuf, process::Command};

use wci_tests::{Group, SpecFile, Version, World};

use crate::{limits, traffic::Traffic};

/// What the soak test runs on.
pub(crate) struct Stage {
    pub(crate) world: World,
    /// Its workers are processes.
    pub(crate) processes: Version,
    /// Its workers are functions of the stand-in for Lambda.
    pub(crate) functions: Version,
    /// Whether the run folder is a file system of its own, which can be filled.
    pub(crate) has_small_disk: bool,
}

/// Name of the version, of its queue and of its function.
pub(crate) const PROCESSES: &str = "soak-processes";
pub(crate) const FUNCTIONS: &str = "soak-functions";

impl Stage {
    pub(crate) async fn set_up() -> Self {
        let mut world = World::builder().with_durable_server().with_lambda().start().await;
        let has_small_disk = mount_small_disk(&run_dir(&world));
        world.worker().restart().await;
        let processes = world.version(PROCESSES);
        let functions = world.version(FUNCTIONS);
        let worker = functions.greeter().env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "2");
        world.lambda().runs(FUNCTIONS, worker);
        let groups = [
            (&processes, Group::greeters(PROCESSES).env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "2")),
            (&functions, Group::lambda(FUNCTIONS)),
        ];
        for (version, group) in groups {
            let group = group
                .demand("worker_slots", 2)
                .demand("max_concurrent_workers", limits::MAX_WORKERS);
            version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
        }
        Self { world, processes, functions, has_small_disk }
    }

    pub(crate) fn start_traffic(&self, seed: u64) -> Traffic {
        Traffic::start(&self.world.client, &[PROCESSES, FUNCTIONS], seed)
    }

    pub(crate) fn versions(&self) -> [&Version; 2] {
        [&self.processes, &self.functions]
    }

    /// Running workers: processes, and functions.
    pub(crate) fn running(&self) -> [usize; 2] {
        let processes = self.world.running_workers().len();
        [processes, self.functions.running_workers().saturating_sub(processes)]
    }

    pub(crate) fn run_dir(&self) -> PathBuf {
        run_dir(&self.world)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.has_small_disk {
            // Lazily: processes that are being stopped may still use it.
            let _ = Command::new("umount").arg("-l").arg(self.run_dir()).status();
        }
    }
}

fn run_dir(world: &World) -> PathBuf {
    world.dir().join("run")
}

/// Mounts a file system of 4 MiB at `dir`; `false` where this process must not mount.
fn mount_small_disk(dir: &std::path::Path) -> bool {
    let _ = std::fs::create_dir_all(dir);
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs"]).arg(dir);
    mount.output().is_ok_and(|output| output.status.success())
}
