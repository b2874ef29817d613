//! A connection to Temporal over which a query never brings a worker news.
//!
//! The server sends a query that no workflow task can carry with the history as it stands when the
//! query is handed out. Between two workflow tasks that history ends with news: signals, results,
//! timers. Core 0.10.1 of the SDK runs workflow code on them at once, as if a workflow task had
//! brought them, with the time of an earlier one, and what is recorded after that cannot be
//! replayed. Here the news is cut off on its way: the workflow task that brings it is on its way,
//! too.
//!
//! Give [`settled`]'s connection to workers that run workflow code, and use the one that it was
//! made from for everything else.

mod history;
mod passage;

use std::sync::Arc;

use futures::FutureExt;
use temporalio_client::{
    Connection, ConnectionOptions, Url,
    callback_based::{CallbackBasedGrpcService, GrpcRequest},
    errors::ClientConnectError,
};

/// A connection for workers, by way of `server`: no other is made, and nothing is asked.
///
/// It takes the calls that a worker of core 0.10.1 makes, and refuses others by name
/// (`UNIMPLEMENTED`).
///
/// # Errors
/// Those of [`Connection::connect`], of which none is known that applies.
pub async fn settled(server: &Connection) -> Result<Connection, ClientConnectError> {
    let identity = server.identity().to_owned();
    let server = server.clone();
    let callback = move |request: GrpcRequest| passage::pass(server.clone(), request).boxed();
    let service = CallbackBasedGrpcService { callback: Arc::new(callback) };
    let options = ConnectionOptions::new(nowhere()?)
        .identity(identity)
        .service_override(service)
        .dns_load_balancing(None)
        .build();
    Connection::connect(options).await
}

/// The options want an address; calls go where the other connection leads.
fn nowhere() -> Result<Url, ClientConnectError> {
    let parsed = Url::parse("http://by-way-of-another-connection");
    parsed.map_err(|error| ClientConnectError::InvalidConfig(error.to_string()))
}
