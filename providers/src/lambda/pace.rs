//! How many requests of one launch are under way at once. Knows no clock.

/// Requests under way at once, at most.
const MOST: usize = 50;
/// Requests that are sent before anything is known: what a Lambda that throttles refuses.
const FIRST: usize = 1;
/// By how much each request that is accepted raises the number under way.
const GROWTH: usize = 2;

/// Slow start, after TCP's (RFC 5681, section 3.1): each request that is accepted lets three
/// others follow, so their number is three times as high after each answer, up to a limit.
#[derive(Debug)]
pub(super) struct Pace {
    window: usize,
    stopped: bool,
}

impl Pace {
    /// Of a launch that begins.
    pub(super) fn new() -> Self {
        Self { window: FIRST, stopped: false }
    }

    /// Whether another request may be sent while `under_way` wait for their answers.
    pub(super) fn allows(&self, under_way: usize) -> bool {
        !self.stopped && under_way < self.window
    }

    /// A request was accepted.
    pub(super) fn accepted(&mut self) {
        self.window = MOST.min(self.window + GROWTH);
    }

    /// A request was refused: the launch sends no others.
    pub(super) fn refused(&mut self) {
        self.stopped = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests sent in each answer's time, when `accepted` of them are accepted and `count` are
    /// wanted.
    fn rounds(count: usize, accepted: usize) -> Vec<usize> {
        let (mut pace, mut sent, mut rounds) = (Pace::new(), 0, Vec::new());
        loop {
            let before = sent;
            while sent < count && pace.allows(sent - before) {
                sent += 1;
            }
            if sent == before {
                return rounds;
            }
            rounds.push(sent - before);
            for request in before..sent {
                if request < accepted { pace.accepted() } else { pace.refused() }
            }
        }
    }

    #[test]
    fn a_launch_triples_its_requests_while_they_are_accepted() {
        assert_eq!(rounds(50, 50), [1, 3, 9, 27, 10]);
        assert_eq!(rounds(200, 200), [1, 3, 9, 27, 50, 50, 50, 10]);
        assert_eq!(rounds(1, 1), [1]);
    }

    #[test]
    fn a_launch_that_is_refused_from_the_start_sends_one() {
        assert_eq!(rounds(1000, 0), [1]);
    }

    #[test]
    fn no_more_are_refused_than_twice_what_was_accepted_and_one() {
        for accepted in 0..300 {
            let sent: usize = rounds(1000, accepted).iter().sum();
            assert!(
                sent - accepted <= (GROWTH * accepted + FIRST).min(MOST),
                "{accepted}: {sent} sent"
            );
        }
    }

    #[test]
    fn while_answers_are_out_nothing_exceeds_the_limit() {
        let mut pace = Pace::new();
        (0..1000).for_each(|_| pace.accepted());
        assert!(pace.allows(MOST - 1) && !pace.allows(MOST));
    }
}
