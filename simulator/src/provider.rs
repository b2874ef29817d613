//! The provider: what it starts, and what it refuses.

use wci_contract::FailureClass;

use crate::{
    Micros,
    event_queue::Answer,
    rng_stream::{Purpose, RngStream},
    scenario::ProviderModel,
};

/// A provider with its limits.
#[derive(Debug)]
pub(crate) struct Provider {
    model: ProviderModel,
    rng: RngStream,
    /// The starts that the rate limit permits now: a token bucket.
    tokens: f64,
    filled: Micros,
}

impl Provider {
    pub(crate) fn new(seed: u64, model: &ProviderModel) -> Self {
        let rng = RngStream::new(seed, Purpose::Provider);
        let tokens = model.rate.unwrap_or_default().max(1.0);
        Self { model: model.clone(), rng, tokens, filled: Micros::ZERO }
    }

    /// The time until it answers.
    pub(crate) fn latency(&mut self) -> Micros {
        self.model.latency.draw(&mut self.rng)
    }

    /// Requests `count` workers while `running` are running.
    pub(crate) fn request_workers(&mut self, now: Micros, count: u32, running: u32) -> Answer {
        let mut answer = Answer::default();
        for _ in 0..count {
            let class = self.refusal(now, running.saturating_add(answer.started));
            match class {
                None => answer.started += 1,
                Some(FailureClass::Throttled) => answer.throttled += 1,
                Some(_) => answer.refused += 1,
            }
            answer.class = answer.class.or(class);
        }
        answer
    }

    /// Why the next worker is not started.
    fn refusal(&mut self, now: Micros, running: u32) -> Option<FailureClass> {
        if let Some(outage) = self.model.outage.filter(|outage| outage.is_on(now)) {
            return Some(outage.class);
        }
        if self.model.concurrency.is_some_and(|most| running >= most) || !self.has_token(now) {
            return Some(FailureClass::Throttled);
        }
        self.rng.bernoulli(self.model.refuse).then_some(FailureClass::Unavailable)
    }

    /// Takes a token of the rate limit, if there is one.
    fn has_token(&mut self, now: Micros) -> bool {
        let Some(rate) = self.model.rate else { return true };
        let gained = now.saturating_sub(self.filled).as_secs() * rate;
        self.tokens = (self.tokens + gained).min(rate.max(1.0));
        self.filled = now;
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outage, Scenario};

    fn provider(change: impl FnOnce(&mut ProviderModel)) -> Provider {
        let mut model = Scenario::default().provider;
        change(&mut model);
        Provider::new(1, &model)
    }

    #[test]
    fn no_more_run_at_once_than_the_limit_allows() {
        let mut provider = provider(|model| model.concurrency = Some(30));
        let answer = provider.request_workers(Micros::ZERO, 10, 25);
        assert_eq!((answer.started, answer.throttled), (5, 5));
        assert_eq!(answer.class, Some(FailureClass::Throttled));
    }

    #[test]
    fn no_more_start_in_a_second_than_the_rate_allows() {
        let mut provider = provider(|model| model.rate = Some(4.0));
        assert_eq!(provider.request_workers(Micros::ZERO, 10, 0).started, 4);
        assert_eq!(provider.request_workers(Micros::from_ms(500), 10, 0).started, 2);
        assert_eq!(provider.request_workers(Micros::from_ms(60_000), 10, 0).started, 4);
    }

    #[test]
    fn an_outage_refuses_everything_until_it_is_over() {
        let class = FailureClass::AccessDenied;
        let (from, lasting) = (Micros::from_ms(1_000), Micros::from_ms(2_000));
        let mut provider = provider(|model| model.outage = Some(Outage { from, lasting, class }));
        assert_eq!(provider.request_workers(Micros::from_ms(999), 1, 0).started, 1);
        let during = provider.request_workers(Micros::from_ms(1_000), 2, 0);
        assert_eq!((during.refused, during.class), (2, Some(class)));
        assert_eq!(provider.request_workers(Micros::from_ms(3_000), 1, 0).started, 1);
    }
}
