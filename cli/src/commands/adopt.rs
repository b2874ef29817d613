//! `wci adopt`: adopts versions from the server's controller.

use anyhow::bail;
use futures::{StreamExt, stream};
use serde::Serialize;
use wci_contract::VersionId;

use crate::{
    connection::{self, ConnectionArgs},
    control::{AdminClient, Owner, Scope},
    output::{self, Output},
    ownership::{AdoptError, AdoptMode, Adopted, adopt},
};

/// Concurrent adoptions.
const CONCURRENCY: usize = 4;
/// Limit of instances to list for --all.
const MAX_LISTED: usize = 10_000;

/// Adopt versions from the server's own controller, with their compute configs, scaling state and
/// waiting tasks
///
/// Skips a version whose compute config is being updated, and one whose workers the system worker
/// cannot start.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci adopt orders:v1
  wci adopt --all -n orders")]
pub struct AdoptArgs {
    /// Version, as DEPLOYMENT:BUILD, or DEPLOYMENT/BUILD if neither name has a slash; repeat for more
    #[arg(value_name = "VERSION", value_parser = super::parse_version, required_unless_present = "all")]
    ids: Vec<VersionId>,
    /// Adopt every version in the namespace that the server's controller runs, except released
    /// ones
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    scope: Scope,
    /// Identity to record with the change [default: this process and host]
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// wci runs it now.
    Adopted,
    /// wci ran it already.
    Unchanged,
    /// It stays with its owner.
    Left,
}

#[derive(Debug, Serialize)]
struct Row {
    deployment: String,
    build_id: String,
    result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether that makes the command fail.
    #[serde(skip)]
    is_failure: bool,
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: AdoptArgs) -> anyhow::Result<()> {
    let AdoptArgs { mut ids, all, scope, identity, output } = args;
    let identity = identity.unwrap_or_else(connection::identity);
    let admin = scope.open(connection).await?;
    admin.require_worker(admin.task_queue()).await?;
    let mode = if all { AdoptMode::Automatic } else { AdoptMode::Requested };
    if all {
        let (listed, _) = admin.list(MAX_LISTED).await?;
        let servers = listed.into_iter().filter(|listed| listed.owner == Owner::Server);
        ids = servers.map(|listed| listed.id).collect();
    }
    let rows: Vec<Row> = stream::iter(&ids)
        .map(|id| take(&admin, id, mode, &identity))
        .buffered(CONCURRENCY)
        .collect()
        .await;
    print(&admin, &rows, output)?;
    let failed: Vec<_> = rows.iter().filter(|row| row.is_failure).collect();
    match failed.as_slice() {
        [] => Ok(()),
        [row] => bail!(row.reason.clone().unwrap_or_default()),
        rows => bail!("{} versions were not adopted: see the reasons above", rows.len()),
    }
}

async fn take(admin: &AdminClient, id: &VersionId, mode: AdoptMode, identity: &str) -> Row {
    let row = |result, reason, is_failure| Row {
        deployment: id.deployment().to_owned(),
        build_id: id.build_id().to_owned(),
        result,
        reason,
        is_failure,
    };
    match adopt(admin, id, mode, identity).await {
        Ok(Adopted::Now) => row(Outcome::Adopted, None, false),
        Ok(Adopted::Already) => row(Outcome::Unchanged, None, false),
        Err(error) => {
            let is_expected =
                matches!(error, AdoptError::Released(_) | AdoptError::NoComputeConfig(_));
            row(Outcome::Left, Some(error.to_string()), !is_expected)
        }
    }
}

fn print(admin: &AdminClient, rows: &[Row], output: Output) -> anyhow::Result<()> {
    match output {
        Output::Json => output::json(&serde_json::json!({
            "namespace": admin.namespace(),
            "versions": rows,
        }))?,
        Output::Table if rows.is_empty() => output::say(format!(
            "the server's controller runs no instances in namespace {}",
            admin.namespace()
        )),
        // A single failure is reported by the error alone.
        Output::Table => rows.iter().filter(|row| !row.is_failure || rows.len() > 1).for_each(
            |Row { deployment, build_id, result, reason, .. }| {
                let reason = reason.as_deref().unwrap_or_default();
                output::say(match result {
                    Outcome::Adopted => format!("{deployment}:{build_id} adopted"),
                    Outcome::Unchanged => format!("{deployment}:{build_id} is already run by wci"),
                    Outcome::Left => format!("{deployment}:{build_id} not adopted: {reason}"),
                });
            },
        ),
    }
    Ok(())
}
