//! Accepting events with any body, and tracking the invocation in flight.

use lambda_runtime::{
    Error as BoxError, LambdaInvocation,
    tower::{Layer, Service},
};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::watch;

/// Whether an invocation is in flight: from its event until its response is delivered.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(watch::Sender<bool>);

impl InFlight {
    /// Waits until no invocation is in flight.
    pub(super) async fn none(&self) {
        // Fails only without a sender, and `self` holds one.
        let _ = self.0.subscribe().wait_for(|in_flight| !in_flight).await;
    }
}

/// Replaces the body of each event.
///
/// The worker ignores the body, and Temporal's controllers send none, but `lambda_runtime` would
/// reject an empty body before it reaches the handler.
pub(super) struct AnyEventLayer(pub(super) InFlight);

impl<S> Layer<S> for AnyEventLayer {
    type Service = AnyEventService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AnyEventService { inner, in_flight: self.0.clone() }
    }
}

/// The service of [`AnyEventLayer`].
pub(super) struct AnyEventService<S> {
    inner: S,
    in_flight: InFlight,
}

impl<S> Service<LambdaInvocation> for AnyEventService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = BoxError>,
    S::Future: 'static,
{
    type Response = ();
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<(), BoxError>>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> Self::Future {
        invocation.body = "null".into();
        let in_flight = self.in_flight.clone();
        in_flight.0.send_replace(true);
        let response = self.inner.call(invocation);
        Box::pin(async move {
            let delivered = response.await;
            in_flight.0.send_replace(false);
            delivered
        })
    }
}
