//! The workflow `greet` and its activity `compose-greeting`.

#![expect(unreachable_pub, reason = "the macros name these types in public items")]

use serde::{Deserialize, Serialize};
use std::time::Duration;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};

/// How much longer than its work an activity may take before the server retries it.
const MARGIN: Duration = Duration::from_secs(30);

/// The input of the workflow and of the activity: `{"name": "Ada", "work_ms": 200}`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Greeting {
    /// Who is greeted.
    name: String,
    /// How long composing the greeting takes, in milliseconds; 0 by default.
    #[serde(default)]
    work_ms: u64,
}

impl Greeting {
    fn work(&self) -> Duration {
        Duration::from_millis(self.work_ms)
    }
}

/// The workflow `greet`.
#[workflow]
#[derive(Default)]
pub struct Greet;

#[workflow_methods]
impl Greet {
    /// Composes a greeting in an activity.
    #[run(name = "greet")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        greeting: Greeting,
    ) -> WorkflowResult<String> {
        let limit = greeting.work().saturating_add(MARGIN);
        let options = ActivityOptions::start_to_close_timeout(limit);
        let composed = ctx.execute_activity(Activities::compose_greeting, greeting, options);
        Ok(composed.await?)
    }
}

/// The activities of this worker.
pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "compose-greeting")]
    async fn compose_greeting(
        ctx: ActivityContext,
        greeting: Greeting,
    ) -> Result<String, ActivityError> {
        tokio::select! {
            () = tokio::time::sleep(greeting.work()) => Ok(format!("Hello, {}!", greeting.name)),
            // A worker that shuts down cancels its activities before it abandons them.
            () = ctx.cancelled() => Err(ActivityError::cancelled()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_optional_in_the_input() {
        let greeting: Greeting = serde_json::from_str(r#"{"name": "Ada"}"#).unwrap();
        assert_eq!((greeting.name.as_str(), greeting.work_ms), ("Ada", 0));
    }
}
