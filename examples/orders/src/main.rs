use std::{process::ExitCode, time::Duration};
use temporal_serverless_worker::ServerlessWorker;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};

#[workflow]
#[derive(Default)]
pub struct Order;

#[workflow_methods]
impl Order {
    #[run(name = "order")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, item: String) -> WorkflowResult<String> {
        let options = ActivityOptions::start_to_close_timeout(Duration::from_secs(10));
        Ok(ctx.execute_activity(Shop::pack, item, options).await?)
    }
}

pub struct Shop;

#[activities]
impl Shop {
    #[activity(name = "pack")]
    async fn pack(_: ActivityContext, item: String) -> Result<String, ActivityError> {
        Ok(format!("{item}, packed"))
    }
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    let result = temporal_serverless_worker::block_on(async {
        ServerlessWorker::builder("orders")
            .register_workflow::<Order>()
            .register_activities(Shop)
            .build()?
            .serve()
            .await
    });
    match result.flatten() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
