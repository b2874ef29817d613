//! The change itself, in an order that leaves nothing half done.

use anyhow::anyhow;
use wci_contract::VersionId;

use super::report::Outcome;
use crate::{
    commands::situation::Situation,
    control::{Control, Trouble},
    diff::{self, GroupChange},
    spec_file::SpecFile,
};

/// Makes the version's compute config what `wanted` says. What this call itself created is gone
/// again when it fails.
pub(super) async fn carry_out(
    control: &Control,
    situation: &Situation,
    wanted: &SpecFile,
    changes: &[GroupChange],
    identity: &str,
) -> anyhow::Result<Outcome> {
    let id = &wanted.id;
    let is_configured = situation.instance.is_some() && diff::is_empty(changes);
    let is_known = situation.status(id).is_some() || !control.server_has_compute_configs();
    if is_configured && is_known {
        return Ok(Outcome::Unchanged);
    }
    let mut created = Created::default();
    let result = configure(control, situation, wanted, identity, &mut created).await;
    if let Err(trouble) = result {
        if created.instance && !created.is_attended {
            created.undo(control, id, identity).await;
            return Err(control.unanswered(trouble));
        }
        // As long as the server may try again, it would answer the end of our instance with a
        // start of its own.
        if !trouble.is_open_ended() {
            created.undo(control, id, identity).await;
        }
        return Err(explained(id, trouble));
    }
    let is_new = situation.spec.is_empty();
    Ok(if is_new { Outcome::Created } else { Outcome::Updated })
}

/// What a call created before it knew whether it would succeed.
#[derive(Debug, Default)]
struct Created {
    instance: bool,
    /// Whether the system worker took it up.
    is_attended: bool,
    deployment: bool,
}

async fn configure(
    control: &Control,
    situation: &Situation,
    wanted: &SpecFile,
    identity: &str,
    created: &mut Created,
) -> Result<(), Trouble> {
    let SpecFile { id, spec } = wanted;
    if situation.instance.is_none() {
        // First the instance: without one the server would start its own.
        control.start(id).await?;
        created.instance = true;
        // The server would wait for an answer much longer.
        control.describe(id).await?;
        created.is_attended = true;
    }
    if !control.server_has_compute_configs() {
        return control.update(id, &situation.request(spec, identity)).await.map(|_| ());
    }
    if situation.status(id).is_none() {
        if situation.deployment.is_none() {
            created.deployment = create_deployment(control, id, identity).await?;
        }
        match control.create_version(id, spec, identity).await {
            // A create leaves the groups of an instance that has some as they are.
            Ok(()) if situation.spec.is_empty() => return Ok(()),
            Ok(()) | Err(Trouble::Exists(_)) => {}
            Err(trouble) => return Err(trouble),
        }
    }
    control.update_version(id, spec, situation.leftover(spec), identity).await
}

/// Creates the deployment; `false` when somebody else just did.
async fn create_deployment(
    control: &Control,
    id: &VersionId,
    identity: &str,
) -> Result<bool, Trouble> {
    match control.create_deployment(id, identity).await {
        Ok(()) => Ok(true),
        Err(Trouble::Exists(_)) => Ok(false),
        Err(trouble) => Err(trouble),
    }
}

impl Created {
    /// Takes back what was created. Failures are told, not returned: the first one counts.
    async fn undo(&self, control: &Control, id: &VersionId, identity: &str) {
        if self.instance
            && let Err(trouble) = end_unused(control, id, self.is_attended, identity).await
        {
            eprintln!("note: the unused instance of {id} is left to end by itself: {trouble}");
        }
        if self.deployment
            && let Err(trouble) = control.delete_deployment(id, identity).await
        {
            eprintln!(
                "note: the empty Worker Deployment {} could not be deleted: {trouble}",
                id.deployment()
            );
        }
    }
}

/// Ends the instance, unless it got a spec after all.
async fn end_unused(
    control: &Control,
    id: &VersionId,
    is_attended: bool,
    identity: &str,
) -> Result<(), Trouble> {
    if is_attended {
        if control.describe(id).await?.spec.is_some() {
            return Ok(());
        }
        if control.delete(id, identity).await.is_ok() {
            return Ok(());
        }
    }
    control.terminate(id, "its first compute config could not be applied").await
}

fn explained(id: &VersionId, trouble: Trouble) -> anyhow::Error {
    match trouble {
        // The words of instance and provider say it all, and programs match on them.
        Trouble::Refused(message) => anyhow::Error::msg(message),
        Trouble::Exists(_) => anyhow!("somebody else created {id} just now: apply again"),
        trouble if trouble.is_open_ended() => anyhow!(
            "{trouble}; {id} may still be applied: see `wci describe {id}`, and whether its \
             compute provider answers"
        ),
        trouble => anyhow!("{id} was not applied: {trouble}"),
    }
}
