//! `wci list`: lists the running instances.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use serde::Serialize;
use wci_contract::{Spec, VersionId, state::WorkerSet};

use super::rollout_status::RolloutStatuses;
use crate::{
    clock::{self, Millis},
    connection::ConnectionArgs,
    control::{AdminClient, ControlError, Listed, Owner, Scope},
    health,
    output::{self, Output},
};

/// Concurrent queries for --wide.
const CONCURRENCY: usize = 8;

/// List the running instances of a namespace, including those of the server's own controller
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wci list -n orders
  wci list --wide
  wci list -o json | jq -r '.instances[] | .deployment + \":\" + .build_id'")]
pub struct ListArgs {
    #[command(flatten)]
    scope: Scope,
    /// Show groups and providers; slower, because it queries every instance
    #[arg(short, long)]
    wide: bool,
    /// Maximum number of instances to show
    #[arg(long, default_value_t = 1000, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Serialize)]
struct Report {
    namespace: String,
    /// Whether there are more than the limit.
    more: bool,
    instances: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    deployment: String,
    build_id: String,
    run_by: Owner,
    /// Rollout status of the version; null if the server does not know it.
    status: Option<&'static str>,
    task_queue: String,
    #[serde(serialize_with = "clock::as_rfc3339")]
    created: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group>>,
    /// What is wrong with it, as far as the server knows, or the instance itself with --wide; empty
    /// if nothing is, and null if nobody says.
    health: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Group {
    group: String,
    provider: String,
    scaler: String,
    /// Wanted size of its worker set; absent where workers are started one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_size: Option<u32>,
}

/// Runs the command.
pub(super) async fn run(connection: &ConnectionArgs, args: ListArgs) -> anyhow::Result<()> {
    let ListArgs { scope, wide, limit, output } = args;
    let admin = scope.open(connection).await?;
    let (mut listed, more) = admin.list(usize::try_from(limit)?).await?;
    listed.sort_by(|a, b| a.id.cmp(&b.id));
    let statuses = RolloutStatuses::read(&admin, listed.iter().map(|listed| &listed.id)).await;
    let rows = listed.into_iter().map(|listed| Row::of(listed, &statuses));
    let instances = if wide {
        stream::iter(rows)
            .map(|row| with_groups(&admin, row))
            .buffered(CONCURRENCY)
            .collect::<Vec<Row>>()
            .await
    } else {
        rows.collect()
    };
    let report = Report { namespace: admin.namespace().to_owned(), more, instances };
    match output {
        Output::Json => output::json(&report)?,
        Output::Table => print(&report, wide),
    }
    // Print first: a failure of one deployment does not hide the others.
    statuses.require_complete()
}

impl Row {
    fn of(listed: Listed, statuses: &RolloutStatuses) -> Self {
        Self {
            status: statuses.label(&listed.id),
            health: statuses.health(&listed.id).map(str::to_owned),
            deployment: listed.id.deployment().to_owned(),
            build_id: listed.id.build_id().to_owned(),
            run_by: listed.owner,
            task_queue: listed.task_queue,
            created: listed.created,
            groups: None,
            error: None,
        }
    }
}

async fn with_groups(admin: &AdminClient, mut row: Row) -> Row {
    let Ok(id) = VersionId::new(&row.deployment, &row.build_id) else { return row };
    match read_groups(admin, &id, row.run_by).await {
        Ok((groups, health)) => {
            row.groups = Some(groups);
            row.health = health.or(row.health);
        }
        Err(error) => row.error = Some(error.to_string()),
    }
    row
}

/// The groups of an instance; with the sizes of worker sets and its health if wci runs it.
async fn read_groups(
    admin: &AdminClient,
    id: &VersionId,
    run_by: Owner,
) -> Result<(Vec<Group>, Option<String>), ControlError> {
    if run_by != Owner::Wci {
        let spec = admin.describe(id).await?.spec.unwrap_or_default();
        return Ok((groups(&spec, &BTreeMap::new()), None));
    }
    let state = admin.dump(id).await?;
    let health = Some(health::troubles(&state).join("; ")).filter(|health| !health.is_empty());
    let sets = state.wci.map(|wci| wci.worker_sets).unwrap_or_default();
    Ok((groups(&state.spec.unwrap_or_default(), &sets), health))
}

fn groups(spec: &Spec, sets: &BTreeMap<String, WorkerSet>) -> Vec<Group> {
    let groups = spec.scaling_group_specs.iter();
    groups
        .map(|(name, group)| Group {
            group: name.clone(),
            provider: group.compute.provider_type.clone(),
            scaler: group.algorithm().to_owned(),
            set_size: sets.get(name).map(|set| set.wanted),
        })
        .collect()
}

impl Group {
    fn cell(&self) -> String {
        let Self { group, provider, set_size, .. } = self;
        match set_size {
            Some(size) => format!("{group} ({provider}, set of {size})"),
            None => format!("{group} ({provider})"),
        }
    }
}

fn print(report: &Report, wide: bool) {
    if report.instances.is_empty() {
        output::say(format!(
            "no instances in namespace {}: create one with `wci apply`",
            report.namespace
        ));
        return;
    }
    let mut header = vec!["DEPLOYMENT", "BUILD", "RUN BY", "STATUS", "AGE", "TASK QUEUE"];
    if wide {
        header.push("GROUPS");
    }
    header.push("HEALTH");
    let mut table = output::table(&header);
    let now = clock::now();
    for row in &report.instances {
        let mut cells = vec![
            row.deployment.clone(),
            row.build_id.clone(),
            row.run_by.as_str().to_owned(),
            row.status.unwrap_or("unknown").to_owned(),
            clock::span(clock::since(row.created, now)),
            row.task_queue.clone(),
        ];
        if wide {
            cells.push(row.cell());
        }
        cells.push(match row.health.as_deref() {
            None => "unknown".to_owned(),
            Some("") => "healthy".to_owned(),
            Some(trouble) => trouble.to_owned(),
        });
        table.add_row(cells.into_iter().map(output::cell));
    }
    output::say_lines(output::text(&table));
    let is_drained = |row: &&Row| row.status == Some("drained") && row.run_by == Owner::Wci;
    let drained = report.instances.iter().filter(is_drained).count();
    if drained > 0 {
        let versions = if drained == 1 { "version is" } else { "versions are" };
        output::say(format!("{drained} {versions} drained: delete with `wci delete --drained`"));
    }
    if report.more {
        output::say(format!("showing only the first {}: see --limit", report.instances.len()));
    }
}

impl Row {
    fn cell(&self) -> String {
        match (&self.groups, &self.error) {
            (_, Some(error)) => error.clone(),
            (Some(groups), _) if groups.is_empty() => "no compute config yet".to_owned(),
            (groups, None) => {
                let words = groups.iter().flatten().map(Group::cell);
                words.collect::<Vec<_>>().join(", ")
            }
        }
    }
}
