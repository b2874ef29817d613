//! The drivers beside the main loop: each does one thing at a time, or one for each group.

use wci_instance::Event;

use super::{
    driver::{Driver, Work},
    outbox::Order,
};

impl Driver {
    pub(crate) fn launch(&mut self) -> bool {
        let requested = std::mem::take(&mut self.outbox.launches);
        let has_worked = !requested.is_empty();
        self.launches.extend(requested);
        has_worked
    }

    pub(crate) fn resize(&mut self) -> bool {
        let Some(group) = self.outbox.resizes.pop_front() else { return false };
        if let Some(input) = self.instance.begin_resize(&group) {
            let is_under_way = self.resizes.iter().any(|other| other.group == group);
            assert!(!is_under_way, "two resizes of {group} at once");
            self.sizes.insert(group, input.count);
            self.resizes.push(input);
        }
        true
    }

    pub(crate) fn register(&mut self) -> bool {
        if !self.outbox.registration || self.registering.is_some() {
            return false;
        }
        self.outbox.registration = false;
        let input = self.instance.begin_registration(self.now_ms, || "registration".to_owned());
        self.registering = input.map(|input| input.spec);
        true
    }

    pub(crate) fn watch(&mut self) -> bool {
        match self.watch {
            Work::Timer(at_ms) if at_ms <= self.now_ms => {
                self.watch = Work::Idle;
                self.handle(Event::WatchFailed);
                return true;
            }
            Work::Timer(_) => return false,
            Work::Idle | Work::Running(_) => {}
        }
        let Some(order) = self.outbox.watch.take() else { return false };
        let request = match order {
            Order::Begin(_) => self.instance.begin_watch(self.now_ms),
            Order::Stop => None,
        };
        self.watch = request.map_or(Work::Idle, Work::Running);
        true
    }

    pub(crate) fn revalidate(&mut self) -> bool {
        if matches!(self.revalidation, Work::Running(_)) {
            return false;
        }
        let due_ms = match (self.outbox.revalidation.take(), &self.revalidation) {
            (Some(Order::Begin(due_ms)), _) => due_ms,
            (Some(Order::Stop), _) => {
                self.revalidation = Work::Idle;
                return true;
            }
            (None, Work::Timer(at_ms)) if *at_ms <= self.now_ms => {
                self.revalidation = Work::Idle;
                self.handle(Event::RevalidationDue);
                return true;
            }
            (None, _) => return false,
        };
        self.revalidation = if due_ms > self.now_ms {
            Work::Timer(due_ms)
        } else {
            self.instance.begin_revalidation().map_or(Work::Idle, Work::Running)
        };
        true
    }

    pub(crate) fn notify(&mut self) -> bool {
        if !self.outbox.notification || self.notifying.is_some() {
            return false;
        }
        self.outbox.notification = false;
        self.notifying = self.instance.begin_notification();
        true
    }
}
