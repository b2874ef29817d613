//! A version as users of the stock CLI deal with it.

use serde_json::Value;

use crate::{SOON, Said, Version, run, wait_for};

impl Version {
    /// Creates the Worker Deployment, and the version with `function` of the stand-in for Lambda
    /// as its compute config, by `temporal worker deployment …`.
    pub async fn create_by_cli(&self, function: &str) -> Said {
        // It may be there already.
        self.temporal(&["create", "--name", self.id.deployment()]).await;
        let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}:1");
        let lambda = ["--aws-lambda-function-arn", &arn, "--aws-lambda-skip-role-and-external-id"];
        self.by_cli("create-version", &lambda).await
    }

    /// `temporal worker deployment <command>` for this version.
    pub async fn by_cli(&self, command: &str, options: &[&str]) -> Said {
        let version = ["--deployment-name", self.id.deployment(), "--build-id", self.id.build_id()];
        self.temporal(&[&[command], &version[..], options].concat()).await
    }

    /// What `temporal worker deployment describe-version` says.
    pub async fn described_by_cli(&self) -> Value {
        self.by_cli("describe-version", &["-o", "json"]).await.ok().json()
    }

    /// The task queue of the instance's latest run.
    pub async fn task_queue(&self) -> String {
        let found = self.handle().describe(Default::default()).await.unwrap();
        found.raw().workflow_execution_info.clone().unwrap_or_default().task_queue
    }

    /// The server's own workflows of a deployment are busy for up to a second after each change.
    async fn temporal(&self, args: &[&str]) -> Said {
        let to = ["worker", "deployment", "--address", &self.address];
        wait_for("a server that is not busy", SOON, async || {
            let said = run(&self.programs.temporal, to.iter().chain(args)).await;
            (!said.stderr.contains("try again later")).then_some(said)
        })
        .await
    }
}
