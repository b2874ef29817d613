//! `--adopt`: takes instances over from the server's controller automatically.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use temporalio_client::Client;
use wci_contract::VersionId;

use super::readiness;
use wci_cli::{
    connection,
    control::{AdminClient, ControlError, Owner},
    ownership::{AdoptError, AdoptMode, Adopted, adopt},
};

/// Time between two rounds.
const INTERVAL: Duration = Duration::from_secs(3);
/// How long to leave an instance alone after a failed adoption.
const RETRY_AFTER: Duration = Duration::from_secs(60);
/// Limit of instances to list in a namespace.
const MAX_LISTED: usize = 10_000;
/// Concurrent adoptions.
const CONCURRENCY: usize = 8;

/// The last failure logged for each instance that stays with the server, and when.
type Failures = BTreeMap<VersionId, (String, Instant)>;

/// Adopts instances in the client's namespace as they appear, until it is aborted. Failures are
/// logged and affect nothing else.
pub(super) async fn adopt_continuously(client: Client, task_queue: String) {
    readiness::until_polling(client.clone(), task_queue.clone()).await;
    let namespace = client.options().namespace.clone();
    let mut last_error = None;
    let mut failures = Failures::new();
    let mut admin = None;
    loop {
        let result = match &admin {
            Some(admin) => round(admin, &mut failures).await.map_err(|error| error.to_string()),
            None => match AdminClient::new(client.clone(), task_queue.clone()).await {
                Ok(opened) => {
                    admin = Some(opened);
                    continue;
                }
                Err(error) => Err(error.to_string()),
            },
        };
        // Logged once, not every few seconds.
        let now = result.err();
        if let Some(error) = now.as_ref().filter(|_| now != last_error) {
            tracing::warn!(namespace, error, "cannot find instances to adopt");
        }
        last_error = now;
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn round(admin: &AdminClient, failures: &mut Failures) -> Result<(), ControlError> {
    let (listed, _) = admin.list(MAX_LISTED).await?;
    let candidates: Vec<VersionId> = listed
        .into_iter()
        .filter(|listed| listed.owner == Owner::Server)
        .map(|listed| listed.id)
        .collect();
    failures.retain(|id, _| candidates.contains(id));
    let due = candidates
        .into_iter()
        .filter(|id| failures.get(id).is_none_or(|(_, since)| since.elapsed() >= RETRY_AFTER));
    let due: Vec<VersionId> = due.collect();
    let identity = connection::identity();
    let results: Vec<_> = stream::iter(due)
        .map(|id| take(admin.clone(), id, identity.clone()))
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    for (version, result) in results {
        record(admin.namespace(), version, result, failures);
    }
    Ok(())
}

async fn take(
    admin: AdminClient,
    id: VersionId,
    identity: String,
) -> (VersionId, Result<Adopted, AdoptError>) {
    let result = adopt(&admin, &id, AdoptMode::Automatic, &identity).await;
    (id, result)
}

fn record(
    namespace: &str,
    version: VersionId,
    result: Result<Adopted, AdoptError>,
    failures: &mut Failures,
) {
    match result {
        Ok(Adopted::Now) => {
            failures.remove(&version);
            tracing::info!(namespace, %version, "adopted from the server's controller");
        }
        // Another system worker was faster, or a later round will succeed.
        Ok(Adopted::Already)
        | Err(
            AdoptError::NotRunning(_)
            | AdoptError::NoComputeConfig(_)
            | AdoptError::UpdateInProgress(_),
        ) => {}
        Err(error @ (AdoptError::Released(_) | AdoptError::OtherOwner { .. })) => {
            tracing::debug!(namespace, %version, reason = %error, "not adopted");
        }
        Err(error @ (AdoptError::NotCaughtUp { .. } | AdoptError::StillMarked { .. })) => {
            failures.remove(&version);
            tracing::warn!(namespace, %version, reason = %error, "adopted, but not completely");
        }
        Err(error @ (AdoptError::CannotStartWorkers { .. } | AdoptError::Control(_))) => {
            let reason = error.to_string();
            let previous = failures.insert(version.clone(), (reason.clone(), Instant::now()));
            if previous.is_none_or(|(previous, _)| previous != reason) {
                tracing::warn!(namespace, %version, reason, "not adopted");
            }
        }
    }
}
