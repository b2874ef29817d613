//! A version, managed with the Temporal CLI.

use serde_json::Value;

use crate::{CommandOutput, SOON, Version, run, wait_for};

impl Version {
    /// Creates the Worker Deployment, and the version with `function` of the stand-in for Lambda
    /// as its compute config, with `temporal worker deployment …`.
    pub async fn create_by_cli(&self, function: &str) -> CommandOutput {
        // It may exist already.
        self.temporal(&["create", "--name", self.id.deployment()]).await;
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}:1");
        let lambda = ["--aws-lambda-function-arn", &arn, "--aws-lambda-skip-role-and-external-id"];
        self.by_cli("create-version", &lambda).await
    }

    /// `temporal worker deployment <command>` for this version.
    pub async fn by_cli(&self, command: &str, options: &[&str]) -> CommandOutput {
        let version = ["--deployment-name", self.id.deployment(), "--build-id", self.id.build_id()];
        self.temporal(&[&[command], &version[..], options].concat()).await
    }

    /// The output of `temporal worker deployment describe-version`.
    pub async fn described_by_cli(&self) -> Value {
        self.by_cli("describe-version", &["-o", "json"]).await.ok().json()
    }

    /// The task queue of the instance's latest run.
    pub async fn task_queue(&self) -> String {
        let found = self.handle().describe(Default::default()).await.unwrap();
        found.raw().workflow_execution_info.clone().unwrap_or_default().task_queue
    }

    /// Retries while the server's own workflows of a deployment are busy: for up to a second after
    /// each change.
    async fn temporal(&self, args: &[&str]) -> CommandOutput {
        let to = ["worker", "deployment", "--address", &self.address];
        wait_for("a server that is not busy", SOON, async || {
            let output = run(&self.programs.temporal, to.iter().chain(args)).await;
            (!output.stderr.contains("try again later")).then_some(output)
        })
        .await
    }
}
