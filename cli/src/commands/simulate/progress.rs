//! Shows the progress of a long simulation on stderr, if that is a terminal.

use std::{
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use wci_charts::{count, span};
use wci_simulator::Progress;

/// No progress is shown before this time.
const SHORT: Duration = Duration::from_millis(500);

/// The progress display of one simulation.
pub(super) struct ProgressDisplay {
    name: &'static str,
    bar: Option<ProgressBar>,
    began: Instant,
}

impl ProgressDisplay {
    pub(super) fn new(name: &'static str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::new_spinner().with_style(style)
        });
        Self { name, bar, began: Instant::now() }
    }

    /// Shows the current progress.
    pub(super) fn show(&self, progress: Progress) {
        let Some(bar) = self.bar.as_ref().filter(|_| self.began.elapsed() > SHORT) else { return };
        bar.set_message(format!(
            "{}: {} tasks arrived, {} done, {} simulated",
            self.name,
            count(progress.arrived),
            count(progress.done),
            span(progress.now.as_ms()),
        ));
        bar.tick();
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
