//! Detects when more workers would not help: tasks wait, but the dispatch rate stays the same.

use wci_contract::stats::QueueStats;

use super::{settings::Settings, state::Memory};

/// How much longer than the current settings allow a suppression may last, milliseconds: the
/// settings or the clock may have changed since. One that would last longer does not count.
const SLACK_MS: i64 = 3_600_000;

const NO_RATE: f64 = -1.0;

/// Records the statistics of one type. The reference rate is the first of a series of similar
/// rates, so that a slow drift ends the series.
pub(super) fn observe(settings: &Settings, memory: &mut Memory, now_ms: i64, stats: &QueueStats) {
    if settings.epsilon <= 0.0 {
        *memory = Memory::default();
        return;
    }
    let rate = stats.dispatch_rate;
    let ref_rate = memory.ref_rate.unwrap_or(NO_RATE);
    let since_ms = memory.since_ms.unwrap_or(0);
    let outside = ref_rate >= 0.0 && (rate - ref_rate).abs() > settings.epsilon * ref_rate;
    let moves = rate.is_finite() && rate > 0.0;
    if stats.backlog <= settings.threshold || outside || !moves {
        *memory = Memory { since_ms: Some(0), ref_rate: Some(NO_RATE), until_ms: Some(0) };
    } else if since_ms == 0 {
        memory.since_ms = Some(now_ms);
        memory.ref_rate = Some(rate);
    } else if now_ms.saturating_sub(since_ms) >= settings.confirm_ms {
        memory.until_ms = Some(now_ms.saturating_add(settings.suppress_ms));
    }
}

/// When the suppression of scale-ups ends; `None` without one.
pub(super) fn suppressed_until(settings: &Settings, memory: &Memory, now_ms: i64) -> Option<i64> {
    let farthest_ms = settings.suppress_ms.saturating_add(SLACK_MS);
    let is_ahead = |until_ms: &i64| (1..=farthest_ms).contains(&until_ms.saturating_sub(now_ms));
    memory.until_ms.filter(is_ahead)
}
