//! The pollers of a task queue: whether a system worker is alive. Without one, a call to an instance
//! would only time out.

use std::time::Duration;

use anyhow::bail;
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    enums::v1::TaskQueueType, taskqueue::v1::TaskQueue,
    workflowservice::v1::DescribeTaskQueueRequest,
};

use super::{AdminClient, ControlError, SOON, within};
use crate::clock::{self, Millis};

/// An idle worker polls once a minute. The server lists it for minutes after it stopped.
const RECENT: Duration = Duration::from_secs(90);

/// The pollers of a task queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pollers {
    /// Workers that the server lists.
    pub(crate) count: usize,
    /// The time of the last poll.
    pub(crate) last_poll: Option<Millis>,
}

impl Pollers {
    /// Whether the last poll is recent at `now`.
    pub(crate) fn polled_recently(&self, now: Millis) -> bool {
        self.last_poll.is_some_and(|at| clock::since(at, now) <= RECENT)
    }
}

impl AdminClient {
    /// The pollers of `queue` for workflow tasks.
    pub(crate) async fn pollers(&self, queue: &str) -> Result<Pollers, ControlError> {
        let request = DescribeTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: Some(TaskQueue { name: queue.to_owned(), ..Default::default() }),
            task_queue_type: TaskQueueType::Workflow.into(),
            ..Default::default()
        };
        let mut service = self.service();
        let call = service.describe_task_queue(request.into_request());
        let pollers = within("describing the task queue", SOON, call).await?.into_inner().pollers;
        let polls = pollers.iter().filter_map(|poller| poller.last_access_time.as_ref());
        Ok(Pollers {
            count: pollers.len(),
            last_poll: polls.map(|at| clock::of_parts(at.seconds, at.nanos)).max(),
        })
    }

    /// Fails unless a system worker polls `queue`.
    pub(crate) async fn require_worker(&self, queue: &str) -> anyhow::Result<()> {
        let pollers = self.pollers(queue).await?;
        let now = clock::now();
        if pollers.polled_recently(now) {
            return Ok(());
        }
        let namespace = &self.namespace;
        match pollers.last_poll {
            None => bail!(
                "no system worker polls task queue {queue} in namespace {namespace}: start one \
                 with `wci worker -n {namespace}`"
            ),
            Some(at) => bail!(
                "the system worker of task queue {queue} in namespace {namespace} does not \
                 respond, its last poll was {} ago: start one with `wci worker -n {namespace}`",
                clock::span(clock::since(at, now))
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poller_that_is_still_listed_need_not_be_there() {
        let seen = |at| Pollers { count: 1, last_poll: at };
        assert!(seen(Some(10_000)).polled_recently(80_000));
        assert!(!seen(Some(10_000)).polled_recently(110_000));
        assert!(!seen(None).polled_recently(0));
    }
}
