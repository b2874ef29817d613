//! The server's list of workers, which their heartbeats fill.

use crate::settings::Settings;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use temporal_worker_surplus::{ByType, Listed};
use temporalio_client::{
    Client, NamespacedClient,
    tonic::{Code, IntoRequest},
};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    ListWorkersRequest, ListWorkersResponse,
};

mod entry;

use entry::Belief;

/// The mark of workers that consolidate, in the list: the name of a plugin. The Python package in
/// examples/python uses it, too.
pub(crate) const MARK: &str = "temporal-worker-surplus";

/// The workers that are read at most. A longer list is judged by this part of it: the server sorts
/// by the workers' random keys, so the part is a fair sample, and the margin of a smaller fleet is
/// larger.
const PAGE: usize = 500;
/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// This worker as it appears in the list.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) key: String,
    /// When it started, since the Unix epoch.
    pub(crate) started: Duration,
    pub(crate) slots: ByType<u32>,
    /// The interval of its heartbeats, and of other workers of the same program.
    pub(crate) heartbeat: Duration,
}

/// Why there is no list.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server has none.
    Unsupported(String),
    /// This read failed.
    Failed(String),
}

/// One read of the list.
#[derive(Debug)]
pub(crate) struct WorkerList {
    response: ListWorkersResponse,
    /// When it was read, since the Unix epoch.
    now: Duration,
}

impl WorkerList {
    /// Reads the workers of the version that poll the task queue, once and within a time limit.
    pub(crate) async fn read(client: &Client, settings: &Settings) -> Result<Self, Trouble> {
        let mut request = ListWorkersRequest {
            namespace: client.namespace(),
            page_size: i32::try_from(PAGE).unwrap_or(i32::MAX),
            query: query(settings),
            ..Default::default()
        }
        .into_request();
        request.set_timeout(TIMEOUT);
        let mut service = client.connection().workflow_service();
        let answer = tokio::time::timeout(TIMEOUT, service.list_workers(request)).await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        match answer {
            Ok(Ok(response)) => Ok(Self { response: response.into_inner(), now }),
            Ok(Err(status)) if status.code() == Code::Unimplemented => {
                Err(Trouble::Unsupported(status.message().to_owned()))
            }
            Ok(Err(status)) => {
                Err(Trouble::Failed(format!("{:?}: {}", status.code(), status.message())))
            }
            Err(_) => Err(Trouble::Failed(format!("no answer within {TIMEOUT:?}"))),
        }
    }

    /// Whether it is only the first part of a longer list.
    pub(crate) fn is_partial(&self) -> bool {
        !self.response.next_page_token.is_empty()
    }

    /// The workers in it that are there, as far as `own` can know.
    #[expect(deprecated, reason = "the list that replaces it does not report slots")]
    pub(crate) fn listed(&self, own: &Own) -> Vec<Listed<'_>> {
        let belief = Belief { own, now: self.now };
        let full = self.response.workers_info.iter();
        let heartbeats = full.filter_map(|info| info.worker_heartbeat.as_ref());
        let mut listed: Vec<_> =
            heartbeats.take(PAGE).filter_map(|sent| belief.of_heartbeat(sent)).collect();
        if self.response.workers_info.is_empty() {
            // A later server no longer sends heartbeats: the rest is known without them.
            let brief = self.response.workers.iter().take(PAGE);
            listed.extend(brief.filter_map(|info| belief.of_brief_info(info)));
        }
        listed
    }
}

/// The query for running workers of the version that poll the task queue.
fn query(settings: &Settings) -> String {
    format!(
        "TaskQueue={} AND DeploymentName={} AND BuildId={} AND Status='Running'",
        literal(&settings.task_queue),
        literal(&settings.version.deployment_name),
        literal(&settings.version.build_id)
    )
}

/// `text` as a literal of the server's query language, whatever characters it contains.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests;
