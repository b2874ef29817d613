//! `wci apply`: creates or updates a version's compute config from a spec file.

mod carry_out;
mod registered;
mod report;
mod set_current;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::bail;
use wci_contract::{Spec, VersionId, state::WorkerSet};

use super::{
    current_state::CurrentState,
    validate::{Verdict, check},
};
use crate::{
    clock,
    connection::{self, ConnectionArgs},
    control::{AdminClient, Announcements, Scope},
    diff::{self, diff},
    output::Output,
    spec_file, when,
};
use carry_out::carry_out;
use registered::Registered;
use report::{Outcome, Report};

/// Other instances whose histories may show whether the server announces tasks.
const MAX_READ: usize = 5;

/// Create or update a version's compute config from a spec file
///
/// Applying the same file again changes nothing, except that workers that could not be started are
/// started again at once. The system worker validates the spec with its compute providers first; an
/// invalid spec changes nothing. The command waits until a worker has polled, so that the server
/// knows the version's task queues.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci apply -f orders-v1.yaml
  wci apply -f orders-v1.yaml --dry-run
  wci apply -f orders-v1.yaml --set-current
  wci apply -f orders-v1.yaml --wait=false
  render-spec | wci apply -f - -o json

A spec file:
  deployment: orders
  build_id: v1
  groups:
    default:
      provider:
        type: aws-lambda
        arn: arn:aws:lambda:us-east-1:123456789012:function:orders:5
        role: arn:aws:iam::123456789012:role/invoke-orders
        role_external_id: f3a9c1
      scaler:
        type: demand
        worker_slots: 10
        max_concurrent_workers: 50")]
pub struct ApplyArgs {
    /// Spec file; - for standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
    /// Validate the spec and show the changes without applying them
    #[arg(long, conflicts_with = "set_current")]
    dry_run: bool,
    /// Set the version as the current one of its deployment once its workers have polled: new tasks
    /// go to it
    #[arg(long)]
    set_current: bool,
    /// Wait until the server knows the task queues of the version from its workers
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = true,
          default_missing_value = "true", action = clap::ArgAction::Set)]
    wait: bool,
    /// How long to wait for that
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = when::parse_limit)]
    timeout: Duration,
    /// Set the version as current at once, even if its workers never run
    #[arg(long, requires = "set_current")]
    force: bool,
    #[command(flatten)]
    scope: Scope,
    /// Identity to record with the change [default: this process and host]
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: ApplyArgs) -> anyhow::Result<()> {
    let ApplyArgs { file, dry_run, set_current, wait, timeout, force, scope, identity, output } =
        args;
    if set_current && !wait && !force {
        bail!(
            "--set-current waits until the workers of the version have polled: leave out \
             --wait=false, or add --force to set a version as current whose workers may not run"
        );
    }
    let identity = identity.unwrap_or_else(connection::identity);
    let wanted = spec_file::read(&file)?;
    let admin = scope.open(connection).await?;
    admin.require_supported_server().await?;
    let current_state = CurrentState::read(&admin, &wanted.id).await?;
    let changes = diff(&current_state.spec, &wanted.spec);
    if dry_run {
        let Verdict { refusal, warnings } = check(&admin, &current_state, &wanted).await?;
        if let Some(refusal) = refusal {
            bail!(refusal);
        }
        let outcome = match diff::is_empty(&changes) {
            true => Outcome::Unchanged,
            false if current_state.spec.is_empty() => Outcome::Created,
            false => Outcome::Updated,
        };
        return Report::new(&wanted.id, outcome, changes).into_dry_run(warnings).print(output);
    }
    let outcome = carry_out(&admin, &current_state, &wanted, &changes, &identity).await?;
    let id = &wanted.id;
    let mut report = Report::new(id, outcome, changes);
    let make_current = async || set_current::set_current(&admin, id, &identity).await;
    let becomes_current = set_current && force;
    if becomes_current {
        report.current = Some(make_current().await?);
    }
    if wait {
        report.registered = registered::wait(&admin, id, timeout).await;
    }
    if set_current && report.registered == Registered::Yes && !becomes_current {
        report.current = Some(make_current().await?);
    }
    // The server does not return warnings. If they cannot be read now, `wci validate` shows them.
    let wci = admin.dump(id).await.ok().and_then(|state| state.wci).unwrap_or_default();
    report.warnings = wci.warnings;
    report.worker_sets = set_sizes(&wanted.spec, &wci.worker_sets);
    report.announcements = Some(announcements(&admin, &current_state, id).await);
    report.print(output)?;
    match &report.registered {
        Registered::No { reason } => {
            bail!(not_registered(id, timeout, reason, set_current && !becomes_current))
        }
        Registered::Yes | Registered::Unknown => Ok(()),
    }
}

/// What is wrong with an applied version whose workers do not poll, and what to do.
fn not_registered(id: &VersionId, timeout: Duration, reason: &str, stays: bool) -> String {
    let current = if stays { ", and it is not set as current" } else { "" };
    format!(
        "{id} is applied, but within {} no worker of it polled{current}: {reason}. Mend the worker; \
         it is started again on its own, and at once when you apply again. `wci describe {id}` shows \
         the latest attempt",
        clock::span(timeout)
    )
}

/// Whether the server announces tasks: from the version's own history, or that of a few others.
async fn announcements(
    admin: &AdminClient,
    current_state: &CurrentState,
    id: &VersionId,
) -> Announcements {
    if current_state.instance.is_some() {
        return admin.announcements(id).await;
    }
    admin.announcements_of_any(MAX_READ).await.unwrap_or(Announcements::Unknown)
}

/// The sizes of worker sets: those that the instance knows, else their initial counts.
fn set_sizes(spec: &Spec, known: &BTreeMap<String, WorkerSet>) -> BTreeMap<String, u32> {
    let groups = spec.scaling_group_specs.iter();
    let sets = groups.filter(|(_, group)| group.compute.is_worker_set());
    sets.filter_map(|(name, group)| {
        let initial = || {
            let config = group.scaling_config().ok()?;
            let count = config.get("initial_count").and_then(serde_json::Value::as_u64);
            u32::try_from(count.unwrap_or(0)).ok()
        };
        Some((name.clone(), known.get(name).map(|set| set.wanted).or_else(initial)?))
    })
    .collect()
}
