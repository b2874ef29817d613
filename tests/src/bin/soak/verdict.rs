//! The end: waits until everything is done, and compares what happened with what may happen.

use std::time::{Duration, Instant};

use temporalio_client::WorkflowCountOptions;
use wci_contract::activities::{REGISTER, RegisterOutput};
use wci_tests::{History, Version};

use crate::{
    faults::Faults,
    limits::{MAX_FILES, MAX_HISTORY, MAX_RESIDENT_KB, MAX_WORKERS, REGISTERING},
    report::Row,
    sampler::Sampler,
    stage::{FUNCTIONS, PROCESSES, Stage},
    traffic,
};

/// Tasks of workers that were killed are retried after their time-out of half a minute.
const DONE_WITHIN: Duration = Duration::from_secs(240);
/// Workers live for two minutes at most.
const EMPTY_WITHIN: Duration = Duration::from_secs(150);
const PAUSE: Duration = Duration::from_secs(1);

/// What the histories of an instance say of its launches.
#[derive(Debug, Default)]
struct Launches {
    /// Workers requested, by launch ID.
    requested: Vec<(String, u32)>,
    started: u32,
    /// Workers of launches whose request was attempted more than once, or has no outcome.
    uncertain: u32,
    registered: u32,
    failed_tasks: usize,
    runs: usize,
}

pub(crate) async fn reach(
    stage: &mut Stage,
    sampler: &mut Sampler,
    faults: &Faults,
    accepted: Vec<(String, usize)>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for (fault, count) in &faults.counts {
        rows.push(Row::seen(fault.name(), count));
    }
    for (queue, accepted) in accepted {
        let completed = wait_completed(&queue, accepted, sampler, stage).await;
        rows.push(Row::exactly(&format!("{queue}: workflows completed"), accepted, completed));
    }
    let left = wait_empty(stage, sampler).await;
    rows.push(Row::exactly("workers left over", 0, left));
    for (name, most) in [PROCESSES, FUNCTIONS].into_iter().zip(sampler.most_workers) {
        let max = usize::try_from(MAX_WORKERS).unwrap() + REGISTERING;
        rows.push(Row::at_most(&format!("{name}: workers at a time"), max, most));
    }
    let launches = launches(&stage.processes).await;
    rows.extend(of_processes(&launches, sampler));
    let of_lambda = self::launches(&stage.functions).await;
    let calls = u32::try_from(stage.world.lambda().accepted(FUNCTIONS)).unwrap();
    let most = of_lambda.started + of_lambda.uncertain + of_lambda.registered;
    rows.push(Row::at_most("soak-functions: invocations accepted by Lambda", most, calls));
    rows.push(Row::at_least(
        "soak-functions: of these, told by histories",
        of_lambda.started,
        calls,
    ));
    for (name, launches) in [(PROCESSES, &launches), (FUNCTIONS, &of_lambda)] {
        rows.push(Row::exactly(
            &format!("{name}: failed workflow tasks"),
            0,
            launches.failed_tasks,
        ));
        rows.push(Row::seen(&format!("{name}: runs of the instance"), &launches.runs));
    }
    rows.push(Row::at_most("longest history, events", MAX_HISTORY, sampler.longest_history));
    rows.push(Row::at_most(
        "most memory of the system worker, kB",
        MAX_RESIDENT_KB,
        sampler.most_resident_kb,
    ));
    rows.push(Row::at_most("most open files of the system worker", MAX_FILES, sampler.most_files));
    if let (Some(first), Some(last)) = (sampler.first, sampler.last) {
        rows.push(Row::seen(
            "memory at the start and at the end, kB",
            &format!("{} and {}", first.resident_kb, last.resident_kb),
        ));
        rows.push(Row::seen(
            "open files at the start and at the end",
            &format!("{} and {}", first.files, last.files),
        ));
    }
    rows
}

/// Each record is a process that was started: no launch may have more than it requested.
fn of_processes(launches: &Launches, sampler: &Sampler) -> Vec<Row> {
    let mut beyond = 0;
    let mut counted = 0;
    for (id, requested) in &launches.requested {
        let records = sampler.records.get(id).map_or(0, std::collections::BTreeSet::len);
        counted += records;
        beyond += records.saturating_sub(usize::try_from(*requested).unwrap());
    }
    let requested: u32 = launches.requested.iter().map(|(_, requested)| requested).sum();
    vec![
        Row::exactly("soak-processes: processes beyond their launch's request", 0, beyond),
        Row::at_most(
            "soak-processes: processes of launches",
            usize::try_from(requested).unwrap(),
            counted,
        ),
    ]
}

async fn wait_completed(
    queue: &str,
    accepted: usize,
    sampler: &mut Sampler,
    stage: &mut Stage,
) -> usize {
    let began = Instant::now();
    loop {
        let query = format!(
            "WorkflowId STARTS_WITH '{}' AND ExecutionStatus = 'Completed'",
            traffic::prefix(queue)
        );
        let client = &stage.world.client;
        let count = client.count_workflows(query, WorkflowCountOptions::default()).await;
        let completed = count.map_or(0, |count| count.count());
        if completed >= accepted || began.elapsed() >= DONE_WITHIN {
            return completed;
        }
        sampler.sample(stage).await;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn wait_empty(stage: &mut Stage, sampler: &mut Sampler) -> usize {
    let began = Instant::now();
    loop {
        let left = stage.running().into_iter().sum();
        if left == 0 || began.elapsed() >= EMPTY_WITHIN {
            return left;
        }
        sampler.sample(stage).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// The launches of all runs of an instance.
async fn launches(version: &Version) -> Launches {
    let mut all = Launches::default();
    let mut run = Some(version.history().await);
    while let Some(history) = run {
        all.add(&history);
        run = match history.continued_from() {
            Some(before) => Some(version.history_of(&before).await),
            None => None,
        };
    }
    all
}

impl Launches {
    fn add(&mut self, history: &History) {
        self.runs += 1;
        self.failed_tasks += history.failed_tasks();
        for launch in history.launches() {
            let count = launch.requested.count;
            self.requested.push((launch.requested.launch_id.clone(), count));
            self.started += launch.outcome.as_ref().map_or(0, |outcome| outcome.started);
            let attempts = u32::try_from(launch.activity.attempts).unwrap_or(1).max(1);
            let is_certain = launch.outcome.is_some() && attempts == 1;
            self.uncertain += if is_certain { 0 } else { count * attempts };
        }
        for activity in history.activities() {
            if activity.activity_type == REGISTER {
                let attempts = u32::try_from(activity.attempts).unwrap_or(1).max(1);
                let started =
                    activity.result::<RegisterOutput>().map_or(1, |output| output.started.len());
                self.registered += attempts * u32::try_from(started.max(1)).unwrap();
            }
        }
    }
}
