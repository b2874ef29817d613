//! First come, first served: updates take a ticket and wait for their turn.

/// Numbers handed out and the number being served.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    next: u64,
    serving: u64,
}

/// One place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Tickets {
    /// Joins the queue.
    pub(crate) fn take(&mut self) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        ticket
    }

    /// Whether it is `ticket`'s turn.
    pub(crate) fn is_served(&self, ticket: Ticket) -> bool {
        self.serving == ticket.0
    }

    /// Leaves the queue; the next one is served.
    pub(crate) fn done(&mut self) {
        self.serving += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ticket_is_served_once_and_in_order() {
        let mut tickets = Tickets::default();
        let (first, second) = (tickets.take(), tickets.take());
        assert!(tickets.is_served(first) && !tickets.is_served(second));
        tickets.done();
        assert!(tickets.is_served(second));
    }
}
