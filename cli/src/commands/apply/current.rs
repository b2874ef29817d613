//! `--set-current`: new tasks of the deployment go to the version.

use std::time::Duration;

use anyhow::bail;
use wci_contract::VersionId;

use crate::control::{Control, Deployment, Trouble, VersionStatus};

/// How long the server may take to learn of a version: on an older one, until its first worker
/// polls.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

/// Makes the version current; `false` when it was.
pub(super) async fn make(
    control: &Control,
    id: &VersionId,
    identity: &str,
) -> anyhow::Result<bool> {
    let waited = tokio::time::timeout(PATIENCE, status(control, id)).await;
    let Ok(status) = waited else {
        bail!(
            "{id} is applied, but not current: the server does not know the version yet, which \
             it does once a worker of it polled; apply with --set-current again"
        );
    };
    if status? == VersionStatus::Current {
        return Ok(false);
    }
    let result = match control.set_current(id, false, identity).await {
        Err(Trouble::Precondition(message)) => {
            eprintln!("note: {message}; going on, since the instance starts workers on demand");
            control.set_current(id, true, identity).await
        }
        result => result,
    };
    match result {
        Ok(()) => Ok(true),
        Err(trouble) => bail!("{id} is applied, but not current: {trouble}"),
    }
}

/// The version's status, as soon as there is one.
async fn status(control: &Control, id: &VersionId) -> Result<VersionStatus, Trouble> {
    loop {
        let deployment: Option<Deployment> = control.deployment(id).await?;
        if let Some(status) = deployment.and_then(|known| known.status(id.build_id())) {
            return Ok(status);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
