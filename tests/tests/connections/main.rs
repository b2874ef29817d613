//! `wci`, the worker library and the stock Temporal CLI connect with the same settings, side by
//! side on one server; and what `wci` says when it does not connect.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod row;
mod rows;
mod versions;

use futures::{StreamExt, stream};
use wci_tests::{Certificates, World};

use row::{Place, Row};

/// Rows that run at once.
const CONCURRENCY: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wci_the_worker_library_and_the_stock_cli_connect_alike() {
    let world = World::builder().workers(0).start().await;
    let certificates = Certificates::make(world.dir());
    let place = Place::new(&world, &certificates).await;
    let rows: Vec<Row> = rows::all();
    let found: Vec<Vec<String>> =
        stream::iter(&rows).map(|row| row.problems(&place)).buffered(CONCURRENCY).collect().await;
    let problems = found.concat();
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
