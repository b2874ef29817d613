//! Logs whether the server announces tasks, as far as the histories of instances show.

use std::{mem, time::Duration};

use temporalio_client::Client;
use wci_cli::control::{AdminClient, Announcements};

use super::readiness;

/// Instances whose histories are read.
const MAX_READ: usize = 20;
/// Time between two looks, while no announcement was seen and afterwards.
const INTERVAL: Duration = Duration::from_secs(300);
const INTERVAL_SEEN: Duration = Duration::from_secs(3600);

/// Logs what is known in the client's namespace, now and whenever that changes, until it is
/// aborted.
pub(super) async fn report_announcements(client: Client, task_queue: String) {
    readiness::until_polling(client.clone(), task_queue.clone()).await;
    let namespace = client.options().namespace.clone();
    let mut last = None;
    loop {
        let found = match AdminClient::new(client.clone(), task_queue.clone()).await {
            Ok(admin) => admin.announcements_of_any(MAX_READ).await.ok(),
            Err(_) => None,
        };
        if let Some(found) = found {
            let kind = mem::discriminant(&found);
            if last.replace(kind) != Some(kind) {
                log(&namespace, found);
            }
        }
        let is_seen = matches!(found, Some(Announcements::Seen { .. }));
        tokio::time::sleep(if is_seen { INTERVAL_SEEN } else { INTERVAL }).await;
    }
}

fn log(namespace: &str, found: Announcements) {
    match found.problem() {
        Some(problem) => tracing::warn!(namespace, "{problem}"),
        None if found == Announcements::Unknown => tracing::info!(
            namespace,
            "whether the server announces tasks is not known yet: no task has waited so far"
        ),
        None => tracing::info!(namespace, "the server announces tasks"),
    }
}
