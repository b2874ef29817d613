//! Detects when more workers do not help: the queue, or something behind it, limits the rate.

use serde_json::{Map, Value};

use super::fields::{Fields, put};
use crate::number;

/// The relative change up to which a dispatch rate counts as the same.
const SAME: f64 = 0.1;
/// After this time the rate should show the effect of added workers, milliseconds; the server's
/// rates are means over half a minute.
const PATIENCE_MS: i64 = 15_000;
/// How often that time doubles.
const MAX_DOUBLINGS: u32 = 3;

/// Workers that were added while tasks waited and others were dispatched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Push {
    /// When, milliseconds since the Unix epoch.
    at_ms: i64,
    /// Tasks that waited.
    waiting: u64,
    /// Tasks dispatched each second before.
    rate: f64,
    /// Workers before.
    workers: u64,
    /// How often in a row more workers did not help.
    fruitless: u32,
}

impl Push {
    pub(super) fn read(fields: Fields<'_>) -> Option<Self> {
        let fields = fields.object("push")?;
        Some(Self {
            at_ms: fields.time("at_ms")?,
            waiting: fields.count("waiting")?,
            rate: fields.amount("rate").filter(|rate| *rate > 0.0)?,
            workers: fields.count("workers")?,
            fruitless: fields.count("fruitless").map_or(0, |n| u32::try_from(n).unwrap_or(9)),
        })
    }

    pub(super) fn to_json(self) -> Map<String, Value> {
        let mut map = Map::new();
        put(&mut map, "at_ms", Some(self.at_ms));
        put(&mut map, "waiting", i64::try_from(self.waiting).ok().or(Some(i64::MAX)));
        put(&mut map, "rate", Some(number::to_json(self.rate)));
        put(&mut map, "workers", i64::try_from(self.workers).ok().or(Some(i64::MAX)));
        put(&mut map, "fruitless", (self.fruitless > 0).then_some(self.fruitless));
        map
    }

    /// The push after workers are added to `workers` while `waiting` tasks wait and `rate` a second
    /// are dispatched. While the queue `is_limited`, no change of the rate comes from them.
    pub(super) fn after(
        before: Option<Self>,
        now_ms: i64,
        (waiting, rate): (u64, f64),
        workers: u64,
        is_limited: bool,
    ) -> Option<Self> {
        let is_same = |push: &Self| is_limited || push.is_same(rate);
        match before {
            Some(push) if is_same(&push) && push.until_ms() <= now_ms => {
                let fruitless = push.fruitless.saturating_add(1);
                Some(Self { at_ms: now_ms, waiting, fruitless, ..push })
            }
            Some(push) if is_same(&push) => {
                Some(Self { waiting: push.waiting.max(waiting), ..push })
            }
            _ if rate > 0.0 && waiting > 0 => {
                Some(Self { at_ms: now_ms, waiting, rate, workers, fruitless: 0 })
            }
            _ => None,
        }
    }

    /// Whether the rate is the same as before.
    pub(super) fn is_same(&self, rate: f64) -> bool {
        (rate - self.rate).abs() <= SAME * self.rate
    }

    /// Whether enough workers were added for the rate to show it.
    pub(super) fn is_conclusive(&self, workers: u64) -> bool {
        workers > self.workers && workers.saturating_mul(4) >= self.workers.saturating_mul(5)
    }

    /// Until when the added workers have time to raise the rate.
    pub(super) fn until_ms(&self) -> i64 {
        self.at_ms.saturating_add(PATIENCE_MS << self.fruitless.min(MAX_DOUBLINGS))
    }

    /// Tasks that the added workers are for.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Whether more workers did not help before.
    pub(super) fn is_fruitless(&self) -> bool {
        self.fruitless > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIRST: Push = Push { at_ms: 0, waiting: 20, rate: 2.0, workers: 4, fruitless: 0 };

    #[test]
    fn a_push_begins_where_tasks_wait_and_others_are_dispatched() {
        assert_eq!(Push::after(None, 0, (20, 2.0), 4, false), Some(FIRST));
        assert_eq!(Push::after(None, 0, (20, 0.0), 4, false), None);
        assert_eq!(Push::after(None, 0, (0, 2.0), 4, false), None);
    }

    #[test]
    fn more_workers_within_its_time_belong_to_the_same_push() {
        let after = |waiting| Push::after(Some(FIRST), 14_999, (waiting, 2.1), 8, false);
        assert_eq!(after(30), Some(Push { waiting: 30, ..FIRST }));
        assert_eq!(after(10), Some(FIRST));
    }

    #[test]
    fn a_push_that_left_the_rate_the_same_was_fruitless() {
        let again = Push::after(Some(FIRST), 15_000, (30, 2.1), 8, false);
        assert_eq!(again, Some(Push { at_ms: 15_000, waiting: 30, fruitless: 1, ..FIRST }));
    }

    #[test]
    fn another_rate_begins_another_push() {
        for now_ms in [5_000, 15_000] {
            let other = Push { at_ms: now_ms, waiting: 30, rate: 2.3, workers: 8, fruitless: 0 };
            assert_eq!(Push::after(Some(FIRST), now_ms, (30, 2.3), 8, false), Some(other));
            assert_eq!(Push::after(Some(FIRST), now_ms, (30, 0.0), 8, false), None);
        }
        assert!(FIRST.is_same(1.81) && FIRST.is_same(2.19));
        assert!(!FIRST.is_same(1.79) && !FIRST.is_same(2.21));
    }

    #[test]
    fn while_the_queue_is_limited_another_rate_belongs_to_the_same_push() {
        let after = |now_ms| Push::after(Some(FIRST), now_ms, (10, 3.0), 8, true);
        assert_eq!(after(14_999), Some(FIRST));
        assert_eq!(after(15_000), Some(Push { at_ms: 15_000, waiting: 10, fruitless: 1, ..FIRST }));
    }

    #[test]
    fn a_quarter_more_workers_is_conclusive() {
        assert_eq!([4, 5].map(|workers| FIRST.is_conclusive(workers)), [false, true]);
        let many = Push { workers: 8, ..FIRST };
        assert_eq!([9, 10].map(|workers| many.is_conclusive(workers)), [false, true]);
        let none = Push { workers: 0, ..FIRST };
        assert_eq!([0, 1].map(|workers| none.is_conclusive(workers)), [false, true]);
    }

    #[test]
    fn patience_doubles_three_times() {
        let until = |fruitless| Push { fruitless, ..FIRST }.until_ms();
        assert_eq!([0, 1, 3, 4].map(until), [15_000, 30_000, 120_000, 120_000]);
    }

    #[test]
    fn a_push_is_written_briefly_and_read_again() {
        let read = |push: &Value| {
            let map = Map::from_iter([("push".to_owned(), push.clone())]);
            Push::read(Fields { map: &map, now_ms: 0 })
        };
        let written = json!({"at_ms": 0, "waiting": 20, "rate": 2, "workers": 4});
        assert_eq!(Value::Object(FIRST.to_json()), written);
        assert_eq!(read(&written), Some(FIRST));
        let fruitless = Push { fruitless: 2, ..FIRST };
        assert_eq!(read(&fruitless.to_json().into()), Some(fruitless));
        assert_eq!(read(&json!({"at_ms": 0, "waiting": 20, "rate": 0, "workers": 4})), None);
    }
}
