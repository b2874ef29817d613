//! Updates are handled one after another, in the order of their arrival.

/// The updates that wait, by the numbers of their tickets.
#[derive(Debug, Clone, Default)]
pub(crate) struct UpdateQueue {
    next: u64,
    serving: u64,
}

/// The place of one update in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

impl UpdateQueue {
    /// Adds an update at the end.
    pub(crate) fn enqueue(&mut self) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        ticket
    }

    /// Whether the update with `ticket` has its turn.
    pub(crate) fn is_turn_of(&self, ticket: Ticket) -> bool {
        self.serving == ticket.0
    }

    /// Removes the update that had its turn.
    pub(crate) fn finish(&mut self) {
        self.serving += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ticket_is_served_once_and_in_order() {
        let mut queue = UpdateQueue::default();
        let (first, second) = (queue.enqueue(), queue.enqueue());
        assert!(queue.is_turn_of(first) && !queue.is_turn_of(second));
        queue.finish();
        assert!(queue.is_turn_of(second));
    }
}
