//! What comes before an event is decoded and after it is answered.

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

/// Whether an invocation is on its way, from its event until its answer is delivered.
#[derive(Clone, Debug, Default)]
pub(super) struct Busy(watch::Sender<bool>);

impl Busy {
    /// Waits until no invocation is on its way.
    pub(super) async fn over(&self) {
        // The sender is in our hands, so it cannot be gone.
        let _ = self.0.subscribe().wait_for(|busy| !busy).await;
    }
}

/// Takes any event: a worker starts whatever the body is, and Temporal's controllers send none.
/// `lambda_runtime` would refuse an empty body before the handler sees it.
pub(super) struct AnyEvent(pub(super) Busy);

impl<S> Layer<S> for AnyEvent {
    type Service = Answering<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Answering { inner, busy: self.0.clone() }
    }
}

/// [`AnyEvent`]'s service.
pub(super) struct Answering<S> {
    inner: S,
    busy: Busy,
}

impl<S> Service<LambdaInvocation> for Answering<S>
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
        let busy = self.busy.clone();
        busy.0.send_replace(true);
        let answered = self.inner.call(invocation);
        Box::pin(async move {
            let answered = answered.await;
            busy.0.send_replace(false);
            answered
        })
    }
}
