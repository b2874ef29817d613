//! A worker's settings, resolved from the program and the environment.

use crate::{
    capacity::{MAX_SLOTS, Pollers, Slots},
    config_file,
    consolidation::{Consolidation, MIN_INTERVAL_MS, WAIT_PERCENT},
    environment::Environment,
    error::Error,
    timing::Timing,
    variables,
};
use std::{ops::RangeInclusive, path::PathBuf, time::Duration};
use temporalio_common::worker::{VersioningBehavior, WorkerDeploymentVersion};

/// The settings that the program requests.
#[derive(Clone, Debug)]
pub(crate) struct Requested {
    pub(crate) task_queue: String,
    pub(crate) deployment_name: Option<String>,
    pub(crate) build_id: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) versioning_behavior: VersioningBehavior,
    pub(crate) slots: Slots,
    pub(crate) pollers: Pollers,
    pub(crate) timing: Timing,
    /// `None` if it is turned off.
    pub(crate) consolidation: Option<Consolidation>,
}

impl Requested {
    /// The default settings of a worker that polls `task_queue`.
    pub(crate) fn new(task_queue: String) -> Self {
        Self {
            task_queue,
            deployment_name: None,
            build_id: None,
            identity: None,
            versioning_behavior: VersioningBehavior::AutoUpgrade,
            slots: Slots::default(),
            pollers: Pollers::default(),
            timing: Timing::default(),
            consolidation: Some(Consolidation::default()),
        }
    }
}

/// The checked settings in effect.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) task_queue: String,
    pub(crate) version: WorkerDeploymentVersion,
    pub(crate) identity: Option<String>,
    pub(crate) versioning_behavior: VersioningBehavior,
    pub(crate) slots: Slots,
    pub(crate) pollers: Pollers,
    pub(crate) timing: Timing,
    pub(crate) consolidation: Option<Consolidation>,
    pub(crate) config_file: Option<PathBuf>,
    /// A warning about a valid but risky combination.
    pub(crate) warning: Option<String>,
}

impl Settings {
    /// Overrides `requested` with `environment` and checks the result.
    pub(crate) fn resolve(requested: Requested, environment: &Environment) -> Result<Self, Error> {
        let text =
            |name, default: Option<String>| environment.text(name).map(str::to_owned).or(default);
        let slots = slots(requested.slots, &requested.pollers, environment)?;
        check_pollers(&requested.pollers)?;
        let timing = timing(requested.timing, environment)?;
        let warning = timing.check()?;
        Ok(Self {
            task_queue: text(variables::TASK_QUEUE, Some(requested.task_queue))
                .filter(|queue| !queue.is_empty())
                .ok_or(Error::Missing {
                    what: "the task queue",
                    variable: variables::TASK_QUEUE,
                    method: "builder",
                })?,
            version: version(
                text(variables::DEPLOYMENT_NAME, requested.deployment_name),
                text(variables::BUILD_ID, requested.build_id),
            )?,
            identity: text(variables::IDENTITY, requested.identity),
            versioning_behavior: checked_behavior(requested.versioning_behavior)?,
            slots,
            pollers: requested.pollers,
            timing,
            consolidation: consolidation(requested.consolidation, environment)?,
            config_file: config_file::locate(environment, |path| path.is_file())?,
            warning,
        })
    }
}

fn version(
    deployment_name: Option<String>,
    build_id: Option<String>,
) -> Result<WorkerDeploymentVersion, Error> {
    let non_empty = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
    Ok(WorkerDeploymentVersion::builder()
        .deployment_name(non_empty(deployment_name).ok_or(Error::Missing {
            what: "the deployment name",
            variable: variables::DEPLOYMENT_NAME,
            method: "deployment_name",
        })?)
        .build_id(non_empty(build_id).ok_or(Error::Missing {
            what: "the build ID",
            variable: variables::BUILD_ID,
            method: "build_id",
        })?)
        .build())
}

fn checked_behavior(behavior: VersioningBehavior) -> Result<VersioningBehavior, Error> {
    match behavior {
        VersioningBehavior::Pinned | VersioningBehavior::AutoUpgrade => Ok(behavior),
        other => Err(Error::OutOfRange {
            what: "the versioning behavior",
            value: format!("{other:?}"),
            remedy: "choose `Pinned` or `AutoUpgrade`".to_owned(),
        }),
    }
}

fn slots(requested: Slots, pollers: &Pollers, environment: &Environment) -> Result<Slots, Error> {
    let slots = |what, name, requested, min| {
        let range = min..=MAX_SLOTS;
        match environment.count(name, range.clone())? {
            Some(count) => Ok(count),
            None => in_range(what, requested, range),
        }
    };
    Ok(Slots {
        activity: slots("activity slots", variables::ACTIVITY_SLOTS, requested.activity, 1)?,
        workflow: slots(
            "workflow slots",
            variables::WORKFLOW_SLOTS,
            requested.workflow,
            pollers.min_workflow(),
        )?,
        local_activity: slots(
            "local activity slots",
            variables::LOCAL_ACTIVITY_SLOTS,
            requested.local_activity,
            1,
        )?,
        nexus: slots("nexus slots", variables::NEXUS_SLOTS, requested.nexus, 1)?,
    })
}

fn check_pollers(pollers: &Pollers) -> Result<(), Error> {
    in_range("activity pollers", pollers.activity, 1..=MAX_SLOTS)?;
    in_range("workflow pollers", pollers.workflow, pollers.min_workflow()..=MAX_SLOTS)?;
    in_range("nexus pollers", pollers.nexus, 1..=MAX_SLOTS)?;
    Ok(())
}

fn in_range(
    what: &'static str,
    value: usize,
    range: RangeInclusive<usize>,
) -> Result<usize, Error> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Error::OutOfRange {
        what,
        value: value.to_string(),
        remedy: format!("choose a number from {} to {}", range.start(), range.end()),
    })
}

fn timing(requested: Timing, environment: &Environment) -> Result<Timing, Error> {
    let millis =
        |name, min, default: Duration| Ok(environment.millis(name, min)?.unwrap_or(default));
    let timing = Timing {
        idle_timeout: idle_timeout(requested.idle_timeout, environment)?,
        deadline_buffer: millis(variables::DEADLINE_BUFFER_MS, 0, requested.deadline_buffer)?,
        worker_stop_timeout: millis(
            variables::WORKER_STOP_TIMEOUT_MS,
            0,
            requested.worker_stop_timeout,
        )?,
        shutdown_hook_budget: millis(
            variables::SHUTDOWN_HOOK_BUDGET_MS,
            0,
            requested.shutdown_hook_budget,
        )?,
        longest_activity: environment
            .millis(variables::LONGEST_ACTIVITY_MS, 1)?
            .or(requested.longest_activity),
        termination_grace: environment
            .millis(variables::TERMINATION_GRACE_MS, 0)?
            .or(requested.termination_grace),
        ..requested
    };
    let heartbeat = Duration::from_secs(1)..=Duration::from_secs(60);
    match timing.heartbeat_interval {
        Some(interval) if !heartbeat.contains(&interval) => Err(Error::OutOfRange {
            what: "the heartbeat interval",
            value: format!("{} ms", interval.as_millis()),
            remedy: "choose a time from 1000 ms to 60000 ms, or `None`".to_owned(),
        }),
        _ => Ok(timing),
    }
}

fn idle_timeout(
    requested: Option<Duration>,
    environment: &Environment,
) -> Result<Option<Duration>, Error> {
    let name = variables::IDLE_TIMEOUT_MS;
    if environment.text(name).is_some_and(|value| value.eq_ignore_ascii_case("off")) {
        return Ok(None);
    }
    match environment.millis(name, 1) {
        Ok(timeout) => Ok(timeout.or(requested)),
        Err(Error::Variable { name, value, expected }) => Err(Error::Variable {
            name,
            value,
            expected: format!("{expected}, or `off` to run until the deadline or a signal"),
        }),
        Err(other) => Err(other),
    }
}

fn consolidation(
    requested: Option<Consolidation>,
    environment: &Environment,
) -> Result<Option<Consolidation>, Error> {
    let name = variables::CONSOLIDATE;
    let requested = match environment.text(name) {
        Some(value) if value.eq_ignore_ascii_case("off") => return Ok(None),
        Some(value) if value.eq_ignore_ascii_case("on") => Some(requested.unwrap_or_default()),
        Some(value) => {
            let expected = "`on` or `off`".to_owned();
            return Err(Error::Variable { name, value: value.to_owned(), expected });
        }
        None => requested,
    };
    let Some(requested) = requested else { return Ok(None) };
    let percent = environment.count(variables::CONSOLIDATE_WAIT_PERCENT, WAIT_PERCENT)?;
    let min_life = environment.millis(variables::CONSOLIDATE_MIN_LIFE_MS, 0)?;
    let interval = environment.millis(variables::CONSOLIDATE_INTERVAL_MS, MIN_INTERVAL_MS)?;
    let consolidation = Consolidation {
        wait_percent: percent
            .and_then(|percent| percent.try_into().ok())
            .unwrap_or(requested.wait_percent),
        min_life: min_life.unwrap_or(requested.min_life),
        interval: interval.unwrap_or(requested.interval),
    };
    consolidation.checked().map(Some)
}

#[cfg(test)]
pub(crate) mod tests;
