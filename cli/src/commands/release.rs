//! `wci release`: releases a version to the server's controller.

use anyhow::bail;
use serde::Serialize;
use wci_contract::VersionId;

use crate::{
    connection::{self, ConnectionArgs},
    control::Scope,
    output::{self, Output},
    ownership::{Released, release},
};

/// Release a version to the server's own controller, with its compute config
///
/// The server's controller has neither the scaler `demand` nor processes: `demand` becomes
/// `no-sync`, and the command first prints what that lacks. A group of processes is not released. The
/// server's controller starts without the scaling state. Automatic adoption skips a released
/// version; `wci adopt` takes it over again. To continue an interrupted release, run it again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci release orders:v1")]
pub struct ReleaseArgs {
    /// Version, as DEPLOYMENT:BUILD, or DEPLOYMENT/BUILD if neither name has a slash
    #[arg(value_name = "VERSION", value_parser = super::parse_version)]
    id: VersionId,
    #[command(flatten)]
    scope: Scope,
    /// Identity to record with the change [default: this process and host]
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Serialize)]
struct Report<'a> {
    deployment: &'a str,
    build_id: &'a str,
    result: &'static str,
    /// Whether waiting tasks were announced to the server's controller.
    #[serde(rename = "told")]
    notified: bool,
    /// What the server's controller does not have.
    changes: &'a [String],
}

/// Says what is lost, before anything is changed.
fn warn(changes: &[String]) {
    for change in changes {
        output::note(format!("will change: {change}"));
    }
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: ReleaseArgs) -> anyhow::Result<()> {
    let ReleaseArgs { id, scope, identity, output } = args;
    let identity = identity.unwrap_or_else(connection::identity);
    let admin = scope.open(connection).await?;
    if !admin.server_has_compute_configs() {
        bail!("this server has no controller of its own that could run {id}");
    }
    let (result, notified, changes) = match release(&admin, &id, &identity, warn).await? {
        Released::Now { notified, changes } => ("released", notified, changes),
        Released::Already => ("unchanged", false, Vec::new()),
    };
    match output {
        Output::Json => output::json(&Report {
            deployment: id.deployment(),
            build_id: id.build_id(),
            result,
            notified,
            changes: &changes,
        }),
        Output::Table => {
            output::say(match result {
                "released" => format!("{id} released: the server's controller runs it now"),
                _ => format!("{id} is already run by the server's controller"),
            });
            for change in &changes {
                output::say(format!("changed: {change}"));
            }
            if !changes.is_empty() {
                output::say(format!(
                    "to undo this: wci adopt {id}, then wci apply with its spec file"
                ));
            }
            Ok(())
        }
    }
}
