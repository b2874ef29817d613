//! A version of one of the two controllers, with the same workers and the same load.

use std::process::Stdio;

use anyhow::{Context, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use temporalio_client::{UntypedUpdate, UntypedWorkflow, WorkflowExecuteUpdateOptions};
use tokio::process::Command;
use wci_contract::{VersionId, names};
use wci_workflows::payload_of;

use crate::{lambda::FunctionProgram, programs::run_with_retries, testbed::Testbed};

/// The controller of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Controller {
    Builtin,
    Ours,
}

impl Controller {
    pub(crate) const BOTH: [Self; 2] = [Self::Builtin, Self::Ours];
}

/// Settings of a version's workers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workers {
    /// Concurrent activities of one worker.
    pub(crate) slots: u32,
    /// Concurrent workers.
    pub(crate) limit: usize,
    /// Idle timeout in milliseconds; 0 is never.
    pub(crate) idle_ms: u64,
    /// Lifetime in milliseconds.
    pub(crate) deadline_ms: u64,
}

/// A group of a version: its name, its task types (empty means all), and its function.
pub(crate) type Group = (&'static str, Vec<u8>, String);

/// Settings of a version.
pub(crate) struct Setup {
    /// Names the version, its queue and its function, together with the controller.
    pub(crate) case: &'static str,
    pub(crate) workers: Option<Workers>,
    /// The algorithm and its settings; `None` for the controller's default.
    pub(crate) scaler: Option<(&'static str, Map<String, Value>)>,
    /// Settings of the default algorithm of `wci`.
    pub(crate) demand: Map<String, Value>,
    /// The groups; empty for one group with all task types.
    pub(crate) groups: Vec<Group>,
}

impl Setup {
    /// A version with one group and the defaults of its controller.
    pub(crate) fn of(case: &'static str, workers: Option<Workers>) -> Self {
        Self { case, workers, scaler: None, demand: Map::new(), groups: Vec::new() }
    }
}

/// A version.
#[derive(Debug, Clone)]
pub(crate) struct BenchVersion {
    /// Its deployment, its task queue, and the function of its one group.
    pub(crate) name: String,
}

impl BenchVersion {
    /// The workflow ID of its instance.
    pub(crate) fn instance(&self) -> anyhow::Result<String> {
        Ok(VersionId::new(&self.name, "v1")?.workflow_id())
    }

    /// Creates the version, registers its queue and makes it current.
    pub(crate) async fn create(
        testbed: &Testbed,
        controller: Controller,
        setup: &Setup,
    ) -> anyhow::Result<Self> {
        let suffix = match controller {
            Controller::Builtin => "builtin",
            Controller::Ours => "ours",
        };
        let this = Self { name: format!("{}-{suffix}", setup.case) };
        this.register_functions(testbed, setup);
        match controller {
            Controller::Ours => this.apply(testbed, setup).await?,
            Controller::Builtin => this.create_version(testbed, setup).await?,
        }
        this.register(testbed).await?;
        let address = testbed.address.as_str();
        let current = ["worker", "deployment", "set-current-version", "--address", address];
        let version = ["--deployment-name", &this.name, "--build-id", "v1", "--yes"];
        run_with_retries(&testbed.programs.temporal, &[&current[..], &version[..]].concat())
            .await?;
        Ok(this)
    }

    fn groups(&self, setup: &Setup) -> Vec<Group> {
        if setup.groups.is_empty() {
            return vec![("default", Vec::new(), self.name.clone())];
        }
        let named = |(name, types, function): &Group| {
            (*name, types.clone(), format!("{}-{function}", self.name))
        };
        setup.groups.iter().map(named).collect()
    }

    fn register_functions(&self, testbed: &Testbed, setup: &Setup) {
        for (_, types, function) in self.groups(setup) {
            let program = setup.workers.map(|workers| FunctionProgram {
                path: testbed.programs.greeter.clone(),
                env: self.env(testbed, workers, &types),
                limit: workers.limit,
            });
            testbed.lambda.serve(&function, program);
        }
    }

    fn env(
        &self,
        testbed: &Testbed,
        workers: Workers,
        types: &[u8],
    ) -> Vec<(&'static str, String)> {
        let role = match types {
            [1] => "workflows",
            [2] => "activities",
            _ => "",
        };
        let idle_timeout = match workers.idle_ms {
            0 => "off".to_owned(),
            idle_ms => idle_ms.to_string(),
        };
        let mut env = vec![
            ("TEMPORAL_ADDRESS", testbed.address.clone()),
            ("TEMPORAL_DEPLOYMENT_NAME", self.name.clone()),
            ("TEMPORAL_WORKER_BUILD_ID", "v1".to_owned()),
            ("TEMPORAL_TASK_QUEUE", self.name.clone()),
            ("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", workers.slots.to_string()),
            ("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", idle_timeout),
            ("TEMPORAL_SERVERLESS_DEADLINE_MS", workers.deadline_ms.to_string()),
        ];
        if !role.is_empty() {
            env.push(("GREETER_ROLE", role.to_owned()));
        }
        env
    }

    async fn apply(&self, testbed: &Testbed, setup: &Setup) -> anyhow::Result<()> {
        let group = |(name, types, function): Group| {
            let kinds: Vec<&str> =
                types.iter().map(|kind| if *kind == 1 { "workflow" } else { "activity" }).collect();
            let mut group = json!({"provider": {"type": "aws-lambda", "arn": arn(&function)}});
            if !kinds.is_empty() {
                group["task_types"] = json!(kinds);
            }
            let default = ("demand", setup.demand.clone());
            let (algorithm, settings) = setup.scaler.as_ref().unwrap_or(&default);
            group["scaler"] = Value::Object(settings.clone());
            group["scaler"]["type"] = json!(algorithm);
            (name.to_owned(), group)
        };
        let groups: Map<String, Value> = self.groups(setup).into_iter().map(group).collect();
        let spec = json!({"deployment": self.name, "build_id": "v1", "groups": groups});
        let file = testbed.dir.path().join(format!("{}.yaml", self.name));
        std::fs::write(&file, spec.to_string())?;
        let file = file.display().to_string();
        run_with_retries(
            &testbed.programs.wci,
            &["apply", "--address", &testbed.address, "--wait=false", "-f", &file],
        )
        .await
    }

    async fn create_version(&self, testbed: &Testbed, setup: &Setup) -> anyhow::Result<()> {
        let address = testbed.address.as_str();
        let deployment = ["worker", "deployment"];
        let create = ["create", "--address", address, "--name", &self.name];
        run_with_retries(&testbed.programs.temporal, &[&deployment[..], &create[..]].concat())
            .await?;
        let arn = arn(&self.name);
        let create = ["create-version", "--address", address, "--deployment-name", &self.name];
        let function = [
            "--build-id",
            "v1",
            "--aws-lambda-function-arn",
            &arn,
            "--aws-lambda-skip-role-and-external-id",
        ];
        let create = [&deployment[..], &create[..], &function[..]].concat();
        run_with_retries(&testbed.programs.temporal, &create).await?;
        if setup.scaler.is_some() || !setup.groups.is_empty() {
            self.update(testbed, setup).await?;
        }
        Ok(())
    }

    /// Sends settings without a CLI flag to the built-in controller's instance directly.
    async fn update(&self, testbed: &Testbed, setup: &Setup) -> anyhow::Result<()> {
        let groups = self.groups(setup).into_iter().map(|(name, types, function)| {
            let types = if types.is_empty() { Value::Null } else { json!(types) };
            let compute = json!({"provider_type": "aws-lambda",
                "config": payload(&json!({"arn": arn(&function)}))});
            let scaling = match &setup.scaler {
                Some((algorithm, settings)) => json!({"scaling_algorithm": algorithm,
                    "config": payload(&Value::Object(settings.clone()))}),
                None => json!({"scaling_algorithm": "no-sync"}),
            };
            let spec = json!({"task_types": types, "compute": compute, "scaling": scaling});
            let mask = ["task_queue_types", "provider", "scaler"];
            (name.to_owned(), json!({"spec": spec, "update_mask": mask}))
        });
        let upserts: Map<String, Value> = groups.collect();
        let removed = if setup.groups.is_empty() { json!(null) } else { json!(["default"]) };
        let request = json!({"identity": "bench", "upsert_scaling_groups": upserts,
            "remove_scaling_groups": removed});
        let handle = testbed.client.get_workflow_handle::<UntypedWorkflow>(self.instance()?);
        let update = UntypedUpdate::new(names::UPDATE);
        let options = WorkflowExecuteUpdateOptions::default();
        handle
            .execute_update(update, payload_of(&request)?, options)
            .await
            .context("the built-in controller's instance rejected the spec")?;
        Ok(())
    }

    /// Runs a worker once, so that the server knows the version's task queue.
    async fn register(&self, testbed: &Testbed) -> anyhow::Result<()> {
        let workers = Workers { slots: 1, limit: 1, idle_ms: 1000, deadline_ms: 60_000 };
        let done = Command::new(&testbed.programs.greeter)
            .envs(self.env(testbed, workers, &[]))
            .stderr(Stdio::null())
            .status()
            .await?;
        ensure!(done.success(), "the worker that registers {} failed", self.name);
        Ok(())
    }
}

/// The ARN of a function of the stand-in.
pub(crate) fn arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:{function}:1")
}

/// A payload as Go's encoding/json writes it.
pub(crate) fn payload(value: &Value) -> Value {
    json!({"metadata": {"encoding": STANDARD.encode("json/plain")},
        "data": STANDARD.encode(value.to_string())})
}
