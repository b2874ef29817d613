//! Keeping one pool at its desired size.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, unbounded_channel},
    },
    task::spawn_blocking,
};

use super::{
    members::{self, Member, MemberState},
    pool_files::{DesiredPool, PoolFiles},
    process_factory::ProcessFactory,
    restart_backoff::RestartBackoff,
    start::{ExitSender, MemberExit, start},
};
use crate::{Scope, SetSize, clock::now_ms};

/// Another system worker may write a new size at any time.
const RECONCILE_INTERVAL: Duration = Duration::from_secs(1);

/// Reconciles a pool that this system worker owns.
pub(super) struct PoolReconciler {
    factory: Arc<ProcessFactory>,
    files: PoolFiles,
    /// Held for as long as this system worker owns the pool.
    _owner_lock: File,
    backoff: RestartBackoff,
    /// The number of the next process.
    next: u64,
    /// Processes that were told to stop.
    stopped: BTreeSet<u64>,
    exit_sender: ExitSender,
    exits: UnboundedReceiver<MemberExit>,
}

impl PoolReconciler {
    /// The reconciler of the pool with these `files`, whose owner lock is held.
    pub(super) fn new(
        factory: Arc<ProcessFactory>,
        files: PoolFiles,
        owner_lock: File,
        wake: Arc<Notify>,
    ) -> Self {
        let (sender, exits) = unbounded_channel();
        Self {
            factory,
            files,
            _owner_lock: owner_lock,
            backoff: RestartBackoff::default(),
            next: 0,
            stopped: BTreeSet::new(),
            exit_sender: ExitSender { sender, wake },
            exits,
        }
    }

    /// Reconciles the pool until it is removed.
    pub(super) async fn run(mut self) {
        loop {
            match self.reconcile().await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(pool = ?self.files, %error, "cannot reconcile a pool");
                }
            }
            let wait = match self.backoff.delay(Instant::now()) {
                Duration::ZERO => RECONCILE_INTERVAL,
                delay => delay.min(RECONCILE_INTERVAL),
            };
            let _ = tokio::time::timeout(wait, self.exit_sender.wake.notified()).await;
        }
    }

    /// Compares the pool with its desired state once, starts and stops processes. Returns whether
    /// the pool has been removed.
    async fn reconcile(&mut self) -> io::Result<bool> {
        let files = self.files.clone();
        let read = move || Ok((files.read()?, members::list(files.records())?));
        let read: io::Result<(Option<DesiredPool>, Vec<Member>)> =
            spawn_blocking(read).await.map_err(io::Error::other)?;
        let (written, members) = read?;
        self.observe(&members);
        let lapse_ms = self.factory.machine().lapse_ms();
        let desired = written.clone().filter(|desired| is_wanted(desired, lapse_ms));
        let serving = self.stop_surplus(desired.as_ref(), &members);
        self.report_size(written, desired.as_ref(), &members);
        match desired {
            Some(desired) => self.start_missing(&desired, serving),
            None if members.is_empty() => {
                let files = self.files.clone();
                let is_wanted = move |desired: &DesiredPool| is_wanted(desired, lapse_ms);
                return spawn_blocking(move || files.remove(is_wanted))
                    .await
                    .map_err(io::Error::other)?;
            }
            None => {}
        }
        Ok(false)
    }

    /// Updates the next number from the members, and the back-off from the exits.
    fn observe(&mut self, members: &[Member]) {
        let after_last = members.last().map_or(0, |member| member.number + 1);
        self.next = self.next.max(after_last);
        while let Ok(MemberExit { number, uptime }) = self.exits.try_recv() {
            if !self.stopped.remove(&number) {
                let delay = self.backoff.exited(uptime, Instant::now());
                tracing::warn!(
                    number,
                    uptime_ms = uptime.as_millis(),
                    delay_ms = delay.as_millis(),
                    "a process of a pool exited unexpectedly: starting another after the delay"
                );
            }
        }
    }

    /// Stops surplus processes, the newest first, and those of another generation. They no longer
    /// count. Returns the number of processes that stay.
    fn stop_surplus(&mut self, desired: Option<&DesiredPool>, members: &[Member]) -> u32 {
        let (count, generation) =
            desired.map_or((0, None), |desired| (desired.count, Some(desired.generation)));
        let mut serving = 0;
        for member in members {
            let counts = !self.stopped.contains(&member.number)
                && member.state != MemberState::Stopping
                && Some(member.generation) == generation
                && serving < count;
            if counts {
                serving += 1;
                continue;
            }
            if let MemberState::Serving { .. } = member.state {
                member.stop();
                if self.stopped.insert(member.number) {
                    tracing::info!(number = member.number, "stopping a process of a pool");
                }
            }
        }
        serving
    }

    /// Reports the size of the pool: `written` is its file's content, `desired` is `None` if the
    /// pool is to be removed.
    fn report_size(
        &self,
        written: Option<DesiredPool>,
        desired: Option<&DesiredPool>,
        members: &[Member],
    ) {
        let Some(DesiredPool { namespace, version, group, .. }) = written else { return };
        let is_running = |member: &&Member| {
            matches!(member.state, MemberState::Serving { .. })
                && !self.stopped.contains(&member.number)
        };
        let size = SetSize {
            scope: Scope { namespace, version, group },
            provider_type: super::TYPE,
            wanted: desired.map_or(0, |desired| desired.count),
            running: members.iter().filter(is_running).count().try_into().unwrap_or(u32::MAX),
        };
        self.factory.machine().pools().set_size(&self.files, size);
    }

    fn start_missing(&mut self, desired: &DesiredPool, serving: u32) {
        for _ in serving..desired.count {
            if !self.backoff.delay(Instant::now()).is_zero() {
                return;
            }
            let number = self.next;
            self.next += 1;
            let exits = self.exit_sender.clone();
            if let Err(message) = start(&self.factory, &self.files, desired, number, exits) {
                let delay = self.backoff.exited(Duration::ZERO, Instant::now());
                tracing::warn!(
                    group = desired.group,
                    message,
                    delay_ms = delay.as_millis(),
                    "cannot start a process of a pool: retrying after the delay"
                );
                return;
            }
        }
    }
}

/// Whether the pool is to have processes: its instance requested some, and recently enough.
fn is_wanted(desired: &DesiredPool, lapse_ms: i64) -> bool {
    let now_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX);
    desired.count > 0 && now_ms.saturating_sub(desired.requested_ms) <= lapse_ms
}
