//! `wci release`: hands a version back to the server's controller.

use anyhow::bail;
use serde::Serialize;
use wci_contract::VersionId;

use crate::{
    connection::{self, ConnectionArgs},
    control::Scope,
    output::{self, Output},
    ownership::{Released, release},
};

/// Hand a version back to the server's own controller, with its compute config
///
/// Scaling state stays behind: the server's controller begins anew. Automatic adoption leaves the
/// version alone from now on; `wci adopt` takes it over again. Asked again, a release that was
/// broken off goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci release orders:v1")]
pub struct ReleaseArgs {
    /// The version, as DEPLOYMENT:BUILD or DEPLOYMENT/BUILD
    #[arg(value_name = "VERSION", value_parser = super::parse_version)]
    id: VersionId,
    #[command(flatten)]
    scope: Scope,
    /// Who asks, as server and instance record it [default: this process and host]
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Serialize)]
struct Report<'a> {
    deployment: &'a str,
    build_id: &'a str,
    result: &'static str,
    /// Whether the server's controller was told that tasks wait.
    told: bool,
}

/// Releases.
pub(super) async fn run(connection: &ConnectionArgs, args: ReleaseArgs) -> anyhow::Result<()> {
    let ReleaseArgs { id, scope, identity, output } = args;
    let identity = identity.unwrap_or_else(connection::identity);
    let admin = scope.open(connection).await?;
    if !admin.server_has_compute_configs() {
        bail!("this server has no controller of its own: nobody could go on with {id}");
    }
    let (result, told) = match release(&admin, &id, &identity).await? {
        Released::Now { notified } => ("released", notified),
        Released::Already => ("unchanged", false),
    };
    match output {
        Output::Json => output::json(&Report {
            deployment: id.deployment(),
            build_id: id.build_id(),
            result,
            told,
        }),
        Output::Table => {
            output::say(match result {
                "released" => format!("{id} released: the server's controller runs it now"),
                _ => format!("{id} is run by the server's controller already"),
            });
            Ok(())
        }
    }
}
