//! Signals that ask the worker to leave.

use crate::error::Error;
use std::future::pending;

/// A signal that asks the worker to leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StopSignal {
    /// SIGTERM: the platform is done with us.
    Terminate,
    /// SIGINT: someone pressed Ctrl-C.
    Interrupt,
}

/// Where an invocation's signals come from.
pub(crate) enum Signals {
    /// The process's own.
    #[cfg(unix)]
    Process { terminate: tokio::signal::unix::Signal, interrupt: tokio::signal::unix::Signal },
    /// The console's, where there are no Unix signals.
    #[cfg(not(unix))]
    Console,
    /// Those that someone else took and passes on.
    #[cfg(feature = "lambda")]
    Relayed(tokio::sync::watch::Receiver<Option<StopSignal>>),
}

impl Signals {
    /// Listens from now on; the process no longer ends by itself on these signals.
    #[cfg(unix)]
    pub(crate) fn of_process() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen =
            |kind| signal(kind).map_err(|error| Error::Process(format!("signals: {error}")));
        Ok(Self::Process {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn of_process() -> Result<Self, Error> {
        Ok(Self::Console)
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> StopSignal {
        match self {
            #[cfg(unix)]
            Self::Process { terminate, interrupt } => {
                tokio::select! {
                    Some(()) = terminate.recv() => StopSignal::Terminate,
                    Some(()) = interrupt.recv() => StopSignal::Interrupt,
                    else => pending().await,
                }
            }
            #[cfg(feature = "lambda")]
            Self::Relayed(told) => loop {
                if told.changed().await.is_err() {
                    pending().await
                }
                if let Some(signal) = *told.borrow_and_update() {
                    break signal;
                }
            },
            #[cfg(not(unix))]
            Self::Console => match tokio::signal::ctrl_c().await {
                Ok(()) => StopSignal::Interrupt,
                Err(_) => pending().await,
            },
        }
    }
}
