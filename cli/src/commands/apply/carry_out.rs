//! Applies a spec, in an order that leaves nothing half done.

use anyhow::anyhow;
use wci_contract::VersionId;

use super::{registered::is_waiting, report::Outcome};
use crate::{
    commands::current_state::CurrentState,
    control::{AdminClient, ControlError},
    diff::{self, GroupChange},
    spec_file::SpecFile,
};

/// Sets the version's compute config to `wanted`. If that fails, removes whatever this call created.
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
        register_again(admin, current_state, wanted, identity).await?;
        return Ok(Outcome::Unchanged);
    }
    let mut created = Created::default();
    let result = configure(admin, current_state, wanted, identity, &mut created).await;
    if let Err(error) = result {
        if created.instance && !created.is_served {
            created.undo(admin, id, identity).await;
            return Err(admin.query_error(error));
        }
        // While the server may still retry, it would replace our ended instance with its own.
        if !error.is_outcome_unknown() {
            created.undo(admin, id, identity).await;
        }
        return Err(with_advice(id, error));
    }
    let is_new = current_state.spec.is_empty();
    Ok(if is_new { Outcome::Created } else { Outcome::Updated })
}

/// Has workers started at once that could not be started, or failed: the same spec once more begins
/// their registration anew.
async fn register_again(
    admin: &AdminClient,
    current_state: &CurrentState,
    wanted: &SpecFile,
    identity: &str,
) -> anyhow::Result<()> {
    let SpecFile { id, spec } = wanted;
    let state = admin.dump(id).await.map_err(|error| admin.query_error(error))?;
    if is_waiting(&state) {
        let request = current_state.request(spec, identity);
        admin.update(id, &request).await.map_err(|error| with_advice(id, error))?;
    }
    Ok(())
}

/// What a call created so far, to undo on failure.
#[derive(Debug, Default)]
struct Created {
    instance: bool,
    /// Whether the system worker serves the instance.
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
        // The instance comes first: without one, the server would start its own.
        admin.start(id).await?;
        created.instance = true;
        // Fail fast: the server would wait for an answer much longer.
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
            // Creating a version does not change the groups that its instance already has.
            Ok(()) if current_state.spec.is_empty() => return Ok(()),
            Ok(()) | Err(ControlError::Exists(_)) => {}
            Err(error) => return Err(error),
        }
    }
    admin.update_version(id, spec, current_state.leftover(spec), identity).await
}

/// Creates the deployment; `false` if another client just did.
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
    /// Removes what was created. Prints failures, since the first error is the one to return.
    async fn undo(&self, admin: &AdminClient, id: &VersionId, identity: &str) {
        if self.instance
            && let Err(error) = end_unused(admin, id, self.is_served, identity).await
        {
            crate::output::note(format_args!(
                "note: cannot end the unused instance of {id}, it will exit on its own: {error}"
            ));
        }
        if self.deployment
            && let Err(error) = admin.delete_deployment(id, identity).await
        {
            crate::output::note(format_args!(
                "note: cannot delete the empty Worker Deployment {}: {error}",
                id.deployment()
            ));
        }
    }
}

/// Ends the instance, unless it received a spec after all.
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

fn with_advice(id: &VersionId, error: ControlError) -> anyhow::Error {
    match error {
        // Programs match on the messages of instance and provider.
        ControlError::Refused(message) => anyhow::Error::msg(message),
        ControlError::Exists(_) => anyhow!("another client just created {id}: apply again"),
        error if error.is_outcome_unknown() => anyhow!(
            "{error}; {id} may still be applied: see `wci describe {id}` and check that its \
             compute provider responds"
        ),
        error => anyhow!("{id} was not applied: {error}"),
    }
}
