//! Versions whose names contain slashes.

use wci_tests::World;

#[tokio::test]
async fn the_version_that_exists_is_shown_and_a_command_that_changes_one_wants_a_colon() {
    let world = World::new().await;
    world.wci(&["claim", "team/orders:v1"]).await.ok();
    let shown = world.wci(&["describe", "team/orders/v1", "-o", "json"]).await.ok().json();
    assert_eq!(shown["deployment"], "team/orders", "{shown:#}");
    world.wci(&["explain", "team/orders/v1"]).await.ok();
    let said = world.wci(&["describe", "team/orders/v2"]).await;
    let words = "none of team:orders/v2 and team/orders:v2 exists";
    assert!(said.code == Some(1) && said.stderr.contains(words), "{said:?}");
    for command in [&["delete", "--yes"][..], &["release"], &["adopt"], &["claim"]] {
        let said = world.wci(&[command, &["team/orders/v1"]].concat()).await;
        let words = "team:orders/v1 or team/orders:v1: write the version with a colon";
        assert!(said.code == Some(2) && said.stderr.contains(words), "{said:?}");
    }
    world.wci(&["delete", "--yes", "team/orders:v1"]).await.ok();
}
