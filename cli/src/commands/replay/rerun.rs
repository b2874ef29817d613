//! Replays a recorded history against the workflows of a build.

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
    Recording, ReplayError, Replayed,
    observer::{Observer, Seen},
    probe::{left_over, probed},
};

/// A history does not contain its namespace; any name will do.
const NAMESPACE: &str = "replay";
/// The prefix of the SDK's messages about differences.
const NONDETERMINISM: &str = "[TMPRL1100] Nondeterminism error: ";
/// Time limit for the replayer to stop; nothing depends on it.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Registers the workflows of this build.
pub fn this_build(options: &mut WorkerOptions) -> anyhow::Result<()> {
    options.register_workflow::<Instance>()?.register_workflow::<Validate>()?;
    Ok(())
}

/// Replays `recording` against the workflows that `build` registers.
///
/// # Errors
/// [`ReplayError`] if they do not behave as recorded, up to the last workflow task.
pub async fn replay(
    recording: &Recording,
    build: impl Fn(&mut WorkerOptions) -> anyhow::Result<()>,
) -> Result<Replayed, ReplayError> {
    let replayed = rerun(recording, &build).await?;
    if let Some(probed) = probed(recording) {
        left_over(recording, rerun(&probed, &build).await)?;
    }
    Ok(replayed)
}

async fn rerun(
    recording: &Recording,
    build: &impl Fn(&mut WorkerOptions) -> anyhow::Result<()>,
) -> Result<Replayed, ReplayError> {
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
    // Not earlier: the end of the histories must not overtake the end of the replay.
    drop(feeder);
    stop();
    let _ = timeout(STOP_LIMIT, running).await;
    result_of(recording, seen)
}

fn check_type(recording: &Recording, options: &WorkerOptions) -> Result<(), ReplayError> {
    let workflows = options.workflows();
    let mut known: Vec<&str> =
        workflows.workflow_definitions().map(|known| known.workflow_type.as_str()).collect();
    if known.contains(&recording.workflow_type.as_str()) {
        return Ok(());
    }
    known.sort_unstable();
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

/// The result of an observed replay.
fn result_of(recording: &Recording, seen: Seen) -> Result<Replayed, ReplayError> {
    let after = seen.position;
    if let Some(message) = seen.failure {
        return Err(ReplayError::TaskFailed { after, message });
    }
    let Some(end) = seen.end else {
        return Err(ReplayError::Stuck { after, events: recording.events() });
    };
    let message = message_of(&end.message);
    match end.reason {
        EvictionReason::LangRequested if after >= recording.last_to_reach() => {
            let Recording { workflow_tasks, .. } = *recording;
            Ok(Replayed { events: recording.replayed(after), workflow_tasks })
        }
        EvictionReason::LangRequested => {
            Err(ReplayError::Replayer(format!("it ended after event {after}")))
        }
        EvictionReason::Nondeterminism => Err(ReplayError::Nondeterminism { after, message }),
        _ => Err(ReplayError::Replayer(message)),
    }
}

/// The message inside a failure in Debug format.
fn message_of(debug: &str) -> String {
    let Some((_, message)) = debug.split_once("message: \"") else { return debug.to_owned() };
    let mut escaped = false;
    let end = message.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let message = message.get(..end.unwrap_or(message.len())).unwrap_or(message);
    let message = message.replace("\\\"", "\"");
    message.strip_prefix(NONDETERMINISM).map_or(message.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_failure_only_the_message_is_said() {
        let debug = r#"failed: Failure { message: "[TMPRL1100] Nondeterminism error: no \"b\"", x"#;
        assert_eq!(message_of(debug), r#"no "b""#);
        assert_eq!(message_of("evicted"), "evicted");
    }
}
