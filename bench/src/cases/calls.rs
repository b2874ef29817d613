//! What clients wait for: `create-version`, changes one after another, and `wci validate`.

use std::time::{Duration, Instant};

use serde_json::json;
use temporalio_client::tonic::{Code, Status};

use crate::{
    contender::{Side, arn},
    figures::{Figures, Target, median},
    programs::patiently,
    public_api::PublicApi,
    stage::Stage,
};

const VERSIONS: usize = 15;
const CHANGES: usize = 20;
const VALIDATIONS: usize = 5;

pub(crate) async fn measure(stage: &Stage, figures: &mut Figures) -> anyhow::Result<()> {
    creations(stage, figures).await?;
    changes(stage, figures).await?;
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

/// Whether the server refuses because it was asked too much.
pub(super) fn is_for_load(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted
}

pub(super) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
