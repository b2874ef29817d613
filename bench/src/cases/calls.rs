//! Latency of client calls: `create-version`, changes one after another, and `wci validate`.

use std::time::{Duration, Instant};

use serde_json::json;
use temporalio_client::tonic::{Code, Status};

use crate::{
    bench_version::{Controller, arn},
    figures::{Figures, Target, median},
    programs::run_with_retries,
    public_api::PublicApi,
    testbed::Testbed,
};

const VERSIONS: usize = 15;
const CHANGES: usize = 20;
const VALIDATIONS: usize = 5;

pub(crate) async fn measure(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    creations(testbed, figures).await?;
    changes(testbed, figures).await?;
    validations(testbed, figures).await
}

async fn creations(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let mut took = [Vec::new(), Vec::new()];
    for n in 0..VERSIONS {
        for (controller, took) in Controller::BOTH.into_iter().zip(&mut took) {
            let version = PublicApi::prepare(testbed, controller, &format!("calls-{n}")).await?;
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

async fn changes(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    let mut rejected = [0.0, 0.0];
    let mut took = [0.0, 0.0];
    for (at, controller) in Controller::BOTH.into_iter().enumerate() {
        let version = PublicApi::prepare(testbed, controller, "changes").await?;
        version.create().await?;
        let began = Instant::now();
        for n in 0..CHANGES {
            match version.change(&format!("changes-{n}")).await {
                Err(status) if is_resource_exhausted(&status) => rejected[at] += 1.0,
                result => result?,
            }
        }
        took[at] = ms(began.elapsed()) / 20.0;
    }
    let case = "20 changes one after another: rejected with `too many requests`";
    figures.compare(case, "", rejected[0], rejected[1], Target::AtMost(0.0));
    figures.compare("each of these changes", "ms", took[0], took[1], Target::OfBuiltin(1.0));
    Ok(())
}

/// `wci validate -f`, from the start of the program to its exit, for a version without an instance.
/// The server's own call gets no answer for such a version.
async fn validations(testbed: &Testbed, figures: &mut Figures) -> anyhow::Result<()> {
    testbed.lambda.serve("validated", None);
    let spec = json!({"deployment": "validated", "build_id": "v1",
        "groups": {"default": {"provider": {"type": "aws-lambda", "arn": arn("validated")}}}});
    let file = testbed.dir.path().join("validated.yaml");
    std::fs::write(&file, spec.to_string())?;
    let file = file.display().to_string();
    let mut took = Vec::new();
    for _ in 0..VALIDATIONS {
        let began = Instant::now();
        let args = ["validate", "--address", &testbed.address, "-f", &file];
        run_with_retries(&testbed.programs.wci, &args).await?;
        took.push(ms(began.elapsed()));
    }
    let case = "wci validate -f of a version without an instance (median of 5)";
    figures.add(case, "ms", median(took), Target::AtMost(1_000.0));
    Ok(())
}

/// Whether the server rejected the call because of its load.
pub(super) fn is_resource_exhausted(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted
}

pub(super) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
