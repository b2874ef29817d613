//! What a burst of signals costs in events: announcements sent to one instance as fast as the
//! server takes them.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use serde_json::json;
use temporalio_client::{
    UntypedSignal, UntypedWorkflow, WorkflowDescribeOptions, WorkflowSignalOptions,
};
use wci_contract::names::TASK_ADD_SIGNAL;
use wci_workflows::payload_of;

use crate::{
    contender::{Contender, Setup, Side},
    figures::{Figures, Target},
    stage::Stage,
};

const SIGNALS: u32 = 500;
const TARGET: Target = Target::AtMost(2.0);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let contender = Contender::create(stage, Side::Ours, &Setup::of("burst", None)).await?;
    let before = settled(stage, &contender).await?;
    let handle = stage.client.get_workflow_handle::<UntypedWorkflow>(contender.instance()?);
    let signal = payload_of(&json!({"task_queue_name": contender.name, "task_queue_type": 1,
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
    let after = settled(stage, &contender).await?;
    let sent = f64::from(u32::try_from(sent)?);
    let events = f64::from(u32::try_from(after - before)?);
    figures.add("events for each signal of a burst of 500", "", events / sent, TARGET);
    Ok(())
}

/// Events of the instance once it has come to rest: two seconds without a new one.
pub(crate) async fn settled(stage: &Stage, contender: &Contender) -> anyhow::Result<usize> {
    let handle = stage.client.get_workflow_handle::<UntypedWorkflow>(contender.instance()?);
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
