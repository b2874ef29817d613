//! Where a command reads the history of an instance from: a server, or files.

use std::path::PathBuf;

use anyhow::{Context, bail};
use wci_contract::{VersionId, names::INSTANCE_WORKFLOW, state::State};
use wci_history::{History, RunHistory};

use super::ShownVersion;
use crate::{
    clock::{self, Millis},
    connection::ConnectionArgs,
    control::{AdminClient, Owner, Scope},
    replay::Recording,
    when::When,
};

/// Whose history, and from where.
#[derive(Debug, clap::Args)]
pub(super) struct HistoryArgs {
    /// The version, as DEPLOYMENT:BUILD or DEPLOYMENT/BUILD
    #[arg(value_name = "VERSION", value_parser = super::parse_shown_version, required_unless_present = "history")]
    id: Option<ShownVersion>,
    /// Recorded run to read instead of a server's, as `temporal workflow show --output json`
    /// prints it; repeat for runs that continue each other, oldest first
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    history: Vec<PathBuf>,
    #[command(flatten)]
    scope: Scope,
}

/// Which part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// The time to read up to; the present when there is none.
    pub(super) at: Option<When>,
    /// Events that are wanted.
    pub(super) events: usize,
    /// The maximum number of runs to read.
    pub(super) runs: usize,
}

/// A history, and where it is from.
pub(super) struct HistorySource {
    pub(super) history: History,
    /// The time that the history goes up to.
    pub(super) at: Millis,
    /// The present; for files, the time of their last event.
    pub(super) now: Millis,
    /// Absent for files.
    pub(super) server: Option<Origin>,
}

/// What the server says of the instance now.
pub(super) struct Origin {
    pub(super) namespace: String,
    pub(super) run_by: Owner,
    pub(super) is_open: bool,
    /// Why nothing goes on now, when nobody attends to the instance.
    pub(super) trouble: Option<String>,
    /// What the instance itself says, where it answers.
    pub(super) state: Option<State>,
}

impl HistoryArgs {
    /// Reads what there is up to the time of `part`.
    pub(super) async fn read(
        &self,
        connection: &ConnectionArgs,
        part: Part,
    ) -> anyhow::Result<HistorySource> {
        match &self.id {
            Some(id) => {
                let admin = self.scope.open(connection).await?;
                from_server(&admin, &id.resolve(&admin).await?, part).await
            }
            None => self.read_files(part.at),
        }
    }

    fn read_files(&self, at: Option<When>) -> anyhow::Result<HistorySource> {
        let mut runs = Vec::new();
        for file in &self.history {
            let context = || format!("{}", file.display());
            let (workflow_type, history) = Recording::read_history(file).with_context(context)?;
            if workflow_type != INSTANCE_WORKFLOW {
                bail!("{} is a run of {workflow_type:?}, not of an instance", file.display());
            }
            runs.push(RunHistory { events: history.events });
        }
        let whole = history(&runs, None);
        let now = whole.runs.last().map_or(0, |run| run.last_event);
        let Some(at) = at.map(|at| at.seen_from(now)) else {
            return Ok(HistorySource { history: whole, at: now, now, server: None });
        };
        check(at, now, whole.started())?;
        Ok(HistorySource { history: history(&runs, Some(at)), at, now, server: None })
    }
}

async fn from_server(
    admin: &AdminClient,
    id: &VersionId,
    part: Part,
) -> anyhow::Result<HistorySource> {
    let Some(execution) = admin.latest_run(id).await? else {
        bail!("{id} is not there, and the server remembers no run of it: see `wci list`");
    };
    let now = clock::now();
    let at = part.at.map(|at| at.seen_from(now));
    if let Some(at) = at {
        check(at, now, None)?;
    }
    let enough = |runs: &[RunHistory]| history(runs, at).events.len() >= part.events;
    let runs = admin.histories(id, part.runs, enough).await?;
    let history = history(&runs, at);
    if history.runs.is_empty() {
        let first = runs.first().and_then(|run| History::read([&*run.events], None).started());
        bail!(
            "{id} was not there at {}: the oldest run that was read started at {}",
            clock::rfc3339(at.unwrap_or(now)),
            first.map(clock::rfc3339).unwrap_or_default()
        );
    }
    let run_by = Owner::of(&execution.task_queue, admin.task_queue());
    let mut trouble = None;
    if execution.is_open() && run_by != Owner::Server {
        trouble = admin.require_worker(&execution.task_queue).await.err().map(|e| e.to_string());
        trouble = admin.server_problem().await.or(trouble);
    }
    let asks = at.is_none() && execution.is_open() && run_by == Owner::Wci && trouble.is_none();
    let state = if asks { admin.dump(id).await.ok() } else { None };
    let namespace = admin.namespace().to_owned();
    let server = Origin { namespace, run_by, is_open: execution.is_open(), trouble, state };
    Ok(HistorySource { history, at: at.unwrap_or(now), now, server: Some(server) })
}

fn history(runs: &[RunHistory], until: Option<Millis>) -> History {
    History::read(runs.iter().map(|run| run.events.as_slice()), until)
}

fn check(at: Millis, now: Millis, began: Option<Millis>) -> anyhow::Result<()> {
    let time = clock::rfc3339(at);
    if at > now {
        bail!("--at {time} lies ahead: use a time in the past");
    }
    if let Some(began) = began.filter(|began| *began > at) {
        bail!("--at {time} is before the first event, which happened at {}", clock::rfc3339(began));
    }
    Ok(())
}
