//! All traffic together, in the order of time.

use std::sync::Arc;

use super::{Recorded, Source, Traffic, pattern_arrivals::PatternArrivals};
use crate::{
    Distribution, Micros,
    rng_stream::{Purpose, RngStream},
};

/// A task that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) at: Micros,
    /// How long a worker takes for it.
    pub(crate) service: Micros,
}

/// The arrivals of a simulation: the same for every algorithm.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    flows: Vec<Head>,
    arrivals: RngStream,
    services: RngStream,
    service: Distribution,
}

/// A flow and its next task.
#[derive(Debug, Clone)]
struct Head {
    flow: Kind,
    next: Option<(Micros, Option<Micros>)>,
}

#[derive(Debug, Clone)]
enum Kind {
    Pattern(PatternArrivals),
    Recorded { rows: Arc<[Recorded]>, at: usize, given: u32 },
}

impl Workload {
    pub(crate) fn new(seed: u64, traffic: &[Traffic], service: Distribution) -> Self {
        let mut arrivals = RngStream::new(seed, Purpose::Arrivals);
        let flows = traffic.iter().map(|traffic| Head::new(&traffic.source, &mut arrivals));
        Self {
            flows: flows.collect(),
            services: RngStream::new(seed, Purpose::Services),
            service,
            arrivals,
        }
    }
}

impl Iterator for Workload {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let due = |head: &Head| head.next.map(|(at, _)| at);
        let heads = self.flows.iter_mut().filter(|head| head.next.is_some());
        let head = heads.min_by_key(|head| due(head))?;
        let (at, recorded) = head.next?;
        head.next = head.flow.next(&mut self.arrivals);
        let service = recorded.unwrap_or_else(|| self.service.draw(&mut self.services));
        Some(Arrival { at, service })
    }
}

impl Head {
    fn new(source: &Source, rng: &mut RngStream) -> Self {
        let mut flow = match source {
            Source::Pattern(pattern) => Kind::Pattern(PatternArrivals::new(*pattern)),
            Source::Recorded(rows) => Kind::Recorded { rows: rows.clone(), at: 0, given: 0 },
        };
        let next = flow.next(rng);
        Self { flow, next }
    }
}

impl Kind {
    fn next(&mut self, rng: &mut RngStream) -> Option<(Micros, Option<Micros>)> {
        match self {
            Self::Pattern(flow) => flow.next(rng).map(|at| (at, None)),
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
