//! `wci delete`: deletes a version and its instance.

mod drained;

use std::io::{self, IsTerminal, Write};

use anyhow::{bail, ensure};
use wci_contract::VersionId;

use super::current_state::require_ours;
use crate::{
    connection::{self, ConnectionArgs},
    control::{AdminClient, ControlError, Execution, Scope},
    output,
};

/// Delete a version and its instance
///
/// Running workers are not stopped. The server refuses to delete a version that is current or
/// ramping, has pollers, or is draining (see --skip-drainage).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci delete orders:v1
  wci delete --drained
  wci delete orders:v1 --skip-drainage --yes")]
pub struct DeleteArgs {
    /// Version, as DEPLOYMENT:BUILD, or DEPLOYMENT/BUILD if neither name has a slash
    #[arg(value_name = "VERSION", value_parser = super::parse_version,
          required_unless_present = "drained")]
    id: Option<VersionId>,
    /// Delete every drained version that wci runs: no open workflow needs it any more
    #[arg(long, conflicts_with_all = ["id", "skip_drainage"])]
    drained: bool,
    /// Delete the version even if workflows are pinned to it; they are stuck until you move them
    #[arg(long)]
    skip_drainage: bool,
    /// Skip the confirmation
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    scope: Scope,
    /// Identity to record with the change [default: this process and host]
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: DeleteArgs) -> anyhow::Result<()> {
    let DeleteArgs { id, drained, skip_drainage, yes, scope, identity } = args;
    let identity = identity.unwrap_or_else(connection::identity);
    let admin = scope.open(connection).await?;
    match id {
        Some(id) if !drained => {
            if remove(&admin, &id, yes, skip_drainage, &identity).await? == Removed::NotFound {
                bail!(
                    "{id} does not exist: no instance runs, and the server does not know the version"
                );
            }
            output::say(format!("{id} deleted"));
            Ok(())
        }
        _ => drained::run(&admin, yes, &identity).await,
    }
}

/// The result of deleting a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Removed {
    /// It was deleted.
    Now,
    /// It did not exist.
    NotFound,
}

/// Deletes one version.
async fn remove(
    admin: &AdminClient,
    id: &VersionId,
    yes: bool,
    skip_drainage: bool,
    identity: &str,
) -> anyhow::Result<Removed> {
    let (execution, deployment) = tokio::try_join!(admin.latest_run(id), admin.deployment(id))?;
    let instance = execution.filter(Execution::is_open);
    let is_known = deployment.is_some_and(|known| known.status(id.build_id()).is_some());
    if instance.is_none() && !is_known {
        return Ok(Removed::NotFound);
    }
    if let Some(instance) = &instance {
        require_ours(admin, id, instance)?;
        admin.require_worker(&instance.task_queue).await?;
        admin.require_description(id).await?;
    }
    if !yes {
        confirm(&id.to_string(), admin.namespace())?;
    }
    if is_known {
        delete_version(admin, id, skip_drainage, identity).await?;
    }
    // If the server has no such version, or does not end instances, the instance still runs.
    if admin.latest_run(id).await?.is_some_and(|execution| execution.is_open()) {
        admin.delete(id, identity).await?;
    }
    Ok(Removed::Now)
}

async fn delete_version(
    admin: &AdminClient,
    id: &VersionId,
    skip_drainage: bool,
    identity: &str,
) -> anyhow::Result<()> {
    match admin.delete_version(id, skip_drainage, identity).await {
        // Not found: a retry after a lost answer.
        Ok(()) | Err(ControlError::NotFound(_)) => Ok(()),
        Err(ControlError::Precondition(message)) => {
            let advice =
                if message.contains("drain") { "; --skip-drainage deletes it anyway" } else { "" };
            bail!("{id} cannot be deleted now: {message}{advice}")
        }
        Err(error) if error.is_outcome_unknown() => {
            bail!("{error}; {id} may still be deleted: see `wci list`")
        }
        Err(error) => Err(error.into()),
    }
}

fn confirm(what: &str, namespace: &str) -> anyhow::Result<()> {
    ensure!(
        io::stdin().is_terminal() && io::stderr().is_terminal(),
        "cannot ask for confirmation without a terminal: add --yes to delete {what}"
    );
    let mut err = io::stderr().lock();
    let question = output::cell(format!("delete {what} in namespace {namespace}?"));
    write!(err, "{question} [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    ensure!(matches!(answer.trim(), "y" | "Y" | "yes"), "nothing was deleted");
    Ok(())
}
