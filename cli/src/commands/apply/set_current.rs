//! `--set-current`: routes new tasks of the deployment to the version.

use std::time::Duration;

use anyhow::bail;
use wci_contract::VersionId;

use crate::control::{AdminClient, ControlError, Deployment, VersionStatus};

/// Time limit for the server to know the version. An older server knows it once a worker of it
/// polled.
const VERSION_LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

/// Sets the version as current; `false` if it was already.
pub(super) async fn set_current(
    admin: &AdminClient,
    id: &VersionId,
    identity: &str,
) -> anyhow::Result<bool> {
    let waited = tokio::time::timeout(VERSION_LIMIT, status(admin, id)).await;
    let Ok(status) = waited else {
        bail!(
            "{id} is applied, but not current: the server knows a version only after a worker of \
             it polled; apply with --set-current again"
        );
    };
    if status? == VersionStatus::Current {
        return Ok(false);
    }
    let result = match admin.set_current(id, false, identity).await {
        Err(ControlError::Precondition(message)) => {
            crate::output::note(format_args!(
                "note: {message}; continuing, because the instance starts workers on demand"
            ));
            admin.set_current(id, true, identity).await
        }
        result => result,
    };
    match result {
        Ok(()) => Ok(true),
        Err(error) => bail!("{id} is applied, but not current: {error}"),
    }
}

/// Waits for the version's status.
async fn status(admin: &AdminClient, id: &VersionId) -> Result<VersionStatus, ControlError> {
    loop {
        let deployment: Option<Deployment> = admin.deployment(id).await?;
        if let Some(status) = deployment.and_then(|known| known.status(id.build_id())) {
            return Ok(status);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
