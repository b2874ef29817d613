//! `wci validate`: the checks of `wci apply`, and nothing else.

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

/// Check a spec file, with its compute providers, without changing anything
///
/// The system worker does the checks: it knows which providers may be used, and has their
/// credentials. Exits with 1 when the spec is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci validate -f orders-v1.yaml
  render-spec | wci validate -f - -o json")]
pub struct ValidateArgs {
    /// Spec file; - is standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    scope: Scope,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// What the checks found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    /// Why the spec cannot be used; `None` when it can.
    pub(super) refusal: Option<String>,
    /// What may surprise.
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

/// Checks the file.
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
                output::say(format!("{}: the spec can be applied", wanted.id));
            }
        }
    }
    verdict.refusal.map_or(Ok(()), |refusal| bail!(refusal))
}

/// Has `wanted` checked: by its instance if one runs, else by a dry run.
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
