//! The change itself, in an order that leaves nothing half done.

use anyhow::anyhow;
use wci_contract::VersionId;

use super::report::Outcome;
use crate::{
    commands::current_state::CurrentState,
    control::{AdminClient, ControlError},
    diff::{self, GroupChange},
    spec_file::SpecFile,
};

/// Makes the version's compute config what `wanted` says. What this call itself created is gone
/// again when it fails.
pub(super) async fn carry_out(
    admin: &AdminClient,
    current_state: &CurrentState,
    wanted: &SpecFile,
    changes: &[GroupChange],
    identity: &str,
) -> anyhow::Result<Outcome> {
    let id = &wanted.id;
    let is_configured = current_state.instance.is_some() && diff::is_empty(changes);
    let is_known = current_state.status(id).is_some() || !admin.server_has_compute_configs();
    if is_configured && is_known {
        return Ok(Outcome::Unchanged);
    }
    let mut created = Created::default();
    let result = configure(admin, current_state, wanted, identity, &mut created).await;
    if let Err(error) = result {
        if created.instance && !created.is_served {
            created.undo(admin, id, identity).await;
            return Err(admin.query_error(error));
        }
        // As long as the server may try again, it would answer the end of our instance with a
        // start of its own.
        if !error.is_outcome_unknown() {
            created.undo(admin, id, identity).await;
        }
        return Err(explained(id, error));
    }
    let is_new = current_state.spec.is_empty();
    Ok(if is_new { Outcome::Created } else { Outcome::Updated })
}

/// What a call created before it knew whether it would succeed.
#[derive(Debug, Default)]
struct Created {
    instance: bool,
    /// Whether the system worker took it up.
    is_served: bool,
    deployment: bool,
}

async fn configure(
    admin: &AdminClient,
    current_state: &CurrentState,
    wanted: &SpecFile,
    identity: &str,
    created: &mut Created,
) -> Result<(), ControlError> {
    let SpecFile { id, spec } = wanted;
    if current_state.instance.is_none() {
        // First the instance: without one the server would start its own.
        admin.start(id).await?;
        created.instance = true;
        // The server would wait for an answer much longer.
        admin.describe(id).await?;
        created.is_served = true;
    }
    if !admin.server_has_compute_configs() {
        return admin.update(id, &current_state.request(spec, identity)).await.map(|_| ());
    }
    if current_state.status(id).is_none() {
        if current_state.deployment.is_none() {
            created.deployment = create_deployment(admin, id, identity).await?;
        }
        match admin.create_version(id, spec, identity).await {
            // A create leaves the groups of an instance that has some as they are.
            Ok(()) if current_state.spec.is_empty() => return Ok(()),
            Ok(()) | Err(ControlError::Exists(_)) => {}
            Err(error) => return Err(error),
        }
    }
    admin.update_version(id, spec, current_state.leftover(spec), identity).await
}

/// Creates the deployment; `false` when somebody else just did.
async fn create_deployment(
    admin: &AdminClient,
    id: &VersionId,
    identity: &str,
) -> Result<bool, ControlError> {
    match admin.create_deployment(id, identity).await {
        Ok(()) => Ok(true),
        Err(ControlError::Exists(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Created {
    /// Takes back what was created. Failures are told, not returned: the first one counts.
    async fn undo(&self, admin: &AdminClient, id: &VersionId, identity: &str) {
        if self.instance
            && let Err(error) = end_unused(admin, id, self.is_served, identity).await
        {
            eprintln!("note: the unused instance of {id} is left to end by itself: {error}");
        }
        if self.deployment
            && let Err(error) = admin.delete_deployment(id, identity).await
        {
            eprintln!(
                "note: the empty Worker Deployment {} could not be deleted: {error}",
                id.deployment()
            );
        }
    }
}

/// Ends the instance, unless it got a spec after all.
async fn end_unused(
    admin: &AdminClient,
    id: &VersionId,
    is_served: bool,
    identity: &str,
) -> Result<(), ControlError> {
    if is_served {
        if admin.describe(id).await?.spec.is_some() {
            return Ok(());
        }
        if admin.delete(id, identity).await.is_ok() {
            return Ok(());
        }
    }
    admin.terminate(id, "its first compute config could not be applied").await
}

fn explained(id: &VersionId, error: ControlError) -> anyhow::Error {
    match error {
        // The words of instance and provider say it all, and programs match on them.
        ControlError::Refused(message) => anyhow::Error::msg(message),
        ControlError::Exists(_) => anyhow!("somebody else created {id} just now: apply again"),
        error if error.is_outcome_unknown() => anyhow!(
            "{error}; {id} may still be applied: see `wci describe {id}`, and whether its \
             compute provider answers"
        ),
        error => anyhow!("{id} was not applied: {error}"),
    }
}
