//! Traffic patterns.

use crate::{Micros, ParseError, arguments::Arguments};

/// The highest rate, tasks a second.
const MAX_RATE: f64 = 1e6;
const MAX_TASKS: u32 = super::MAX_TASKS;

/// The distribution of tasks over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// Poisson, tasks a second.
    Poisson { rate: f64 },
    /// Evenly spaced, tasks a second.
    Steady { rate: f64 },
    /// Poisson, with a rate that changes linearly from one to the other.
    Ramp { from: f64, to: f64 },
    /// Poisson for a while, then nothing for a while, repeated.
    OnOff { rate: f64, on: Micros, off: Micros },
    /// `size` tasks at once, or evenly spaced over a time; repeated `times` times.
    Burst { size: u32, over: Micros, every: Micros, times: u32 },
}

/// A shape, and its extent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pattern {
    pub(crate) shape: Shape,
    /// The start.
    pub(crate) at: Micros,
    /// The duration.
    pub(crate) lasting: Micros,
    /// The maximum number of tasks.
    pub(crate) tasks: u32,
}

impl Pattern {
    pub(super) fn read(mut arguments: Arguments<'_>) -> Result<Self, ParseError> {
        let shape = shape(&mut arguments)?;
        let at = arguments.duration("at")?.unwrap_or_default();
        let (lasting, tasks) = match shape {
            Shape::Burst { size, every, times, over } => {
                (every.saturating_mul(times.into()) + over, size.saturating_mul(times))
            }
            _ => extent(&mut arguments, shape)?,
        };
        arguments.finish()?;
        Ok(Self { shape, at, lasting, tasks })
    }

    /// The expected number of tasks.
    pub(crate) fn expected(&self) -> f64 {
        let secs = self.lasting.as_secs();
        let by_rate = match self.shape {
            Shape::Poisson { rate } | Shape::Steady { rate } => rate * secs,
            Shape::Ramp { from, to } => (from + to) / 2.0 * secs,
            Shape::OnOff { rate, on, off } => {
                let rounds = self.lasting.div_floor(on + off);
                let last = self.lasting.saturating_sub((on + off).saturating_mul(rounds)).min(on);
                rate * (on.saturating_mul(rounds) + last).as_secs()
            }
            Shape::Burst { size, times, .. } => return f64::from(size) * f64::from(times),
        };
        by_rate.min(f64::from(self.tasks))
    }
}

fn shape(arguments: &mut Arguments<'_>) -> Result<Shape, ParseError> {
    Ok(match arguments.kind {
        "poisson" => Shape::Poisson { rate: rate(arguments, "poisson:rate=20,for=10m")? },
        "steady" => Shape::Steady { rate: rate(arguments, "steady:rate=10,for=1m")? },
        "ramp" => Shape::Ramp {
            from: arguments.number("from", 0.0, MAX_RATE)?.unwrap_or_default(),
            to: arguments.number("to", 0.0, MAX_RATE)?.unwrap_or_default(),
        },
        "on-off" => {
            let example = "on-off:rate=50,on=30s,off=1m,for=10m";
            let rate = rate(arguments, example)?;
            let on = arguments.duration("on")?.filter(|on| *on > Micros::ZERO);
            let missing = ParseError::Missing { kind: "on-off".into(), key: "on", example };
            let off = arguments.duration("off")?.unwrap_or_default();
            Shape::OnOff { rate, on: on.ok_or(missing)?, off }
        }
        _ => burst(arguments)?,
    })
}

fn rate(arguments: &mut Arguments<'_>, example: &'static str) -> Result<f64, ParseError> {
    let missing = ParseError::Missing { kind: arguments.kind.to_owned(), key: "rate", example };
    let rate = arguments.number("rate", 0.0, MAX_RATE)?.ok_or(missing)?;
    if rate > 0.0 { Ok(rate) } else { Err(ParseError::unfit("rate=0 brings no tasks at all")) }
}

fn burst(arguments: &mut Arguments<'_>) -> Result<Shape, ParseError> {
    let missing = ParseError::Missing { kind: "burst".into(), key: "size", example: "burst:100" };
    let size = arguments.first_or("size").ok_or(missing)?;
    let size = crate::arguments::count("size", size, 1, MAX_TASKS)?;
    let over = arguments.duration("over")?.unwrap_or_default();
    let every = arguments.duration("every")?;
    let times = arguments.count("times", 1, MAX_TASKS)?;
    match (every, times) {
        (None, None) => Ok(Shape::Burst { size, over, every: over, times: 1 }),
        (Some(every), Some(times)) if every >= over => {
            Ok(Shape::Burst { size, over, every, times })
        }
        (Some(every), Some(_)) => {
            let what = format!("burst: every ({every}) is shorter than over ({over})");
            Err(ParseError::unfit(what))
        }
        _ => Err(ParseError::unfit("burst: every and times go together, as in every=1m,times=3")),
    }
}

/// The duration and the number of tasks: at least one must be given.
fn extent(arguments: &mut Arguments<'_>, shape: Shape) -> Result<(Micros, u32), ParseError> {
    let lasting = arguments.duration("for")?;
    let tasks = arguments.count("tasks", 1, MAX_TASKS)?;
    let kind = arguments.kind;
    match (lasting, tasks) {
        (None, None) => {
            Err(ParseError::unfit(format!("{kind} needs an end: for=10m or tasks=100")))
        }
        (None, Some(_)) if matches!(shape, Shape::Ramp { .. }) => {
            Err(ParseError::unfit("ramp needs for=TIME, the time in which the rate changes"))
        }
        (lasting, tasks) => Ok((lasting.unwrap_or(Micros::LONGEST), tasks.unwrap_or(u32::MAX))),
    }
}
