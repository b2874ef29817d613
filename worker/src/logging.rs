//! Logging to stderr; stdout is for data.

mod escaping;

use std::io::stderr;

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use escaping::Escaping;

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The AWS SDK logs access key IDs at debug and below, so these are dropped even if `RUST_LOG`
/// enables them.
fn is_loggable(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || !metadata.target().starts_with("aws_")
}

/// Starts logging to stderr. `RUST_LOG` overrides `level`.
pub(crate) fn start(level: &str, format: LogFormat) -> anyhow::Result<()> {
    // The SDK and its HTTP stack log their own errors at warn.
    let default = format!("warn,wci={level},wci_activities={level},wci_providers={level}");
    let filter = match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(given) if !given.is_empty() => EnvFilter::try_new(&given)
            .map_err(|e| anyhow::anyhow!("RUST_LOG={given:?} is not a log filter: {e}"))?,
        _ => EnvFilter::try_new(default)?,
    };
    let registry = tracing_subscriber::registry().with(filter).with(filter_fn(is_loggable));
    // Without colours: the log holds no escape sequence, whoever it is from.
    let layer = fmt::layer().with_ansi(false);
    match format {
        LogFormat::Text => registry.with(layer.with_writer(Escaping)).try_init()?,
        LogFormat::Json => {
            registry.with(layer.json().flatten_event(true).with_writer(stderr)).try_init()?;
        }
    }
    Ok(())
}
