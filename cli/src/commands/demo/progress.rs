//! Shows the progress of the demo on stderr: a progress bar on a terminal, else plain lines.

use std::{
    cell::Cell,
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two plain lines.
const INTERVAL: Duration = Duration::from_secs(1);

/// The progress display of one demo.
pub(super) struct ProgressDisplay {
    tasks: u32,
    bar: Option<ProgressBar>,
    last: Cell<Option<Instant>>,
    began: Instant,
}

impl ProgressDisplay {
    pub(super) fn new(tasks: u32) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(u64::from(tasks));
            let style = ProgressStyle::with_template("{spinner} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { tasks, bar, last: Cell::new(None), began: Instant::now() }
    }

    /// Shows the current step of the preparation.
    pub(super) fn step(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None => crate::output::note(format_args!(
                "{:6.1}s  {what}",
                self.began.elapsed().as_secs_f64()
            )),
        }
    }

    /// Prints a line that stays.
    pub(super) fn note(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| crate::output::note(format_args!("{what}"))),
            None => crate::output::note(format_args!("{what}")),
        }
    }

    /// Switches to the progress of the load.
    pub(super) fn start_load(&self) {
        let style = ProgressStyle::with_template(
            "[{elapsed_precise}] {bar:40.green/black} {pos}/{len} completed, {msg}",
        );
        if let (Some(bar), Ok(style)) = (&self.bar, style) {
            bar.set_style(style);
        }
    }

    /// Shows the progress of the load.
    pub(super) fn update(&self, started: u32, done: u32, workers: u32) {
        let open = started.saturating_sub(done);
        if let Some(bar) = &self.bar {
            bar.set_position(u64::from(done));
            bar.set_message(format!("{open} open, {workers} live workers"));
            return;
        }
        if self.last.get().is_some_and(|last| last.elapsed() < INTERVAL) {
            return;
        }
        self.last.set(Some(Instant::now()));
        let (at, tasks) = (self.began.elapsed().as_secs_f64(), self.tasks);
        crate::output::note(format_args!(
            "{at:6.1}s  {done}/{tasks} completed, {open} open, {workers} live workers"
        ));
    }

    /// Removes the progress bar before the summary is printed.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
