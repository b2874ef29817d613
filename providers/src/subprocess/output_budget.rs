//! How much the processes of one namespace may write to the system worker's log. Whoever keeps the
//! log pays for it by the byte, and one that is full tells nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_secs(60);

/// The bytes that the processes of one namespace wrote in this minute.
#[derive(Debug)]
pub(super) struct OutputBudget {
    namespace: String,
    bytes_per_minute: u64,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    written: u64,
}

/// The budgets of all namespaces.
#[derive(Debug, Default)]
pub(super) struct OutputBudgets(Mutex<BTreeMap<String, Arc<OutputBudget>>>);

impl OutputBudgets {
    /// The budget of `namespace`.
    pub(super) fn of(&self, namespace: &str, bytes_per_minute: u64) -> Arc<OutputBudget> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(OutputBudget::new(namespace, bytes_per_minute, Instant::now()));
        Arc::clone(all.entry(namespace.to_owned()).or_insert_with(new))
    }
}

impl OutputBudget {
    fn new(namespace: &str, bytes_per_minute: u64, now: Instant) -> Self {
        let window = Mutex::new(Window { began: now, written: 0 });
        Self { namespace: namespace.to_owned(), bytes_per_minute, window }
    }

    /// Whether a line of `bytes` may be logged. Logs once a minute that lines are dropped.
    pub(super) fn admits(&self, bytes: usize) -> bool {
        let (is_admitted, is_first) = self.count(bytes, Instant::now());
        if is_first {
            tracing::warn!(
                namespace = self.namespace,
                bytes_per_minute = self.bytes_per_minute,
                "the worker processes of the namespace write more than \
                 max_log_bytes_per_minute: dropping their output for the rest of this minute"
            );
        }
        is_admitted
    }

    /// Whether `bytes` fit, and whether they are the first of this minute that do not.
    fn count(&self, bytes: usize, now: Instant) -> (bool, bool) {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(window.began) >= WINDOW {
            *window = Window { began: now, written: 0 };
        }
        let was_open = window.written <= self.bytes_per_minute;
        window.written = window.written.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let is_admitted = window.written <= self.bytes_per_minute;
        (is_admitted, was_open && !is_admitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processes_of_a_namespace_share_the_bytes_of_a_minute() {
        let now = Instant::now();
        let budget = OutputBudget::new("orders", 100, now);
        assert_eq!(budget.count(60, now), (true, false));
        assert_eq!(budget.count(40, now), (true, false));
        assert_eq!(budget.count(1, now), (false, true), "reported once");
        assert_eq!(budget.count(1, now), (false, false));
        assert_eq!(budget.count(100, now + WINDOW), (true, false));
        let budgets = OutputBudgets::default();
        assert!(Arc::ptr_eq(&budgets.of("a", 1), &budgets.of("a", 1)));
    }
}
