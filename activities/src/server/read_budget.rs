//! A rate limit of reads, shared by all watches of a namespace.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// Spaces reads of the server evenly. When more reads are due than the rate allows, each waits
/// longer: all watches slow down together.
#[derive(Debug)]
pub struct ReadBudget {
    spacing: Duration,
    next: Mutex<Instant>,
}

impl ReadBudget {
    /// Default reads a second, all watches together. The server allows 50 for a namespace.
    pub const DEFAULT_PER_SECOND: u32 = 20;

    /// A budget of `per_second` reads; 0 counts as 1.
    pub fn new(per_second: u32) -> Self {
        Self {
            spacing: Duration::from_secs(1) / per_second.max(1),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Reserves the next read, and returns how long to wait before it.
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
