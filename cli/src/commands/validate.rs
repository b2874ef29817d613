//! `wci validate`: the checks of `wci apply` without the changes.

use std::path::PathBuf;

use anyhow::bail;
use serde::Serialize;
use wci_contract::activities::DryRun;

use super::current_state::CurrentState;
use crate::{
    connection::{ConnectionArgs, identity},
    control::{AdminClient, ControlError, Scope},
    output::{self, Output},
    spec_file::{self, SpecFile},
};

/// Validate a spec file with its compute providers, without changing anything
///
/// The system worker validates the spec: it knows the allowed providers and has their credentials.
/// Exits with 1 if the spec is invalid.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci validate -f orders-v1.yaml
  render-spec | wci validate -f - -o json")]
pub struct ValidateArgs {
    /// Spec file; - for standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    scope: Scope,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// The result of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    /// Why the spec is invalid; `None` if it is valid.
    pub(super) refusal: Option<String>,
    /// Warnings about a valid spec.
    pub(super) warnings: Vec<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    deployment: &'a str,
    build_id: &'a str,
    valid: bool,
    #[serde(flatten)]
    verdict: &'a Verdict,
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: ValidateArgs) -> anyhow::Result<()> {
    let ValidateArgs { file, scope, output } = args;
    let wanted = spec_file::read(&file)?;
    let admin = scope.open(connection).await?;
    let current_state = CurrentState::read(&admin, &wanted.id).await?;
    let verdict = check(&admin, &current_state, &wanted).await?;
    match output {
        Output::Json => output::json(&Report {
            deployment: wanted.id.deployment(),
            build_id: wanted.id.build_id(),
            valid: verdict.refusal.is_none(),
            verdict: &verdict,
        })?,
        Output::Table => {
            verdict.warnings.iter().for_each(|warning| output::say(format!("warning: {warning}")));
            if verdict.refusal.is_none() {
                output::say(format!("{}: the spec is valid", wanted.id));
            }
        }
    }
    verdict.refusal.map_or(Ok(()), |refusal| bail!(refusal))
}

/// Checks `wanted` through its instance if one runs, else by a dry run.
pub(super) async fn check(
    admin: &AdminClient,
    current_state: &CurrentState,
    wanted: &SpecFile,
) -> anyhow::Result<Verdict> {
    let request = current_state.request(&wanted.spec, &identity());
    if current_state.instance.is_some() {
        return match admin.check(&wanted.id, &request).await {
            Ok(checked) => Ok(Verdict { refusal: None, warnings: checked.warnings }),
            Err(ControlError::Refused(message)) => {
                Ok(Verdict { refusal: Some(message), ..Verdict::default() })
            }
            Err(error) => Err(admin.query_error(error)),
        };
    }
    let version = wanted.id.clone();
    let answer = admin.dry_run(&DryRun { version, request }).await;
    let output = answer.map_err(|error| admin.query_error(error))?;
    Ok(Verdict {
        refusal: output.refusal.map(|refusal| refusal.message),
        warnings: output.warnings,
    })
}
