//! All watches of a namespace share what the server can be asked in a second.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// Hands out moments at which the server may be read, evenly spaced. When more readers come than
/// the pace allows, each waits longer: the watches slow down together.
#[derive(Debug)]
pub struct ReadBudget {
    spacing: Duration,
    next: Mutex<Instant>,
}

impl ReadBudget {
    /// Reads a second, all watches together, unless the operator says otherwise. The server
    /// allows 50 for a namespace.
    pub const DEFAULT_PER_SECOND: u32 = 20;

    /// A budget of `per_second` reads; none at all is taken as one.
    pub fn new(per_second: u32) -> Self {
        Self {
            spacing: Duration::from_secs(1) / per_second.max(1),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Reserves the next free moment and answers how long it is until then.
    pub fn reserve(&self) -> Duration {
        let now = Instant::now();
        let Ok(mut next) = self.next.lock() else { return self.spacing };
        let at = (*next).max(now);
        *next = at + self.spacing;
        at - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_that_come_together_are_spread_out() {
        let budget = ReadBudget::new(10);
        let waits: Vec<_> = (0..4).map(|_| budget.reserve()).collect();
        assert_eq!(waits[0], Duration::ZERO);
        assert!(waits[3] > Duration::from_millis(250) && waits[3] <= Duration::from_millis(300));
    }
}
