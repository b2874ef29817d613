//! The summary of the demo, and the commands to inspect it.

use std::time::{Duration, SystemTime};

use anyhow::bail;
use futures::TryStreamExt;
use serde::Serialize;
use temporalio_client::WorkflowListOptions;
use wci_contract::names::DIVISION;

use super::{environment::Environment, history, load::LoadResult};
use crate::{clock, output::say};

/// The summary, also as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    server_version: String,
    workflow_id: String,
    tasks: u32,
    completed: u32,
    /// First StartWorkflow call to first provider call of the load, milliseconds.
    first_invoke_ms: Option<u64>,
    /// First StartWorkflow call to last completion, milliseconds.
    drain_ms: Option<u64>,
    /// Workers started for the load, not for registration.
    workers_started: u32,
    /// Peak number of live workers.
    peak_workers: u32,
    /// Events in the history of the instance's run.
    history_events: usize,
    scaled_to_zero: bool,
}

/// Collects the results of the load.
pub(super) async fn summarize(
    environment: &Environment,
    result: &LoadResult,
) -> anyhow::Result<Summary> {
    let began = clock::of_system_time(result.began);
    let launches = history::launches(environment, began).await?;
    let since = |at: SystemTime| at.duration_since(result.began).ok().map(millis);
    Ok(Summary {
        server_version: environment.server.version().await?,
        workflow_id: environment.instance.workflow_id(),
        tasks: result.tasks,
        completed: result.completed,
        first_invoke_ms: launches.first.map(|at| millis(clock::since(began, at))),
        drain_ms: last_completion(environment).await?.and_then(since),
        workers_started: launches.workers,
        peak_workers: result.peak_workers,
        history_events: launches.events,
        scaled_to_zero: result.scaled_to_zero,
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

async fn last_completion(environment: &Environment) -> anyhow::Result<Option<SystemTime>> {
    let query = "WorkflowType = 'greet' AND ExecutionStatus = 'Completed'";
    let mut listed = environment.client.list_workflows(query, WorkflowListOptions::default());
    let mut last = None;
    while let Some(workflow) = listed.try_next().await? {
        last = last.max(workflow.close_time());
    }
    Ok(last)
}

impl Summary {
    /// Prints it as text.
    pub(super) fn print(&self, environment: &Environment, keep: bool) {
        let ms = |value: Option<u64>| value.map_or("-".to_owned(), |ms| format!("{ms} ms"));
        say(format_args!("Temporal Server       {}", self.server_version));
        say(format_args!("tasks completed       {} of {}", self.completed, self.tasks));
        say(format_args!(
            "first invocation      {} after the first task",
            ms(self.first_invoke_ms)
        ));
        say(format_args!("time to drain         {}", ms(self.drain_ms)));
        say(format_args!("workers started       {}", self.workers_started));
        say(format_args!("peak workers          {}", self.peak_workers));
        say(format_args!("history events        {}", self.history_events));
        let zero = if self.scaled_to_zero { "yes" } else { "no" };
        say(format_args!("scaled to zero        {zero}"));
        let address = &environment.server.address;
        say("");
        if keep {
            say("To inspect it:");
        } else {
            say("To inspect it next time, run with --keep, then:");
        }
        say(format_args!(
            "  temporal workflow list --address {address} --query 'TemporalNamespaceDivision = \"{DIVISION}\"'"
        ));
        say(format_args!("  temporal workflow show --address {address} -w {}", self.workflow_id));
        say(format_args!("  wci describe {} --address {address}", environment.instance));
        if let Some(ui) = &environment.server.ui {
            say(format_args!("  {ui}"));
        }
    }

    /// Fails unless all tasks completed and all workers exited.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.completed < self.tasks {
            bail!("only {} of {} tasks were completed", self.completed, self.tasks);
        }
        if !self.scaled_to_zero {
            bail!("all tasks are completed, but workers are still alive");
        }
        Ok(())
    }
}
