//! The activities that the workflow code of this process has scheduled.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Activities that are remembered; the oldest are forgotten first, and then checked with the
/// server's help. Watches last longest, and there is one for each instance.
const MAX_ACTIVITIES: usize = 16_384;

/// Run ID and activity ID of what the workflow code of this process scheduled lately. Only the code
/// of this build puts something here, so what is here needs no further check.
#[derive(Debug, Default)]
pub struct ScheduledHere(Mutex<Scheduled>);

#[derive(Debug, Default)]
struct Scheduled {
    known: BTreeSet<(String, String)>,
    oldest: VecDeque<(String, String)>,
}

impl ScheduledHere {
    /// Records that the run `run_id` schedules the activity `activity_id`.
    pub fn record(&self, run_id: &str, activity_id: &str) {
        let mut scheduled = self.lock();
        let key = (run_id.to_owned(), activity_id.to_owned());
        // A replay schedules everything again.
        if !scheduled.known.insert(key.clone()) {
            return;
        }
        scheduled.oldest.push_back(key);
        if scheduled.oldest.len() > MAX_ACTIVITIES
            && let Some(oldest) = scheduled.oldest.pop_front()
        {
            scheduled.known.remove(&oldest);
        }
    }

    pub(crate) fn contains(&self, run_id: &str, activity_id: &str) -> bool {
        self.lock().known.contains(&(run_id.to_owned(), activity_id.to_owned()))
    }

    fn lock(&self) -> MutexGuard<'_, Scheduled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_is_known_by_its_run_and_old_ones_are_forgotten() {
        let here = ScheduledHere::default();
        here.record("run", "1");
        here.record("run", "1");
        assert!(here.contains("run", "1"));
        assert!(!here.contains("run", "2") && !here.contains("other", "1"));
        for id in 0..MAX_ACTIVITIES {
            here.record("busy", &id.to_string());
        }
        assert!(!here.contains("run", "1") && here.contains("busy", "0"));
        assert_eq!(here.lock().known.len(), MAX_ACTIVITIES);
    }
}
