//! The visibility of instances: how Temporal's tools find them.

use temporalio_client::WorkflowDescribeOptions;
use wci_contract::{messages::Memo, names};
use wci_tests::{SOON, World, wait_for};

/// The memo and the search attribute by which Temporal's tools find instances.
#[tokio::test]
async fn memo_and_search_attribute_are_those_that_clients_look_for() {
    let world = World::new().await;
    let version = world.version("found");
    version.wci("claim", &[]).await.ok();
    let handle = version.handle();
    let found = handle.describe(WorkflowDescribeOptions::default()).await.unwrap();
    let info = found.raw().workflow_execution_info.clone().unwrap();
    let memo: Memo = serde_json::from_slice(&info.memo.unwrap().fields[names::MEMO].data).unwrap();
    assert_eq!((&*memo.deployment_name, &*memo.build_id), ("found", "v1"));
    let since = version.dump().await.unwrap().create_time.unwrap();
    assert_eq!(memo.create_time.seconds, since.seconds);
    let attributes = info.search_attributes.unwrap().indexed_fields;
    let division = &attributes[names::DIVISION_ATTRIBUTE];
    assert_eq!(division.data, format!("{:?}", names::DIVISION).as_bytes());
}

/// The queries of Temporal's documentation and of its own services.
#[tokio::test]
async fn workflow_list_finds_running_instances_by_the_queries_that_clients_use() {
    let world = World::new().await;
    let version = world.version("listed");
    version.wci("claim", &[]).await.ok();
    let id = version.id.workflow_id();
    let kind = names::INSTANCE_WORKFLOW;
    let division = format!("TemporalNamespaceDivision = '{}'", names::DIVISION);
    let full = format!("WorkflowType = '{kind}' AND {division} AND ExecutionStatus = 'Running'");
    for query in [&full, &division] {
        wait_for("the instance to be listed", SOON, async || {
            let output = world.temporal(&["workflow", "list", "--query", query]).await.ok();
            output.stdout.contains(&id).then_some(())
        })
        .await;
    }
    let without = format!("WorkflowType = '{kind}'");
    let output = world.temporal(&["workflow", "list", "--query", &without]).await.ok();
    assert!(!output.stdout.contains(&id), "no division was named:\n{}", output.stdout);
    let count = world.temporal(&["workflow", "count", "--query", &full]).await.ok();
    assert!(count.stdout.contains('1'), "{}", count.stdout);
}
