//! Watches and decisions in sentences.

use wci_contract::LaunchStrategy;

use crate::{
    event::{Decision, WatchResult},
    phrase::{backlog, count, rate, span},
    reason::explain,
    time::Millis,
};

impl WatchResult {
    pub(super) fn describe(&self) -> String {
        let mut text = match backlog(&self.stats) {
            None if self.end == "time-up" => {
                "The watch reached its time limit and found no waiting tasks".to_owned()
            }
            None => "The watch found no waiting tasks".to_owned(),
            Some(waiting) => {
                let arrive = rate(self.stats.values().map(|stats| stats.arrival_rate));
                let dispatched = rate(self.stats.values().map(|stats| stats.dispatch_rate));
                format!(
                    "The watch found waiting tasks: {waiting}; {arrive} arrive, {dispatched} are \
                     dispatched"
                )
            }
        };
        if let Some(workers) = self.workers {
            let verb = if workers.seen == 1 { "polls" } else { "poll" };
            text.push_str(&format!(
                "; {} {verb}, with {}",
                count(workers.seen, "worker"),
                count(workers.slots_free, "free slot")
            ));
        }
        text
    }
}

impl Decision {
    fn is_worker_set(&self) -> bool {
        self.set_size.is_some() || LaunchStrategy::of(&self.provider).is_worker_set()
    }

    pub(super) fn describe(&self, at: Millis) -> String {
        let action = match (self.workers, self.set_size) {
            (_, Some(size)) => format!("set the size of its worker set to {size}"),
            (0, None) if self.is_worker_set() => "keep the size of its worker set".to_owned(),
            (0, None) => "start no workers".to_owned(),
            (workers, None) => format!("start {}", count(workers, "worker")),
        };
        let mut text = format!("Decided for {} to {action}", self.group);
        let reasons = self.reasons.iter().map(|line| explain(line, self.is_worker_set()).text);
        let reasons: Vec<String> = reasons.collect();
        if !reasons.is_empty() {
            text.push_str(": ");
            text.push_str(&reasons.join("; "));
        }
        if let Some(wake) = self.wake_at.filter(|wake| *wake > at) {
            text.push_str(&format!(". Next decision in {} at the latest", span(wake - at)));
        }
        text
    }
}
