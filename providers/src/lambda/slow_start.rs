//! How many requests of one launch may be in flight. Independent of time.

/// The maximum number of requests in flight.
const MAX_WINDOW: usize = 50;
/// Requests that are sent before the first answer. A Lambda that throttles refuses only these.
const INITIAL_WINDOW: usize = 1;
/// By how much each accepted request raises the number of requests in flight.
const GROWTH: usize = 2;

/// Slow start, modelled on TCP's (RFC 5681, section 3.1): each accepted request allows three more,
/// so the number of requests in flight triples with each round of answers, up to a limit.
#[derive(Debug)]
pub(super) struct SlowStart {
    window: usize,
    stopped: bool,
}

impl SlowStart {
    /// The state at the start of a launch.
    pub(super) fn new() -> Self {
        Self { window: INITIAL_WINDOW, stopped: false }
    }

    /// Whether another request may be sent while `in_flight` wait for their answers.
    pub(super) fn allows(&self, in_flight: usize) -> bool {
        !self.stopped && in_flight < self.window
    }

    /// Records an accepted request.
    pub(super) fn accepted(&mut self) {
        self.window = MAX_WINDOW.min(self.window + GROWTH);
    }

    /// Records a refused request: the launch sends no more.
    pub(super) fn refused(&mut self) {
        self.stopped = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The requests sent in each round of answers, if `accepted` of them are accepted and `count`
    /// are wanted.
    fn rounds(count: usize, accepted: usize) -> Vec<usize> {
        let (mut slow_start, mut sent, mut rounds) = (SlowStart::new(), 0, Vec::new());
        loop {
            let before = sent;
            while sent < count && slow_start.allows(sent - before) {
                sent += 1;
            }
            if sent == before {
                return rounds;
            }
            rounds.push(sent - before);
            for request in before..sent {
                if request < accepted { slow_start.accepted() } else { slow_start.refused() }
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
                sent - accepted <= (GROWTH * accepted + INITIAL_WINDOW).min(MAX_WINDOW),
                "{accepted}: {sent} sent"
            );
        }
    }

    #[test]
    fn requests_in_flight_never_exceed_the_limit() {
        let mut slow_start = SlowStart::new();
        (0..1000).for_each(|_| slow_start.accepted());
        assert!(slow_start.allows(MAX_WINDOW - 1) && !slow_start.allows(MAX_WINDOW));
    }
}
