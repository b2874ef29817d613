//! `--set-current`: new tasks of the deployment go to the version.

use std::time::Duration;

use anyhow::bail;
use wci_contract::VersionId;

use crate::control::{AdminClient, ControlError, Deployment, VersionStatus};

/// How long the server may take to learn of a version: on an older one, until its first worker
/// polls.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

/// Makes the version current; `false` when it was.
pub(super) async fn set_current(
    admin: &AdminClient,
    id: &VersionId,
    identity: &str,
) -> anyhow::Result<bool> {
    let waited = tokio::time::timeout(PATIENCE, status(admin, id)).await;
    let Ok(status) = waited else {
        bail!(
            "{id} is applied, but not current: the server does not know the version yet, which \
             it does once a worker of it polled; apply with --set-current again"
        );
    };
    if status? == VersionStatus::Current {
        return Ok(false);
    }
    let result = match admin.set_current(id, false, identity).await {
        Err(ControlError::Precondition(message)) => {
            eprintln!("note: {message}; going on, since the instance starts workers on demand");
            admin.set_current(id, true, identity).await
        }
        result => result,
    };
    match result {
        Ok(()) => Ok(true),
        Err(error) => bail!("{id} is applied, but not current: {error}"),
    }
}

/// The version's status, as soon as there is one.
async fn status(admin: &AdminClient, id: &VersionId) -> Result<VersionStatus, ControlError> {
    loop {
        let deployment: Option<Deployment> = admin.deployment(id).await?;
        if let Some(status) = deployment.and_then(|known| known.status(id.build_id())) {
            return Ok(status);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
