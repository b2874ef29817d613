//! Runs a recorded history through the workflows of a build.

use std::{sync::Arc, time::Duration};

use temporalio_client::ClientOptions;
use temporalio_common::{
    data_converters::{DataConverter, DefaultPayloadCodec, PayloadConverter},
    protos::coresdk::workflow_activation::remove_from_cache::EvictionReason,
};
use temporalio_sdk::{Worker, WorkerOptions};
use temporalio_sdk_core::{
    init_replay_worker,
    replay::{HistoryFeeder, HistoryFeederStream, HistoryForReplay, ReplayWorkerInput},
};
use tokio::{select, time::timeout};
use wci_workflows::{Instance, TypedFailures, Validate};

use super::{
    Recording, ReplayError,
    observer::{Observer, Seen},
};

/// A history does not say in which namespace it ran.
const NAMESPACE: &str = "replay";
/// How long the replayer may take to stop; nothing depends on it.
const STOPPING: Duration = Duration::from_secs(2);

/// Registers the workflows of this build.
pub fn this_build(options: &mut WorkerOptions) -> anyhow::Result<()> {
    options.register_workflow::<Instance>()?.register_workflow::<Validate>()?;
    Ok(())
}

/// Replays `recording` against the workflows that `build` registers, and fails unless they do
/// what was recorded, up to the last workflow task.
pub async fn replay(
    recording: &Recording,
    build: impl FnOnce(&mut WorkerOptions) -> anyhow::Result<()>,
) -> Result<(), ReplayError> {
    let mut options = WorkerOptions::new(recording.task_queue.clone()).build();
    build(&mut options).map_err(ReplayError::replayer)?;
    check_type(recording, &options)?;
    let observer = Observer::new();
    options.worker_interceptor(observer.clone());
    let (feeder, histories) = HistoryFeeder::new(1);
    let mut worker = replayer(options, histories)?;
    let history = HistoryForReplay::new(recording.history.clone(), recording.workflow_id.clone());
    feeder.feed(history).await.map_err(ReplayError::replayer)?;
    let stop = worker.shutdown_handle();
    let mut running = Box::pin(worker.run());
    let seen = select! {
        seen = observer.end() => seen,
        stopped = &mut running => {
            let why = stopped.err().map(|e| e.to_string());
            return Err(ReplayError::Replayer(why.unwrap_or_else(|| "it stopped".into())));
        }
    };
    // Only now, so that the end of the histories does not overtake the end of the replay.
    drop(feeder);
    stop();
    let _ = timeout(STOPPING, running).await;
    judge(recording, seen)
}

fn check_type(recording: &Recording, options: &WorkerOptions) -> Result<(), ReplayError> {
    let workflows = options.workflows();
    let known: Vec<&str> =
        workflows.workflow_definitions().map(|known| known.workflow_type.as_str()).collect();
    if known.contains(&recording.workflow_type.as_str()) {
        return Ok(());
    }
    let known = known.join(" and ");
    Err(ReplayError::UnknownType { found: recording.workflow_type.clone(), known })
}

fn replayer(options: WorkerOptions, histories: HistoryFeederStream) -> Result<Worker, ReplayError> {
    let core = options
        .to_core_options(NAMESPACE.to_owned(), String::new())
        .map_err(ReplayError::Replayer)?;
    let core = init_replay_worker(ReplayWorkerInput::new(core, histories))
        .map_err(ReplayError::replayer)?;
    let converter = DataConverter::new(
        PayloadConverter::default(),
        TypedFailures::default(),
        DefaultPayloadCodec,
    );
    let client = ClientOptions::new(NAMESPACE).data_converter(converter).build();
    Worker::new_from_core_options(Arc::new(core), client, options).map_err(ReplayError::replayer)
}

/// What the replay shows.
fn judge(recording: &Recording, seen: Seen) -> Result<(), ReplayError> {
    eprintln!("{seen:?}");
    let after = seen.position;
    if let Some(message) = seen.failure {
        return Err(ReplayError::TaskFailed { after, message });
    }
    let Some(end) = seen.end else {
        return Err(ReplayError::Stuck { after, events: recording.events() });
    };
    match end.reason {
        EvictionReason::LangRequested => Ok(()),
        EvictionReason::Nondeterminism => {
            Err(ReplayError::Nondeterminism { after, message: end.message })
        }
        reason => Err(ReplayError::Replayer(format!("{reason:?}: {}", end.message))),
    }
}
