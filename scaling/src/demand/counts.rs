//! A bounded list of counts by time.

use serde_json::{Value, json};

use crate::number;

/// Entries of a list.
const MAX_ENTRIES: usize = 32;
/// Entries within the same interval of this length are merged, milliseconds.
const MERGE_MS: i64 = 250;
/// The largest count of one entry: large enough for any count, small enough to be summed.
const MAX: u64 = u32::MAX as u64;

/// Counts by time, oldest first; times are milliseconds since the Unix epoch. Merged entries have
/// the later time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts(Vec<(i64, u64)>);

impl Counts {
    /// Reads pairs of time and count; invalid pairs are ignored. A time after `now_ms` comes from a
    /// clock that has since been set back, and becomes `now_ms`.
    pub(super) fn read(value: Option<&Value>, now_ms: i64) -> Self {
        let entry = |pair: &Value| {
            let (ms, count) = (number::integer(pair.get(0)?)?, number::integer(pair.get(1)?)?);
            Some((ms.min(now_ms), u64::try_from(count).ok()?.min(MAX)))
        };
        let pairs = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut entries: Vec<_> = pairs.iter().filter_map(entry).filter(|(_, n)| *n > 0).collect();
        entries.sort_unstable();
        let mut counts = Self(entries);
        counts.bound();
        counts
    }

    pub(super) fn to_json(&self) -> Value {
        self.0.iter().map(|(ms, count)| json!([ms, count])).collect()
    }

    /// Adds `count` at `now_ms`, which is not earlier than any other entry.
    pub(super) fn add(&mut self, now_ms: i64, count: u64) {
        if count == 0 {
            return;
        }
        match self.0.last_mut() {
            Some((ms, last)) if ms.div_euclid(MERGE_MS) >= now_ms.div_euclid(MERGE_MS) => {
                *ms = now_ms.max(*ms);
                *last = last.saturating_add(count).min(MAX);
            }
            _ => self.0.push((now_ms, count.min(MAX))),
        }
        self.bound();
    }

    /// Merges the entry whose neighbours are closest to each other, relative to their age, into the
    /// later one. A list of ten minutes is exact for the last seconds, and for the rest to about a
    /// third of its age.
    fn bound(&mut self) {
        while self.0.len() > MAX_ENTRIES {
            let newest_ms = self.newest().unwrap_or_default();
            let span = |from: i64, to: i64| u128::from(to.abs_diff(from));
            let gap = |around: &[(i64, u64)]| match around {
                [(before, _), _, (after, _)] => {
                    span(*before, *after) * 1_000_000 / (span(*after, newest_ms) + 1_000)
                }
                _ => u128::MAX,
            };
            let gaps = self.0.windows(3).map(gap).enumerate();
            let at = gaps.min_by_key(|(_, gap)| *gap).map_or(0, |(at, _)| at + 1);
            let (_, count) = self.0.remove(at);
            if let Some((_, next)) = self.0.get_mut(at) {
                *next = next.saturating_add(count).min(MAX);
            }
        }
    }

    /// Removes the entries up to `ms`.
    pub(super) fn expire(&mut self, ms: i64) {
        self.0.retain(|(at_ms, _)| *at_ms > ms);
    }

    /// The sum of all counts.
    pub(super) fn sum(&self) -> u64 {
        self.since(i64::MIN)
    }

    /// The sum of the counts after `ms`.
    pub(super) fn since(&self, ms: i64) -> u64 {
        self.0.iter().filter(|(at_ms, _)| *at_ms > ms).map(|(_, count)| count).sum()
    }

    /// The time of the oldest entry.
    pub(super) fn oldest(&self) -> Option<i64> {
        self.0.first().map(|(ms, _)| *ms)
    }

    /// The time of the newest entry.
    pub(super) fn newest(&self) -> Option<i64> {
        self.0.last().map(|(ms, _)| *ms)
    }

    /// The entries after `since_ms`, up to `until_ms`.
    pub(super) fn between(&self, since_ms: i64, until_ms: i64) -> Vec<(i64, u64)> {
        let is_within = |(ms, _): &&(i64, u64)| *ms > since_ms && *ms <= until_ms;
        self.0.iter().filter(is_within).copied().collect()
    }

    /// Removes `count` from the entries up to `until_ms`, the oldest first.
    pub(super) fn take_oldest(&mut self, mut count: u64, until_ms: i64) {
        for (_, left) in self.0.iter_mut().filter(|(ms, _)| *ms <= until_ms) {
            let taken = count.min(*left);
            *left -= taken;
            count -= taken;
        }
        self.0.retain(|(_, left)| *left > 0);
    }

    /// Takes away everything from after `since_ms` up to `until_ms`; answers with how much it was.
    pub(super) fn take_between(&mut self, since_ms: i64, until_ms: i64) -> u64 {
        let before = self.sum();
        self.0.retain(|(ms, _)| *ms <= since_ms || *ms > until_ms);
        before - self.sum()
    }

    /// Removes `count` from the entries after `since_ms`, up to `until_ms`, the newest first.
    pub(super) fn take_newest(&mut self, mut count: u64, (since_ms, until_ms): (i64, i64)) {
        let is_within = |(ms, _): &&mut (i64, u64)| *ms > since_ms && *ms <= until_ms;
        for (_, left) in self.0.iter_mut().rev().filter(is_within) {
            let taken = count.min(*left);
            *left -= taken;
            count -= taken;
        }
        self.0.retain(|(_, left)| *left > 0);
    }

    /// Moves all counts to `now_ms`.
    pub(super) fn renew(&mut self, now_ms: i64) {
        let sum = self.sum();
        self.0.clear();
        self.add(now_ms, sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(entries: &[(i64, u64)]) -> Counts {
        let mut counts = Counts::default();
        for (ms, count) in entries {
            counts.add(*ms, *count);
        }
        counts
    }

    #[test]
    fn a_long_list_stays_short_loses_no_count_and_is_most_exact_for_the_latest() {
        let many: Vec<_> = (0..1_000).map(|n| (n * 1_000, 3)).collect();
        let counts = counts(&many);
        assert_eq!((counts.0.len(), counts.sum()), (MAX_ENTRIES, 3_000));
        for age_s in [2_i64, 10, 60, 300, 900] {
            let known = i64::try_from(counts.since(999_000 - age_s * 1_000)).unwrap() / 3;
            assert!((age_s..=age_s + age_s / 3 + 1).contains(&known), "{age_s} s: {known}");
        }
    }

    #[test]
    fn counts_at_almost_the_same_time_are_one_entry() {
        assert_eq!(counts(&[(0, 1), (99, 2), (150, 0), (250, 4)]).0, [(99, 3), (250, 4)]);
    }

    #[test]
    fn counts_are_taken_from_either_end() {
        let mut list = counts(&[(0, 5), (1_000, 5), (2_000, 5)]);
        list.take_oldest(7, 1_000);
        assert_eq!(list.0, [(1_000, 3), (2_000, 5)]);
        list.take_newest(9, (2_000, 3_000));
        list.take_newest(1, (0, 1_000));
        assert_eq!(list.0, [(1_000, 2), (2_000, 5)]);
        list.take_newest(6, (1_000, 2_000));
        assert_eq!(list.0, [(1_000, 2)]);
        list.take_oldest(9, 999);
        assert_eq!(list.sum(), 2);
        list.renew(7_000);
        assert_eq!(list.0, [(7_000, 2)]);
    }

    #[test]
    fn an_interval_includes_its_end_and_not_its_beginning() {
        let mut list = counts(&[(0, 1), (1_000, 2), (2_000, 4), (3_000, 8)]);
        assert_eq!(list.between(0, 2_000), [(1_000, 2), (2_000, 4)]);
        assert_eq!(list.since(1_000), 12);
        assert_eq!(list.take_between(0, 2_000), 6);
        assert_eq!(list.0, [(0, 1), (3_000, 8)]);
        list.expire(0);
        assert_eq!((list.oldest(), list.newest(), list.sum()), (Some(3_000), Some(3_000), 8));
    }

    #[test]
    fn invalid_pairs_are_ignored_on_reading() {
        let value = json!([[5, 1], [3, 2], [99, 4], [1], "x", [1, -1], [1, 0], [2, 1e300]]);
        assert_eq!(Counts::read(Some(&value), 10).0, [(3, 2), (5, 1), (10, 4)]);
        assert_eq!(Counts::read(None, 10), Counts::default());
        let read = Counts::read(Some(&value), 10);
        assert_eq!(Counts::read(Some(&read.to_json()), 10), read);
    }
}
