//! Where the history comes from that a command tells of: from a running server, or from files.

use std::path::PathBuf;

use anyhow::{Context, bail};
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use wci_contract::{VersionId, names::INSTANCE_WORKFLOW, state::State};

use wci_history::Story;

use crate::{
    clock::{self, Millis},
    connection::ConnectionArgs,
    control::{AdminClient, Owner, Scope},
    replay::Recording,
    when::When,
};

/// Whose history, and from where.
#[derive(Debug, clap::Args)]
pub(super) struct PastArgs {
    /// The version, as DEPLOYMENT:BUILD or DEPLOYMENT/BUILD
    #[arg(value_name = "VERSION", value_parser = super::parse_version, required_unless_present = "history")]
    id: Option<VersionId>,
    /// Recorded run to read instead of asking a server, as `temporal workflow show --output json`
    /// prints it; repeat for runs that continue each other, oldest first
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    history: Vec<PathBuf>,
    #[command(flatten)]
    scope: Scope,
}

/// Which part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// The time that is asked about; the present when there is none.
    pub(super) at: Option<When>,
    /// Moments that are wanted.
    pub(super) moments: usize,
    /// Runs to read at the most.
    pub(super) runs: usize,
}

/// The story, and where it is from.
pub(super) struct Past {
    pub(super) story: Story,
    /// The time that the story goes up to.
    pub(super) at: Millis,
    /// The present, for a story from files the time of their last event.
    pub(super) now: Millis,
    /// Absent for a story from files.
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

impl PastArgs {
    /// Reads what there is up to the time of `part`.
    pub(super) async fn read(
        &self,
        connection: &ConnectionArgs,
        part: Part,
    ) -> anyhow::Result<Past> {
        match &self.id {
            Some(id) => from_server(&self.scope.open(connection).await?, id, part).await,
            None => self.read_files(part.at),
        }
    }

    fn read_files(&self, at: Option<When>) -> anyhow::Result<Past> {
        let mut runs = Vec::new();
        for file in &self.history {
            let context = || format!("{}", file.display());
            let recording = Recording::read(file).with_context(context)?;
            if recording.workflow_type != INSTANCE_WORKFLOW {
                bail!(
                    "{} is a run of {:?}, not of an instance",
                    file.display(),
                    recording.workflow_type
                );
            }
            runs.push(recording.history.events);
        }
        let whole = story(&runs, None);
        let now = whole.runs.last().map_or(0, |run| run.last);
        let Some(at) = at.map(|at| at.seen_from(now)) else {
            return Ok(Past { story: whole, at: now, now, server: None });
        };
        check(at, now, whole.began())?;
        Ok(Past { story: story(&runs, Some(at)), at, now, server: None })
    }
}

async fn from_server(admin: &AdminClient, id: &VersionId, part: Part) -> anyhow::Result<Past> {
    let Some(execution) = admin.latest_run(id).await? else {
        bail!("{id} is not there, and the server remembers no run of it: see `wci list`");
    };
    let now = clock::now();
    let at = part.at.map(|at| at.seen_from(now));
    if let Some(at) = at {
        check(at, now, None)?;
    }
    let enough = |runs: &[Vec<HistoryEvent>]| story(runs, at).moments.len() >= part.moments;
    let runs = admin.histories(id, part.runs, enough).await?;
    let story = story(&runs, at);
    if story.runs.is_empty() {
        let first = Story::read([&*runs[0]], None).began().map(clock::rfc3339);
        bail!(
            "{id} was not there at {}: its oldest run that was read began at {}",
            clock::rfc3339(at.unwrap_or(now)),
            first.unwrap_or_default()
        );
    }
    let run_by = Owner::of(&execution.task_queue, admin.task_queue());
    let mut trouble = None;
    if execution.is_open() && run_by != Owner::Server {
        trouble = admin.require_worker(&execution.task_queue).await.err().map(|e| e.to_string());
    }
    let asks = at.is_none() && execution.is_open() && run_by == Owner::Wci && trouble.is_none();
    let state = if asks { admin.dump(id).await.ok() } else { None };
    let namespace = admin.namespace().to_owned();
    let server = Origin { namespace, run_by, is_open: execution.is_open(), trouble, state };
    Ok(Past { story, at: at.unwrap_or(now), now, server: Some(server) })
}

fn story(runs: &[Vec<HistoryEvent>], until: Option<Millis>) -> Story {
    Story::read(runs.iter().map(Vec::as_slice), until)
}

fn check(at: Millis, now: Millis, began: Option<Millis>) -> anyhow::Result<()> {
    let told = clock::rfc3339(at);
    if at > now {
        bail!("--at {told} lies ahead: only what happened can be told");
    }
    if let Some(began) = began.filter(|began| *began > at) {
        bail!("--at {told} is before the first event, which is of {}", clock::rfc3339(began));
    }
    Ok(())
}
