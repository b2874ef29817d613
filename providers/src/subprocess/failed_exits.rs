//! How worker processes exited that failed lately, by launch.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Exits that are kept; the oldest are forgotten first.
const MAX_KEPT: usize = 256;

/// The last failed exits of this process's workers.
#[derive(Debug, Default)]
pub(super) struct FailedExits {
    kept: Mutex<VecDeque<(String, String)>>,
}

impl FailedExits {
    /// Keeps how a worker of `launch_id` exited.
    pub(super) fn keep(&self, launch_id: &str, exit: String) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back((launch_id.to_owned(), exit));
    }

    /// How the last worker of `launch_id` exited that failed.
    pub(super) fn of(&self, launch_id: &str) -> Option<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().find(|(launch, _)| launch == launch_id).map(|(_, exit)| exit.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_failed_exit_of_a_launch_is_kept_and_old_ones_are_forgotten() {
        let exits = FailedExits::default();
        exits.keep("a", "exit code 1".to_owned());
        exits.keep("a", "exit code 3: boom".to_owned());
        assert_eq!(exits.of("a").as_deref(), Some("exit code 3: boom"));
        for n in 0..MAX_KEPT {
            exits.keep(&n.to_string(), String::new());
        }
        assert_eq!((exits.of("a"), exits.of("5")), (None, Some(String::new())));
    }
}
