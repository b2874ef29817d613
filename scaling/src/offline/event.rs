//! Events in JSON lines.

use wci_contract::{
    FailureClass, TaskType,
    decision::{Event, Poll},
    launch::Outcome,
    signal::TaskAdd,
    stats::{QueueStats, WorkersSeen},
};

use super::strict_object::{FieldError, Object, mistyped, one_of};

const KINDS: [&str; 4] = ["task_add", "poll", "outcome", "tick"];

/// The event of a line: exactly one of the known kinds.
pub(super) fn read(event: &Object<'_>) -> Result<Event, FieldError> {
    event.only(&KINDS)?;
    let mut kinds = event.keys();
    match (kinds.next(), kinds.next()) {
        (Some("task_add"), None) => task_add(&event.child("task_add")?).map(Event::TaskAdd),
        (Some("poll"), None) => poll(&event.child("poll")?).map(Event::Poll),
        (Some("outcome"), None) => outcome(&event.child("outcome")?).map(Event::Outcome),
        (Some("tick"), None) => {
            event.child("tick")?.only(&[])?;
            Ok(Event::Tick {})
        }
        _ => Err(mistyped("event".to_owned(), format!("an object with one of {}", one_of(&KINDS)))),
    }
}

fn task_add(signal: &Object<'_>) -> Result<TaskAdd, FieldError> {
    const KIND: &str = "task_queue_type";
    const SYNC: &str = "is_sync_match";
    const MISSES: &str = "no_sync_match_signals_batched";
    const SYNCS: &str = "sync_match_signals_batched";
    signal.only(&["task_queue_name", KIND, SYNC, MISSES, SYNCS])?;
    let kind = signal.required(KIND, "1 (workflow), 2 (activity) or 3 (nexus)", |value| {
        TaskType::from_wire(crate::number::integer(value)?)
    })?;
    let name = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    Ok(TaskAdd {
        task_queue_name: signal.optional("task_queue_name", "a string", name)?,
        task_queue_type: i64::from(kind.to_wire()),
        is_sync_match: signal.optional(SYNC, "true or false", serde_json::Value::as_bool)?,
        misses: signal.count(MISSES)?,
        syncs: signal.count(SYNCS)?,
    })
}

fn poll(poll: &Object<'_>) -> Result<Poll, FieldError> {
    let types = TaskType::ALL.map(TaskType::as_str);
    let [workflow, activity, nexus] = types;
    poll.only(&[workflow, activity, nexus, "workers"])?;
    let has = |wanted: &str| poll.keys().any(|key| key == wanted);
    let mut read = Poll::default();
    for kind in TaskType::ALL.into_iter().filter(|kind| has(kind.as_str())) {
        read.stats.insert(kind, stats(&poll.child(kind.as_str())?)?);
    }
    if has("workers") {
        let workers = poll.child("workers")?;
        workers.only(&["seen", "slots_free"])?;
        let (seen, slots_free) = (workers.count("seen")?, workers.count("slots_free")?);
        read.workers = Some(WorkersSeen { seen, slots_free });
    }
    Ok(read)
}

fn stats(stats: &Object<'_>) -> Result<QueueStats, FieldError> {
    stats.only(&["backlog", "arrival_rate", "dispatch_rate", "age_ms", "rate_limit", "partial"])?;
    let has_limit = stats.keys().any(|key| key == "rate_limit");
    Ok(QueueStats {
        backlog: stats.required_count("backlog")?,
        arrival_rate: stats.rate("arrival_rate")?,
        dispatch_rate: stats.rate("dispatch_rate")?,
        age_ms: stats.count("age_ms")?,
        rate_limit: has_limit.then(|| stats.rate("rate_limit")).transpose()?,
        partial: stats.optional("partial", "true or false", serde_json::Value::as_bool)?,
    })
}

fn outcome(outcome: &Object<'_>) -> Result<Outcome, FieldError> {
    outcome.only(&["started", "throttled", "refused", "requested_ms", "class", "message"])?;
    let class = |value: &serde_json::Value| {
        serde_json::from_value::<FailureClass>(value.clone()).ok().map(Some)
    };
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    Ok(Outcome {
        started: outcome.small_count("started")?,
        throttled: outcome.small_count("throttled")?,
        refused: outcome.small_count("refused")?,
        requested_ms: outcome
            .optional("requested_ms", "a time in milliseconds", |value| value.as_i64().map(Some))?,
        class: outcome.optional(
            "class",
            "throttled, access-denied, not-found, rejected, unavailable, internal, conflict or \
             forbidden",
            class,
        )?,
        message: outcome.optional("message", "a string", text)?,
    })
}
