//! A Temporal connection over which queries never deliver unapplied events to a worker.
//!
//! When no workflow task can carry a query, the server dispatches it directly, with the workflow's
//! history at that moment. Between two workflow tasks that history ends with unapplied events:
//! signals, results and timers that no workflow task has delivered yet. Core 0.10.1 of the SDK
//! runs workflow code on them immediately, as if a workflow task had delivered them, with the time
//! of an earlier one. What the workflow then records cannot be replayed.
//!
//! This connection truncates the unapplied events before the worker sees them. Nothing is lost:
//! the workflow task that delivers them follows.
//!
//! Give [`query_safe_connection`]'s result to workers that run workflow code. All other calls pass
//! as they are, so activities can use the worker's client.
//!
//! With [`Bounds`], the connection also bounds the memory of a worker whose tasks other clients of
//! the namespace can make as large as the server allows: it replaces payloads, drops tasks with
//! histories, and delays tasks beyond a number of bytes.

mod bounds;
mod calls;
mod history;
mod in_flight;
mod proxy;

use std::{sync::Arc, time::Duration};

pub use bounds::Bounds;
use futures::FutureExt;
use temporalio_client::{
    Connection, ConnectionOptions, Url,
    callback_based::{CallbackBasedGrpcService, GrpcRequest},
    errors::ClientConnectError,
};

use proxy::Proxy;

/// How long a poll lasts at most over a connection without bounds. The server answers a second
/// earlier. A worker that leaves waits for its last polls, unless the server can end them: those of
/// core 0.10.1 would last for more than a minute. The server warns of less than 20 s.
pub const MAX_POLL: Duration = Duration::from_secs(21);

/// Creates a query-safe connection for workers that sends its calls over `server`.
///
/// It opens no connection of its own and calls nothing while it is created. It forwards every call
/// of every service, except the stream of the health service, which it answers with
/// `UNIMPLEMENTED`.
///
/// # Errors
/// Those of [`Connection::connect`]. None of them is known to occur here.
pub async fn query_safe_connection(server: &Connection) -> Result<Connection, ClientConnectError> {
    connection(server, None).await
}

/// Creates a query-safe connection that delivers nothing beyond `bounds`.
///
/// # Errors
/// Those of [`query_safe_connection`].
pub async fn bounded_query_safe_connection(
    server: &Connection,
    bounds: Bounds,
) -> Result<Connection, ClientConnectError> {
    connection(server, Some(bounds)).await
}

async fn connection(
    server: &Connection,
    bounds: Option<Bounds>,
) -> Result<Connection, ClientConnectError> {
    let identity = server.identity().to_owned();
    let proxy = Arc::new(Proxy::new(server.clone(), bounds));
    let callback = move |request: GrpcRequest| {
        let proxy = Arc::clone(&proxy);
        async move { proxy.forward(request).await }.boxed()
    };
    let service = CallbackBasedGrpcService { callback: Arc::new(callback) };
    let options = ConnectionOptions::new(placeholder()?)
        .identity(identity)
        .service_override(service)
        .dns_load_balancing(None)
        .build();
    Connection::connect(options).await
}

/// The options require an address, which the service override leaves unused.
fn placeholder() -> Result<Url, ClientConnectError> {
    let parsed = Url::parse("http://forwarded-to-another-connection");
    parsed.map_err(|error| ClientConnectError::InvalidConfig(error.to_string()))
}
