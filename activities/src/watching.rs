//! The activity of the queue beside the system worker's: looks at queues until it has something
//! to say.

#![allow(missing_docs, reason = "the SDK's macros generate items without docs")]

use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wci_contract::activities::{self as names, WatchEnd, WatchInput, WatchOutput};

use crate::{
    LaunchBoard, NamespaceMetrics, ReadBudget, VersionReader,
    heartbeat::beating,
    metrics::Read,
    watch::{Look, Watch},
};

/// Watches the queues of one namespace's versions.
pub struct Watching {
    /// Reads the namespace's versions.
    pub reader: VersionReader,
    /// What was launched by this process.
    pub board: Arc<LaunchBoard>,
    /// What all watches of the namespace may ask of the server.
    pub budget: Arc<ReadBudget>,
    /// What is told of the namespace.
    pub metrics: NamespaceMetrics,
}

#[activities]
impl Watching {
    /// Reads the queues' figures until a decision is called for.
    #[activity(name = names::WATCH)]
    pub async fn watch(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: WatchInput,
    ) -> Result<WatchOutput, ActivityError> {
        let (_sender, receiver) = tokio::sync::watch::channel(());
        beating(&ctx, receiver, self.watch_until_news(&input)).await
    }
}

impl Watching {
    async fn watch_until_news(&self, input: &WatchInput) -> WatchOutput {
        let mut watch = Watch::default();
        let span = self.metrics.watch(&input.version);
        loop {
            let wanted = Instant::now();
            tokio::time::sleep(self.budget.reserve()).await;
            let waited = wanted.elapsed();
            let look = self.look(input).await;
            let read = Read { waited, lag: wanted.elapsed() };
            span.looked(read, look.as_ref().map(|look| &look.stats));
            if let Some(end) = look.as_ref().and_then(|look| watch.judge(input, look)) {
                span.end(end);
                let stats = look.map(|look| look.stats).unwrap_or_default();
                return WatchOutput { end, stats, workers: None };
            }
            if look.is_none() && now_ms() >= input.until_ms {
                span.end(WatchEnd::TimeUp);
                return WatchOutput { end: WatchEnd::TimeUp, ..WatchOutput::default() };
            }
            tokio::time::sleep(watch.pace(&look.unwrap_or_default())).await;
        }
    }

    /// One look; `None` when the server did not answer.
    async fn look(&self, input: &WatchInput) -> Option<Look> {
        let mut stats = match self.reader.stats(&input.version).await {
            Ok(stats) => stats,
            Err(error) => {
                tracing::debug!(%error, deployment = input.version.deployment_name, "watch");
                return None;
            }
        };
        stats.retain(|kind, _| input.types.contains(kind));
        let since_launch = self.board.since_latest(&input.version);
        Some(Look {
            now_ms: now_ms(),
            since_launch_ms: since_launch
                .map(|since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            stats,
        })
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
