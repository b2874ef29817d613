use super::*;
use crate::environment::Environment;
use temporalio_sdk_core::SlotKindType;

const SECOND: Duration = Duration::from_secs(1);

fn worker() -> ServerlessWorker {
    let environment = Environment::default();
    ServerlessWorker::builder("orders")
        .deployment_name("shop")
        .build_id("v1")
        .worker_options(|_| ())
        .build_in(&environment)
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_never_polls_is_an_error() {
    let ledger = Ledger::new(Instant::now());
    let error = nothing_to_do(&ledger, &worker().settings).await.unwrap_err();
    assert!(matches!(error, Error::NotPolling { waited_ms: 10_000 }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_running_task_outlasts_the_idle_timeout_and_its_end_restarts_it() {
    let (ledger, worker) = (Ledger::new(Instant::now()), worker());
    ledger.polling();
    let task = async {
        tokio::time::sleep(3 * SECOND).await;
        ledger.begun(SlotKindType::Activity);
        tokio::time::sleep(60 * SECOND).await;
        ledger.ended(SlotKindType::Activity);
    };
    let (reason, ()) = tokio::join!(nothing_to_do(&ledger, &worker.settings), task);
    assert_eq!(reason.unwrap(), LeaveReason::Idle);
    assert_eq!(ledger.now().as_secs(), 3 + 60 + 5);
}

#[tokio::test(start_paused = true)]
async fn without_an_idle_timeout_nothing_ends_the_wait() {
    let (ledger, mut worker) = (Ledger::new(Instant::now()), worker());
    worker.settings.timing.idle_timeout = None;
    ledger.polling();
    let wait = nothing_to_do(&ledger, &worker.settings);
    assert!(timeout(3600 * SECOND, wait).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn activities_that_outlast_the_stop_timeout_are_given_up_and_counted() {
    let ledger = Ledger::new(Instant::now());
    ledger.begun(SlotKindType::Activity);
    let abandon = CancellationToken::new();
    let plan = DrainPlan::new(&Timing::default(), None);
    let mut signals = Signals::of_process().unwrap();
    // A worker whose activity ends only when it is given up.
    let run = pin!(async {
        abandon.cancelled().await;
        ledger.ended(SlotKindType::Activity);
        Ok(())
    });
    let activity = drain(run, plan, &ledger, &abandon, &mut signals).await;
    assert_eq!(ledger.now(), 5 * SECOND);
    assert_eq!((activity.running.activity, activity.done.activity), (1, 0));
    assert_eq!(ledger.activity().running.total(), 0, "its failure was reported");
}

#[tokio::test]
async fn a_worker_with_nothing_registered_is_refused() {
    let builder = ServerlessWorker::builder("orders").deployment_name("shop").build_id("v1");
    let refused = builder.build_in(&Environment::default()).map(|_| ());
    assert!(matches!(refused, Err(Error::NothingRegistered)));
}
