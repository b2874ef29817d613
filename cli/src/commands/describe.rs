//! `wci describe`: shows the spec, the state and the recent decisions of an instance.

mod group;
mod report;
mod text;

use anyhow::bail;
use wci_contract::VersionId;

use super::ShownVersion;
use crate::{
    clock,
    connection::ConnectionArgs,
    control::{AdminClient, Execution, Owner, Scope},
    output::{self, Output},
};
use report::Report;

#[cfg(test)]
mod tests;

/// Show a version's spec, health, launches in progress and recent decisions with their reasons
///
/// `wci explain` shows the same in sentences, for any point in time, and what the instance waits for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci describe orders:v1
  wci describe orders/v1 -n billing
  wci describe orders:v1 -o json | jq '.decisions[-1].reasons'")]
pub struct DescribeArgs {
    /// Version, as DEPLOYMENT:BUILD or DEPLOYMENT/BUILD
    #[arg(value_name = "VERSION", value_parser = super::parse_shown_version)]
    id: ShownVersion,
    #[command(flatten)]
    scope: Scope,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: DescribeArgs) -> anyhow::Result<()> {
    let DescribeArgs { id, scope, output } = args;
    let admin = scope.open(connection).await?;
    let id = id.resolve(&admin).await?;
    let Some(execution) = admin.latest_run(&id).await? else {
        bail!("{id} does not exist: create it with `wci apply`, or see `wci list`");
    };
    if !execution.is_open() {
        let ago = execution.closed.map(|at| clock::relative(at, clock::now()));
        bail!(
            "{id} is not running any more: it {} {}",
            report::status(&execution),
            ago.unwrap_or_default()
        );
    }
    let owner = Owner::of(&execution.task_queue, admin.task_queue());
    // The pollers of the server's own controller are not visible.
    if owner != Owner::Server {
        admin.require_worker(&execution.task_queue).await?;
    }
    let report = collect(&admin, &id, execution, owner).await?;
    match output {
        Output::Json => output::json(&report),
        Output::Table => {
            output::say_lines(text::of(&report, clock::now())?);
            Ok(())
        }
    }
}

async fn collect(
    admin: &AdminClient,
    id: &VersionId,
    execution: Execution,
    owner: Owner,
) -> anyhow::Result<Report> {
    let (state, deployment) = tokio::join!(admin.dump(id), admin.deployment(id));
    let state = state.map_err(|error| admin.query_error(error))?;
    let status = deployment?.and_then(|known| known.status(id.build_id()));
    let mut report = Report::new(id, admin.namespace(), execution, owner, state, status);
    if owner == Owner::Wci {
        report.announcements = Some(admin.announcements(id).await);
        report.server_problem = admin.server_problem().await;
    }
    Ok(report)
}
