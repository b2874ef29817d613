//! The reasons that decisions give, in words: the one place where each is explained.

use std::collections::BTreeMap;

use wci_contract::decision::reason_name;

use super::words::{many, span};

/// A reason's line, taken apart: `launch_failed(throttled) failures=2 wait_ms=1000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    line: &'a str,
    pub(crate) name: &'a str,
    /// The kind of trouble, where the line names one.
    class: &'a str,
    numbers: BTreeMap<&'a str, i64>,
}

/// What a reason means.
pub(crate) struct Meaning {
    /// As it stands in history and in metrics.
    pub(crate) name: &'static str,
    /// What it says with its numbers.
    words: fn(&Line<'_>) -> String,
    /// What somebody could do about it, if anything.
    pub(crate) advice: Option<&'static str>,
}

impl<'a> Line<'a> {
    pub(crate) fn parse(line: &'a str) -> Self {
        let name = reason_name(line);
        let rest = line.get(name.len()..).unwrap_or_default();
        let (class, rest) =
            rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).unwrap_or(("", rest));
        let number = |word: &'a str| {
            let (key, value) = word.split_once('=')?;
            Some((key, value.parse().ok()?))
        };
        let numbers = rest.split_whitespace().filter_map(number).collect();
        Self { line, name, class, numbers }
    }

    /// The reason in words. One that this build does not know stands as it is.
    pub(crate) fn words(&self) -> String {
        self.meaning().map_or_else(|| self.line.to_owned(), |meaning| (meaning.words)(self))
    }

    /// The same of a group whose provider keeps a set of workers: what is launched there is a size.
    pub(crate) fn words_of_set(&self) -> String {
        match (self.name, self.number("started")) {
            ("launch_succeeded", 0) => "the provider took the size".to_owned(),
            ("launch_succeeded", _) => {
                format!("the provider took the size, {} more", self.many("started", "worker"))
            }
            ("launch_failed", _) => {
                let (failures, wait) = (self.number("failures"), self.span("wait_ms"));
                format!(
                    "the provider did not take the size ({}), {failures} in a row: it is told \
                     again in {wait}",
                    self.class
                )
            }
            ("probing", _) => {
                let failures = self.many("failures", "failure");
                format!("after {failures} in a row the size is told again")
            }
            _ => self.words(),
        }
    }

    /// What somebody could do about it.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        self.meaning()?.advice
    }

    fn meaning(&self) -> Option<&'static Meaning> {
        meanings().iter().find(|meaning| meaning.name == self.name)
    }

    fn number(&self, key: &str) -> i64 {
        self.numbers.get(key).copied().unwrap_or(0)
    }

    fn many(&self, key: &str, noun: &str) -> String {
        many(self.number(key), noun)
    }

    /// How many tasks wait.
    fn wait(&self) -> String {
        let verb = if self.number("waiting") == 1 { "waits" } else { "wait" };
        format!("{} {verb}", self.many("waiting", "task"))
    }

    /// So many workers, and the verb that goes with them.
    fn workers_are(&self, key: &str) -> String {
        let verb = if self.number(key) == 1 { "is" } else { "are" };
        format!("{} {verb}", self.many(key, "worker"))
    }

    fn span(&self, key: &str) -> String {
        span(self.number(key))
    }
}

/// Every reason that this build can explain.
pub(crate) fn meanings() -> &'static [Meaning] {
    MEANINGS
}

const fn means(name: &'static str, words: fn(&Line<'_>) -> String) -> Meaning {
    Meaning { name, words, advice: None }
}

const fn advises(
    name: &'static str,
    advice: &'static str,
    words: fn(&Line<'_>) -> String,
) -> Meaning {
    Meaning { name, words, advice: Some(advice) }
}

static MEANINGS: &[Meaning] = &[
    means("tasks_announced", |l| format!("{} found no worker", l.many("misses", "task"))),
    means("announced_late", |l| {
        format!("{} had been seen in the backlog before", l.many("misses", "announced task"))
    }),
    means("sync_match", |l| format!("{} found a worker at once", l.many("syncs", "task"))),
    means("backlog", |l| match l.number("threshold") {
        0 => l.wait(),
        most => format!("{}, more than the {most} that may", l.wait()),
    }),
    means("deficit", |l| {
        let workers = l.many("workers", "worker");
        match l.number("covered") {
            0 => format!("{}, which asks for {workers}", l.wait()),
            covered => format!(
                "{}, {covered} of them are taken care of: the rest asks for {workers}",
                l.wait()
            ),
        }
    }),
    means("in_flight_covers", |l| {
        format!("{}, and {} on the way for that", l.wait(), l.workers_are("in_flight"))
    }),
    means("slots_free", |l| {
        let slots = l.many("free", "slot");
        format!("{}, and workers that are there have {slots} free", l.wait())
    }),
    means("in_doubt", |l| {
        let age = l.span("age_ms");
        format!(
            "{}, the oldest for {age}: one more worker is tried, whatever else is known",
            l.wait()
        )
    }),
    means("worker_lifetime_over", |l| {
        let since = l.span("since_ms");
        format!("{}, and the last start was {since} ago, longer than a worker lives", l.wait())
    }),
    means("below_min", |l| {
        format!("{} there, and {} are to be kept", l.workers_are("workers"), l.number("min"))
    }),
    means("desired", |l| {
        let workers = l.many("workers", "worker");
        format!("rates and backlog ask for {workers}; planned before: {}", l.number("planned"))
    }),
    means("cooloff", |l| {
        format!("the last start is too recent: no other for {}", l.span("remaining_ms"))
    }),
    means("scale_up_cooldown", |l| {
        format!("the last step up is too recent: no other for {}", l.span("remaining_ms"))
    }),
    means("scale_down_cooldown", |l| {
        format!("the last step down is too recent: no other for {}", l.span("remaining_ms"))
    }),
    means("no_sync_quiet", |l| {
        let remaining = l.span("remaining_ms");
        format!("tasks found no worker lately: none is taken away for {remaining}")
    }),
    advises("suppressed", "see whether the work waits for something else than workers", |l| {
        let remaining = l.span("remaining_ms");
        format!("more workers have not made the queue any faster: no other for {remaining}")
    }),
    advises("rate_limited_queue", "raise the rate limit of the task queue, if it has one", |l| {
        let (rate, remaining) = (l.number("per_minute"), l.span("remaining_ms"));
        format!(
            "{}, but {rate} a minute are taken however many workers there are: no other for \
             {remaining}",
            l.wait()
        )
    }),
    advises("max_count", "raise the most workers that the scaler may plan", |l| {
        format!("{} planned, of {} at the most", l.workers_are("planned"), l.number("max"))
    }),
    means("min_count", |l| {
        format!("{} planned, of {} at the least", l.workers_are("planned"), l.number("min"))
    }),
    advises(
        "at_max_concurrent",
        "raise the most workers of the scaler, if the provider allows more",
        |l| format!("{} there, of {} at the most", l.workers_are("workers"), l.number("max")),
    ),
    advises(
        "rate_budget_spent",
        "raise the most workers that the scaler may ask for in a minute",
        |l| {
            let (asked, max) = (l.many("asked", "worker"), l.number("max"));
            let remaining = l.span("remaining_ms");
            format!(
                "{asked} asked for within a minute, of {max} at the most: no other for {remaining}"
            )
        },
    ),
    advises("too_many_launches", "see whether the provider hangs", |l| {
        format!("as many launches are under way as may be: {}", l.number("launches"))
    }),
    means("launch_succeeded", |l| format!("a launch started {}", l.many("started", "worker"))),
    advises("launch_failed", ASK_PROVIDER, |l| {
        let (failures, wait) = (l.number("failures"), l.span("wait_ms"));
        format!("a launch failed ({}), {failures} in a row: the next try is in {wait}", l.class)
    }),
    advises("backing_off", ASK_PROVIDER, |l| {
        let remaining = l.span("remaining_ms");
        format!("the provider refused lately ({}): it is asked again in {remaining}", l.class)
    }),
    means("probing", |l| {
        let failures = l.many("failures", "failure");
        format!("after {failures} in a row one worker tries whether the provider is well again")
    }),
    means("start_timed_out", |l| {
        let (workers, after) = (l.many("workers", "worker"), l.span("after_ms"));
        format!("{workers} did not show up within {after}, and count as failed")
    }),
    advises(
        "workers_do_not_appear",
        "check the worker's deployment name, build ID and task queue, its network and credentials",
        |l| {
            let (failed, remaining) = (l.many("failed", "worker"), l.span("remaining_ms"));
            format!("{failed} in a row did not show up: one more is tried in {remaining}")
        },
    ),
    means("workers_left", |l| format!("{} no longer seen", l.workers_are("workers"))),
    means("nothing_waits", |_| "nothing waits".to_owned()),
    advises("nobody_serves", "give a group of the spec file that task type", |l| {
        format!("no group serves the type of {}", l.many("tasks", "announced task"))
    }),
    advises("unsupported_algorithm", "choose a scaler that this build has for the provider", |l| {
        let named = l.line.strip_prefix(l.name).unwrap_or_default().trim();
        format!("this build has no scaler {named:?} for this provider")
    }),
];

/// What helps against trouble with a provider.
const ASK_PROVIDER: &str = "see what the provider said, in the outcome of the launch";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Where the reasons are defined.
    const DEFINITION: &str = include_str!("../../../contract/src/decision.rs");
    /// Where they are explained to users.
    const PAGE: &str = include_str!("../../../docs/explain.md");

    fn words(line: &str) -> String {
        Line::parse(line).words()
    }

    #[test]
    fn a_reason_is_told_with_its_numbers() {
        assert_eq!(words("tasks_announced misses=1"), "1 task found no worker");
        assert_eq!(
            words("launch_failed(access-denied) failures=2 wait_ms=10000"),
            "a launch failed (access-denied), 2 in a row: the next try is in 10s"
        );
        assert_eq!(
            words("too_many_launches launches=8"),
            "as many launches are under way as may be: 8"
        );
        assert_eq!(
            words("deficit waiting=9 covered=4 workers=1"),
            "9 tasks wait, 4 of them are taken care of: the rest asks for 1 worker"
        );
        assert_eq!(
            words("deficit waiting=9 covered=0 workers=1"),
            "9 tasks wait, which asks for 1 worker"
        );
    }

    #[test]
    fn of_a_set_of_workers_it_is_the_size_that_is_told() {
        let words = |line| Line::parse(line).words_of_set();
        assert_eq!(
            words("launch_failed(throttled) failures=2 wait_ms=1000"),
            "the provider did not take the size (throttled), 2 in a row: it is told again in 1s"
        );
        assert_eq!(
            words("launch_succeeded started=1"),
            "the provider took the size, 1 worker more"
        );
        assert_eq!(words("launch_succeeded started=0"), "the provider took the size");
        assert_eq!(words("probing failures=1"), "after 1 failure in a row the size is told again");
        assert_eq!(words("nothing_waits"), "nothing waits");
    }

    #[test]
    fn a_reason_of_a_later_build_stands_as_it_is() {
        for line in ["moon_is_full phase=3", "(", "", "cooler(x", "ä=1"] {
            assert_eq!(words(line), line);
        }
    }

    #[test]
    fn every_reason_of_this_build_is_explained_here_and_in_the_docs() {
        let names = DEFINITION.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
        let names: BTreeSet<&str> = names.filter(|name| !name.contains(' ')).collect();
        assert!(names.len() >= 30, "{names:?}");
        let known: BTreeSet<&str> = meanings().iter().map(|meaning| meaning.name).collect();
        let missing: Vec<_> = names.difference(&known).collect();
        assert!(missing.is_empty(), "say in this file what these reasons mean: {missing:?}");
        let unheard = known.iter().filter(|name| !PAGE.contains(&format!("`{name}")));
        let unheard: Vec<_> = unheard.collect();
        assert!(unheard.is_empty(), "explain these reasons in docs/explain.md: {unheard:?}");
    }
}
