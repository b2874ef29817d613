//! All traffic, merged in the order of time.

use std::sync::Arc;

use super::{Recorded, Source, Traffic, pattern_arrivals::PatternArrivals};
use crate::{
    Distribution, Micros,
    rng_stream::{Purpose, RngStream},
};

/// An arriving task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) at: Micros,
    /// Its service time.
    pub(crate) service: Micros,
}

/// The arrivals of a simulation, the same for every algorithm.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    streams: Vec<ArrivalStream>,
    arrivals: RngStream,
    services: RngStream,
    service: Distribution,
}

/// The arrivals of one kind of traffic, and the next of them.
#[derive(Debug, Clone)]
struct ArrivalStream {
    source: Arrivals,
    next: Option<(Micros, Option<Micros>)>,
}

#[derive(Debug, Clone)]
enum Arrivals {
    Pattern(PatternArrivals),
    Recorded { rows: Arc<[Recorded]>, at: usize, given: u32 },
}

impl Workload {
    pub(crate) fn new(seed: u64, traffic: &[Traffic], service: Distribution) -> Self {
        let mut arrivals = RngStream::new(seed, Purpose::Arrivals);
        let streams =
            traffic.iter().map(|traffic| ArrivalStream::new(&traffic.source, &mut arrivals));
        Self {
            streams: streams.collect(),
            services: RngStream::new(seed, Purpose::Services),
            service,
            arrivals,
        }
    }
}

impl Iterator for Workload {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let due = |stream: &ArrivalStream| stream.next.map(|(at, _)| at);
        let streams = self.streams.iter_mut().filter(|stream| stream.next.is_some());
        let stream = streams.min_by_key(|stream| due(stream))?;
        let (at, recorded) = stream.next?;
        stream.next = stream.source.next(&mut self.arrivals);
        let service = recorded.unwrap_or_else(|| self.service.draw(&mut self.services));
        Some(Arrival { at, service })
    }
}

impl ArrivalStream {
    fn new(source: &Source, rng: &mut RngStream) -> Self {
        let mut source = match source {
            Source::Pattern(pattern) => Arrivals::Pattern(PatternArrivals::new(*pattern)),
            Source::Recorded(rows) => Arrivals::Recorded { rows: rows.clone(), at: 0, given: 0 },
        };
        let next = source.next(rng);
        Self { source, next }
    }
}

impl Arrivals {
    fn next(&mut self, rng: &mut RngStream) -> Option<(Micros, Option<Micros>)> {
        match self {
            Self::Pattern(times) => times.next(rng).map(|at| (at, None)),
            Self::Recorded { rows, at, given } => {
                while rows.get(*at)?.count <= *given {
                    *at += 1;
                    *given = 0;
                }
                *given += 1;
                rows.get(*at).map(|row| (row.at, row.service))
            }
        }
    }
}
