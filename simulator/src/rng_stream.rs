//! Streams of random numbers that are the same on every machine for the same seed.
//!
//! The generator is PCG XSL RR 128/64 (O'Neill 2014). Logarithms and the like come from `libm`,
//! because those of a platform may differ in the last bit.

use rand_pcg::{
    Pcg64,
    rand_core::{Rng, SeedableRng},
};

use crate::Micros;

/// What random numbers are for. Each purpose has a stream of its own, so that traffic stays the
/// same when an algorithm starts other workers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Arrivals = 1,
    Services = 2,
    Partitions = 3,
    Polls = 4,
    ColdStarts = 5,
    Provider = 6,
    Phases = 7,
    Faults = 8,
    Plan = 9,
    Looks = 10,
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct RngStream(Pcg64);

impl RngStream {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        let mut seeds = Pcg64::seed_from_u64(seed);
        let state = u128::from(seeds.next_u64()) << 64 | u128::from(seeds.next_u64());
        Self(Pcg64::new(state, purpose as u128))
    }

    /// Uniformly distributed in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / 9_007_199_254_740_992.0;
        // 53 bits, as many as a float holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        let number = (self.0.next_u64() >> 11) as f64;
        number * STEP
    }

    /// Exponentially distributed with mean 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// Normally distributed with mean 0 and standard deviation 1 (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(2.0 * self.exponential());
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// One of `0..count`; 0 if that is empty. The bias, at most `count` in 2^64, is negligible.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let product = u128::from(self.0.next_u64()) * u128::try_from(count).unwrap_or_default();
        usize::try_from(product >> 64).unwrap_or_default()
    }

    /// Uniformly distributed in [0, `span`).
    pub(crate) fn within(&mut self, span: Micros) -> Micros {
        Micros::from_secs(span.as_secs() * self.unit())
    }

    /// `true` with this probability.
    pub(crate) fn bernoulli(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.unit() < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_means_the_same_numbers() {
        let mut rng = RngStream::new(1, Purpose::Arrivals);
        let drawn: Vec<usize> = (0..8).map(|_| rng.below(1000)).collect();
        assert_eq!(drawn, [632, 202, 681, 722, 252, 848, 298, 42]);
        assert_eq!(rng.exponential().to_bits(), 4_613_557_650_066_438_406);
        assert_eq!(rng.normal().to_bits(), 4_607_110_015_657_708_744);
    }

    #[test]
    fn streams_and_seeds_have_numbers_of_their_own() {
        let first = |seed, purpose| RngStream::new(seed, purpose).unit().to_bits();
        assert_ne!(first(1, Purpose::Arrivals), first(1, Purpose::Services));
        assert_ne!(first(1, Purpose::Arrivals), first(2, Purpose::Arrivals));
    }

    #[test]
    fn means_are_what_they_should_be() {
        let mut rng = RngStream::new(7, Purpose::Services);
        let mut mean = |draw: fn(&mut RngStream) -> f64| {
            (0..100_000).map(|_| draw(&mut rng)).sum::<f64>() / 100_000.0
        };
        assert!((mean(RngStream::unit) - 0.5).abs() < 0.01);
        assert!((mean(RngStream::exponential) - 1.0).abs() < 0.01);
        assert!(mean(RngStream::normal).abs() < 0.01);
    }
}
