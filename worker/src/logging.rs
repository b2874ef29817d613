//! The log: on stderr, so that stdout stays data.

use std::io::{IsTerminal, stderr};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// The AWS SDK shows access key IDs at debug and below, whatever `RUST_LOG` asks for.
fn is_fit_to_be_kept(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || !metadata.target().starts_with("aws_")
}

/// Sends the log of this process to stderr. `RUST_LOG` wins over `level`.
pub(crate) fn start(level: &str, format: LogFormat) -> anyhow::Result<()> {
    // The SDK and the HTTP stack below it speak of their own troubles at warn.
    let default = format!("warn,wci={level},wci_activities={level},wci_providers={level}");
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(given) if !given.is_empty() => EnvFilter::try_new(&given)
            .map_err(|e| anyhow::anyhow!("RUST_LOG={given:?} is not a log filter: {e}"))?,
        _ => EnvFilter::try_new(default)?,
    };
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(is_fit_to_be_kept));
    let layer = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    match format {
        LogFormat::Text => registry.with(layer).try_init()?,
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init()?,
    }
    Ok(())
}
