//! `wci claim`: starts our instance of a version before it has a compute config.

use anyhow::bail;
use serde::Serialize;
use wci_contract::VersionId;

use super::current_state::require_ours;
use crate::{
    connection::ConnectionArgs,
    control::{AdminClient, ControlError, Execution, Scope},
    output::{self, Output},
};

/// Start an instance for a version that you are about to create with the Temporal CLI, an SDK or
/// the UI
///
/// The instance exits if it receives no compute config within 10 minutes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci claim orders:v1
  temporal worker deployment create --name orders
  temporal worker deployment create-version --deployment-name orders --build-id v1 \\
      --aws-lambda-function-arn arn:aws:lambda:us-east-1:123456789012:function:orders:5 \\
      --aws-lambda-assume-role-arn arn:aws:iam::123456789012:role/invoke-orders \\
      --aws-lambda-assume-role-external-id f3a9c1")]
pub struct ClaimArgs {
    /// Version, as DEPLOYMENT:BUILD, or DEPLOYMENT/BUILD if neither name has a slash
    #[arg(value_name = "VERSION", value_parser = super::parse_version)]
    id: VersionId,
    #[command(flatten)]
    scope: Scope,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// The result of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// The instance was started.
    Claimed,
    /// It was running, without a compute config.
    Waiting,
    /// It was running, with a compute config.
    Configured,
}

#[derive(Serialize)]
struct Report<'a> {
    deployment: &'a str,
    build_id: &'a str,
    result: Outcome,
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: ClaimArgs) -> anyhow::Result<()> {
    let ClaimArgs { id, scope, output } = args;
    let admin = scope.open(connection).await?;
    admin.require_supported_server().await?;
    if !admin.server_has_compute_configs() {
        bail!("this server does not store compute configs: create {id} with `wci apply`");
    }
    let result = claim(&admin, &id).await?;
    match output {
        Output::Json => {
            output::json(&Report { deployment: id.deployment(), build_id: id.build_id(), result })?
        }
        Output::Table => output::say(match result {
            Outcome::Claimed => format!("{id} claimed: create its compute config within 10 min"),
            Outcome::Waiting => format!("{id} is already claimed and has no compute config yet"),
            Outcome::Configured => format!("{id} is already run by wci and has a compute config"),
        }),
    }
    Ok(())
}

async fn claim(admin: &AdminClient, id: &VersionId) -> anyhow::Result<Outcome> {
    if let Some(instance) = admin.latest_run(id).await?.filter(Execution::is_open) {
        require_ours(admin, id, &instance)?;
        admin.require_worker(&instance.task_queue).await?;
        return found(admin, id).await;
    }
    admin.require_worker(admin.task_queue()).await?;
    match admin.start(id).await {
        Ok(()) => {}
        // Another client was faster.
        Err(ControlError::Exists(_)) => return found(admin, id).await,
        Err(error) => return Err(error.into()),
    }
    match admin.require_description(id).await {
        Ok(_) => Ok(Outcome::Claimed),
        Err(error) => {
            // Creating the version now would hang.
            if let Err(error) = admin.terminate(id, "no system worker serves it").await {
                crate::output::note(format_args!(
                    "note: cannot end the unused instance of {id}, it will exit on its own: {error}"
                ));
            }
            Err(error)
        }
    }
}

/// The result for an instance that is already running.
async fn found(admin: &AdminClient, id: &VersionId) -> anyhow::Result<Outcome> {
    let spec = admin.require_description(id).await?.spec;
    let has_spec = spec.is_some_and(|spec| !spec.is_empty());
    Ok(if has_spec { Outcome::Configured } else { Outcome::Waiting })
}
