//! The watch of our instance: looks at the queue until what it sees calls for a decision. The
//! rules and the times are those of the activity `WatchTaskQueues`.

use wci_contract::stats::QueueStats;

use crate::Micros;

const BUSY_PACE: Micros = Micros::from_ms(1_000);
pub(super) const IDLE_PACE: Micros = Micros::from_ms(2_000);
/// A backlog is left for so long to the workers of a launch.
const LAUNCH_QUIET: Micros = Micros::from_ms(5_000);
/// A backlog that has not become smaller for so long wants help.
const STUCK: Micros = Micros::from_ms(6_000);

/// One watch, from its start until it has something to say.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// The backlog, and since when it has not become smaller.
    standing: Option<(u64, Micros)>,
    /// Until then a backlog is left to workers that are on their way.
    quiet_until: Micros,
    /// From then on a backlog is reported in any case.
    due: Micros,
    /// Then it ends.
    until: Micros,
}

impl Watch {
    pub(super) fn new(quiet_until: Micros, due: Micros, until: Micros) -> Self {
        Self { standing: None, quiet_until, due, until }
    }

    /// Whether what is seen at `now` ends the watch.
    pub(super) fn ends(
        &mut self,
        now: Micros,
        stats: &QueueStats,
        since_launch: Option<Micros>,
    ) -> bool {
        let Some(standing) = self.stands(now, stats.backlog) else { return now >= self.until };
        if now >= self.due {
            return true;
        }
        // Without such a time the look was asked for, whatever is on its way.
        let is_helped = self.quiet_until > Micros::ZERO
            && (since_launch.is_some_and(|since| since < LAUNCH_QUIET) || now < self.quiet_until);
        let is_worked_off = stats.dispatch_rate > 0.0 && standing < STUCK;
        !is_helped && !is_worked_off
    }

    fn stands(&mut self, now: Micros, backlog: u64) -> Option<Micros> {
        if backlog == 0 {
            self.standing = None;
            return None;
        }
        match self.standing {
            Some((last, since)) if backlog >= last => Some(now.less(since)),
            _ => {
                self.standing = Some((backlog, now));
                Some(Micros::ZERO)
            }
        }
    }

    /// How long until the next look.
    pub(super) fn pace(&self, since_launch: Option<Micros>) -> Micros {
        let is_busy = self.standing.is_some()
            || since_launch.is_some_and(|since| since < LAUNCH_QUIET.times(2));
        if is_busy { BUSY_PACE } else { IDLE_PACE }
    }
}
