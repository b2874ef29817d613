//! `--adopt`: what the server's controller runs is taken over by itself.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use temporalio_client::Client;
use wci_contract::VersionId;

use super::arrival;
use wci_cli::{
    connection,
    control::{Control, Keeper, Trouble},
    ownership::{Adopted, Hindrance, Manner, adopt},
};

/// Between two looks.
const PACE: Duration = Duration::from_secs(3);
/// How long an instance that could not be taken over is left alone.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);
/// Instances of a namespace that are looked at.
const MOST: usize = 10_000;
/// Instances that are taken over at once.
const AT_ONCE: usize = 8;

/// What was said of an instance that is left to the server, and when.
type Left = BTreeMap<VersionId, (String, Instant)>;

/// Adopts whatever appears in the client's namespace, for as long as it is polled. Trouble here
/// touches nothing else.
pub(super) async fn keep_adopting(client: Client, task_queue: String) {
    arrival::wait(client.clone(), task_queue.clone()).await;
    let namespace = client.options().namespace.clone();
    let mut trouble = None;
    let mut left = Left::new();
    let mut control = None;
    loop {
        let result = match &control {
            Some(control) => round(control, &mut left).await.map_err(|trouble| trouble.to_string()),
            None => match Control::of(client.clone(), task_queue.clone()).await {
                Ok(opened) => {
                    control = Some(opened);
                    continue;
                }
                Err(error) => Err(error.to_string()),
            },
        };
        // Said once, not every few seconds.
        let now = result.err();
        if let Some(words) = now.as_ref().filter(|_| now != trouble) {
            tracing::warn!(namespace, trouble = words, "cannot look for instances to adopt");
        }
        trouble = now;
        tokio::time::sleep(PACE).await;
    }
}

async fn round(control: &Control, left: &mut Left) -> Result<(), Trouble> {
    let (listed, _) = control.list(MOST).await?;
    let theirs: Vec<VersionId> = listed
        .into_iter()
        .filter(|listed| listed.keeper == Keeper::Server)
        .map(|listed| listed.id)
        .collect();
    left.retain(|id, _| theirs.contains(id));
    let due = theirs
        .into_iter()
        .filter(|id| left.get(id).is_none_or(|(_, since)| since.elapsed() >= AFTER_REFUSAL));
    let due: Vec<VersionId> = due.collect();
    let identity = connection::identity();
    let results: Vec<_> = stream::iter(due)
        .map(|id| take(control.clone(), id, identity.clone()))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (version, result) in results {
        tell(control.namespace(), version, result, left);
    }
    Ok(())
}

async fn take(
    control: Control,
    id: VersionId,
    identity: String,
) -> (VersionId, Result<Adopted, Hindrance>) {
    let result = adopt(&control, &id, Manner::Sweeping, &identity).await;
    (id, result)
}

fn tell(namespace: &str, version: VersionId, result: Result<Adopted, Hindrance>, left: &mut Left) {
    match result {
        Ok(Adopted::Now) => {
            left.remove(&version);
            tracing::info!(namespace, %version, "adopted from the server's controller");
        }
        // Another system worker was faster, or it is over in a moment.
        Ok(Adopted::Before)
        | Err(Hindrance::NotThere(_) | Hindrance::Unfinished(_) | Hindrance::BeingChanged(_)) => {}
        Err(hindrance @ (Hindrance::Released(_) | Hindrance::Elsewhere { .. })) => {
            tracing::debug!(namespace, %version, reason = %hindrance, "not adopted");
        }
        Err(hindrance @ (Hindrance::Unable { .. } | Hindrance::Trouble(_))) => {
            let words = hindrance.to_string();
            let said = left.insert(version.clone(), (words.clone(), Instant::now()));
            if said.is_none_or(|(before, _)| before != words) {
                tracing::warn!(namespace, %version, reason = words, "not adopted");
            }
        }
    }
}
