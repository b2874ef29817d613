//! Random times.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::{Micros, ParseError, arguments::Arguments, rng_stream::RngStream};

/// The 90th percentile of the standard normal distribution.
const P90: f64 = 1.281_551_565_544_600_4;

/// The distribution of a random time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Fixed(Micros),
    /// Uniform between two times.
    Uniform {
        /// The shortest.
        from: Micros,
        /// The longest.
        to: Micros,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean: Micros,
    },
    /// Log-normal: most are near the median, some are much longer.
    LogNormal {
        /// The median.
        median: Micros,
        /// The 90th percentile.
        p90: Micros,
    },
}

impl Distribution {
    pub(crate) fn draw(&self, rng: &mut RngStream) -> Micros {
        match *self {
            Self::Fixed(time) => time,
            Self::Uniform { from, to } => from + rng.within(to.saturating_sub(from)),
            Self::Exponential { mean } => Micros::from_secs(mean.as_secs() * rng.exponential()),
            Self::LogNormal { median, p90 } => {
                let deviation = deviation(median, p90);
                Micros::from_secs(median.as_secs() * libm::exp(deviation * rng.normal()))
            }
        }
    }

    /// The mean.
    pub fn mean(&self) -> Micros {
        match *self {
            Self::Fixed(time) => time,
            Self::Uniform { from, to } => Micros::from_secs((from.as_secs() + to.as_secs()) / 2.0),
            Self::Exponential { mean } => mean,
            Self::LogNormal { median, p90 } => {
                let deviation = deviation(median, p90);
                Micros::from_secs(median.as_secs() * libm::exp(deviation * deviation / 2.0))
            }
        }
    }
}

fn deviation(median: Micros, p90: Micros) -> f64 {
    libm::log(p90.as_secs() / median.as_secs()) / P90
}

impl FromStr for Distribution {
    type Err = ParseError;

    /// `200ms`, `uniform:from=100ms,to=300ms`, `exp:mean=200ms`, `lognormal:median=200ms,p90=1s`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return Ok(Self::Fixed(text.parse()?));
        }
        let mut arguments = Arguments::parse(text)?;
        let kind = arguments.kind.to_owned();
        let mut need = |key: &'static str, example: &'static str| {
            let missing = ParseError::Missing { kind: kind.clone(), key, example };
            arguments.duration(key)?.ok_or(missing)
        };
        let drawn = match kind.as_str() {
            "uniform" => {
                let example = "uniform:from=100ms,to=300ms";
                Self::Uniform { from: need("from", example)?, to: need("to", example)? }
            }
            "exp" => Self::Exponential { mean: need("mean", "exp:mean=200ms")? },
            "lognormal" => {
                let example = "lognormal:median=200ms,p90=1s";
                Self::LogNormal { median: need("median", example)?, p90: need("p90", example)? }
            }
            _ => return text.parse().map(Self::Fixed).map_err(|_| unknown(text)),
        };
        arguments.finish()?;
        drawn.checked()
    }
}

fn unknown(text: &str) -> ParseError {
    let name = ParseError::shown(text);
    let known = "a duration such as 300ms, uniform, exp, lognormal".to_owned();
    ParseError::Unknown { what: "distribution", name, known }
}

impl Distribution {
    fn checked(self) -> Result<Self, ParseError> {
        match self {
            Self::Uniform { from, to } if from > to => {
                Err(ParseError::unfit(format!("uniform: from ({from}) is after to ({to})")))
            }
            Self::LogNormal { median, p90 } if median == Micros::ZERO || p90 < median => {
                let what = format!(
                    "lognormal: p90 ({p90}) must not be below median ({median}), \
                    and the median not 0"
                );
                Err(ParseError::unfit(what))
            }
            usable => Ok(usable),
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(time) => time.fmt(f),
            Self::Uniform { from, to } => write!(f, "uniform:from={from},to={to}"),
            Self::Exponential { mean } => write!(f, "exp:mean={mean}"),
            Self::LogNormal { median, p90 } => write!(f, "lognormal:median={median},p90={p90}"),
        }
    }
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng_stream::Purpose;

    #[test]
    fn what_is_drawn_has_the_mean_that_was_asked_for() {
        let mut rng = RngStream::new(3, Purpose::Services);
        for text in [
            "200ms",
            "uniform:from=100ms,to=300ms",
            "exp:mean=200ms",
            "lognormal:median=200ms,p90=400ms",
        ] {
            let drawn: Distribution = text.parse().unwrap();
            assert_eq!(drawn.to_string(), text);
            let sum: f64 = (0..50_000).map(|_| drawn.draw(&mut rng).as_secs()).sum();
            let mean = sum / 50_000.0;
            assert!((mean / drawn.mean().as_secs() - 1.0).abs() < 0.02, "{text}: {mean}");
        }
    }

    #[test]
    fn one_in_ten_is_above_the_p90_that_was_asked_for() {
        let mut rng = RngStream::new(3, Purpose::Services);
        let drawn: Distribution = "lognormal:median=200ms,p90=1s".parse().unwrap();
        let above = (0..50_000).filter(|_| drawn.draw(&mut rng) > Micros::from_ms(1_000)).count();
        assert!((4_700..5_300).contains(&above), "{above}");
    }

    #[test]
    fn mistakes_are_explained_in_one_sentence() {
        for (text, part) in [
            ("gauss:mean=1s", "there is no distribution `gauss:mean=1s`"),
            ("exp", "exp needs mean: for example exp:mean=200ms"),
            ("exp:mean=1s,mode=2s", "exp has no key `mode`: choose from mean"),
            ("exp:mean=1s,mean=2s", "exp: mean is given twice"),
            ("uniform:from=2s,to=1s", "is after to"),
            ("lognormal:median=0s,p90=1s", "the median not 0"),
            ("5", "`5` is not a duration"),
        ] {
            let error = text.parse::<Distribution>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
