//! A connection over which a query never brings news.
//!
//! The server sends a query that no workflow task can carry with the history as it stands when the
//! query is handed out. Between two workflow tasks that history ends with news: signals, results,
//! timers. Core 0.10.1 runs workflow code on them at once, as if a workflow task had brought them,
//! with the time of an earlier one, and a history made like that cannot be replayed (ADR 31). So
//! the news is cut off on its way: the workflow task that brings it is on its way, too.

mod history;
mod passage;

use std::sync::Arc;

use anyhow::Context;
use futures::FutureExt;
use temporalio_client::{
    Connection, ConnectionOptions,
    callback_based::{CallbackBasedGrpcService, GrpcRequest},
};

use crate::connection::Target;

/// A connection for workers that run workflow code, by way of `server`.
pub(crate) async fn connection(server: &Connection, target: &Target) -> anyhow::Result<Connection> {
    let server = server.clone();
    let callback = move |request: GrpcRequest| passage::pass(server.clone(), request).boxed();
    let service = CallbackBasedGrpcService { callback: Arc::new(callback) };
    // How to reach the server, and as whom, is the matter of `server`.
    let options = ConnectionOptions::new(target.options.target.clone())
        .identity(target.options.identity.clone())
        .service_override(service)
        .dns_load_balancing(None)
        .build();
    Connection::connect(options).await.context("cannot ask the server what it can do")
}
