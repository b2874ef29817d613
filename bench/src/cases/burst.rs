//! The number of events for a burst of signals, sent to one instance as fast as the server accepts
//! them.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use serde_json::json;
use temporalio_client::{
    UntypedSignal, UntypedWorkflow, WorkflowDescribeOptions, WorkflowSignalOptions,
};
use wci_contract::names::TASK_ADD_SIGNAL;
use wci_workflows::payload_of;

use crate::{
    bench_version::{BenchVersion, Controller, Setup},
    figures::{Figures, Target},
    testbed::Testbed,
};

const SIGNALS: u32 = 500;
const TARGET: Target = Target::AtMost(2.0);

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let version =
        BenchVersion::create(testbed, Controller::Ours, &Setup::of("burst", None)).await?;
    let before = idle_event_count(testbed, &version).await?;
    let handle = testbed.client.get_workflow_handle::<UntypedWorkflow>(version.instance()?);
    let signal = payload_of(&json!({"task_queue_name": version.name, "task_queue_type": 1,
        "is_sync_match": false, "no_sync_match_signals_batched": 1}))?;
    let sent = stream::iter(0..SIGNALS)
        .map(|_| {
            let signal = signal.clone();
            handle.signal(
                UntypedSignal::new(TASK_ADD_SIGNAL),
                signal,
                WorkflowSignalOptions::default(),
            )
        })
        .buffer_unordered(16)
        .filter(|sent| std::future::ready(sent.is_ok()))
        .count()
        .await;
    let after = idle_event_count(testbed, &version).await?;
    let sent = f64::from(u32::try_from(sent)?);
    let events = f64::from(u32::try_from(after - before)?);
    figures.add("events for each signal of a burst of 500", "", events / sent, TARGET);
    Ok(())
}

/// The number of events of the instance once it is idle: after two seconds without a new event.
pub(crate) async fn idle_event_count(
    testbed: &Testbed,
    version: &BenchVersion,
) -> anyhow::Result<usize> {
    let handle = testbed.client.get_workflow_handle::<UntypedWorkflow>(version.instance()?);
    let mut last = (0, Instant::now());
    loop {
        let events = handle.describe(WorkflowDescribeOptions::default()).await?.history_length();
        if events != last.0 {
            last = (events, Instant::now());
        } else if last.1.elapsed() > Duration::from_secs(2) {
            return Ok(events);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
