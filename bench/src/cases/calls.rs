//! What clients wait for: `create-version`, changes one after another, `describe-version` while
//! tasks are announced, and `wci validate`.

use std::time::{Duration, Instant};

use serde_json::json;
use temporalio_client::{
    UntypedSignal, UntypedWorkflow, WorkflowSignalOptions,
    tonic::{Code, Status},
};
use wci_contract::{InstanceId, names::TASK_ADD_SIGNAL};
use wci_workflows::payload_of;

use crate::{
    contender::{Side, arn},
    figures::{Figures, Target, median},
    programs::patiently,
    public_api::PublicApi,
    stage::Stage,
};

const VERSIONS: usize = 15;
const CHANGES: usize = 20;
const LOOKS: usize = 300;
const VALIDATIONS: usize = 5;
/// Signals at 50 a second, looks at 20.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// The server's own workflow of a version answers nothing in the first second of a run.
const SETTLES: Duration = Duration::from_secs(2);

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    creations(stage, figures).await?;
    changes(stage, figures).await?;
    looks(stage, figures).await?;
    validations(stage, figures).await
}

async fn creations(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let mut took = [Vec::new(), Vec::new()];
    for n in 0..VERSIONS {
        for (side, took) in Side::BOTH.into_iter().zip(&mut took) {
            let version = PublicApi::prepare(stage, side, &format!("calls-{n}")).await?;
            let began = Instant::now();
            version.create().await?;
            took.push(ms(began.elapsed()));
        }
    }
    let [builtin, ours] = took.map(median);
    let case = "CreateWorkerDeploymentVersion (median of 15)";
    figures.compare(case, "ms", builtin, ours, Target::OfBuiltin(1.0));
    Ok(())
}

async fn changes(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let mut refused = [0.0, 0.0];
    let mut took = [0.0, 0.0];
    for (at, side) in Side::BOTH.into_iter().enumerate() {
        let version = PublicApi::prepare(stage, side, "changes").await?;
        version.create().await?;
        let began = Instant::now();
        for n in 0..CHANGES {
            match version.change(&format!("changes-{n}")).await {
                Err(status) if is_for_load(&status) => refused[at] += 1.0,
                result => result?,
            }
        }
        took[at] = ms(began.elapsed()) / 20.0;
    }
    let case = "20 changes one after another: refused with `too many requests`";
    figures.compare(case, "", refused[0], refused[1], Target::AtMost(0.0));
    figures.compare("each of these changes", "ms", took[0], took[1], Target::OfBuiltin(1.0));
    Ok(())
}

async fn looks(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    let mut took = Vec::new();
    let mut refused = Vec::new();
    for side in Side::BOTH {
        let version = PublicApi::prepare(stage, side, "looks").await?;
        version.create().await?;
        tokio::time::sleep(SETTLES).await;
        let mut announcing = Box::pin(announce(stage, version.id()));
        let looking = Box::pin(look(&version));
        let (times, refusals) = tokio::select! {
            looked = looking => looked?,
            failed = &mut announcing => anyhow::bail!("signals: {failed:?}"),
        };
        took.push(times);
        refused.push(refusals);
    }
    for (part, name) in [(50, "p50"), (99, "p99")] {
        let [builtin, ours] = [&took[0], &took[1]].map(|took| took[(LOOKS - 1) * part / 100]);
        let case = format!("DescribeWorkerDeploymentVersion at 50 signals/s, {name}");
        figures.compare(&case, "ms", builtin, ours, Target::AtMost(50.0));
    }
    let case = "of 300 such looks, refused with `too many requests`";
    figures.compare(case, "", refused[0], refused[1], Target::AtMost(0.0));
    Ok(())
}

/// `wci validate -f`, from the start of the program to its end, for a version without an instance:
/// what the server's own call never answers.
async fn validations(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    stage.stand_in.serve("validated", None);
    let spec = json!({"deployment": "validated", "build_id": "v1",
        "groups": {"default": {"provider": {"type": "aws-lambda", "arn": arn("validated")}}}});
    let file = stage.dir.path().join("validated.yaml");
    std::fs::write(&file, spec.to_string())?;
    let file = file.display().to_string();
    let mut took = Vec::new();
    for _ in 0..VALIDATIONS {
        let began = Instant::now();
        let args = ["validate", "--address", &stage.address, "-f", &file];
        patiently(&stage.programs.wci, &args).await?;
        took.push(ms(began.elapsed()));
    }
    let case = "wci validate -f of a version without an instance (median of 5)";
    figures.add(case, "ms", median(took), Target::AtMost(1_000.0));
    Ok(())
}

/// Announces tasks that nobody waits for, until it is dropped.
async fn announce(stage: &Stage, id: &InstanceId) -> anyhow::Result<()> {
    let handle = stage.client.get_workflow_handle::<UntypedWorkflow>(id.workflow_id());
    let signal = payload_of(&json!({"task_queue_name": id.deployment(), "task_queue_type": 1,
        "is_sync_match": false, "no_sync_match_signals_batched": 1}))?;
    loop {
        let began = Instant::now();
        let options = WorkflowSignalOptions::default();
        handle.signal(UntypedSignal::new(TASK_ADD_SIGNAL), signal.clone(), options).await?;
        tokio::time::sleep(BETWEEN_SIGNALS.saturating_sub(began.elapsed())).await;
    }
}

/// How long each look took, shortest first, and how many were refused: the server's workflow of a
/// version answers one question at a time, and others ask too.
async fn look(version: &PublicApi<'_>) -> anyhow::Result<(Vec<f64>, f64)> {
    let (mut took, mut refused) = (Vec::new(), 0.0);
    while took.len() < LOOKS {
        let began = Instant::now();
        match version.describe().await {
            Err(status) if is_for_load(&status) => refused += 1.0,
            result => {
                result?;
                took.push(ms(began.elapsed()));
            }
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    took.sort_by(f64::total_cmp);
    Ok((took, refused))
}

fn is_for_load(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
