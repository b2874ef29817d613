//! The minimum number of workers at certain times of the week, in UTC.
//!
//! A schedule is a list of lines such as `mon-fri 08:00-18:00 5` or `* 06:30-07:00 2`: days,
//! times and workers. Where several lines apply, the one with the most workers wins.

use serde_json::{Map, Value};
use wci_contract::limits::cut;

use crate::ConfigError;

/// The setting's name.
pub(super) const KEY: &str = "min_workers_schedule";

/// Lines of a schedule.
const MAX_LINES: usize = 50;
const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;
const WEEK_MINUTES: i64 = 7 * DAY_MINUTES;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// The Unix epoch was a Thursday: minutes since the Monday before it.
const EPOCH_MINUTES: i64 = 3 * DAY_MINUTES;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    /// First and last day, Monday is 0. The last may be before the first, across the weekend.
    days: (i64, i64),
    /// Minutes of the day, from and until; 1440 is the end of the day.
    minutes: (i64, i64),
    workers: u64,
}

/// The minimum number of workers by time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Schedule(Vec<Line>);

impl Schedule {
    /// Reads the schedule in `config`; invalid lines are ignored.
    pub(super) fn read(config: &Map<String, Value>) -> Self {
        let lines = config.get(KEY).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let lines = lines.iter().take(MAX_LINES).filter_map(|line| parse(line.as_str()?));
        Self(lines.collect())
    }

    /// The minimum number of workers at `now_ms`, milliseconds since the Unix epoch.
    pub(super) fn workers_at(&self, now_ms: i64) -> u64 {
        let minute = minute_of_week(now_ms);
        let applies = |line: &&Line| line.applies(minute);
        self.0.iter().filter(applies).map(|line| line.workers).max().unwrap_or(0)
    }

    /// When the number may next change, milliseconds since the Unix epoch; `None` without a
    /// schedule.
    pub(super) fn next_change(&self, now_ms: i64) -> Option<i64> {
        let minute = minute_of_week(now_ms);
        let minutes = |line: &Line| [line.minutes.0, line.minutes.1];
        let ahead = |edge: i64| (edge - minute).rem_euclid(DAY_MINUTES);
        // Every edge counts daily, whatever its days: a superfluous tick is cheap.
        let nearest = self.0.iter().flat_map(minutes).map(ahead);
        let nearest = nearest.map(|ahead| if ahead == 0 { DAY_MINUTES } else { ahead }).min()?;
        let start_of_minute = now_ms - now_ms.rem_euclid(MINUTE_MS);
        Some(start_of_minute.saturating_add(nearest * MINUTE_MS))
    }
}

impl Line {
    fn applies(&self, minute_of_week: i64) -> bool {
        let (day, minute) = (minute_of_week / DAY_MINUTES, minute_of_week % DAY_MINUTES);
        let (first, last) = self.days;
        let is_day =
            if first <= last { (first..=last).contains(&day) } else { day >= first || day <= last };
        is_day && (self.minutes.0..self.minutes.1).contains(&minute)
    }
}

fn minute_of_week(now_ms: i64) -> i64 {
    (now_ms.div_euclid(MINUTE_MS) + EPOCH_MINUTES).rem_euclid(WEEK_MINUTES)
}

/// Checks the schedule in `config`, whose lines may not exceed the limit.
pub(super) fn check(
    config: &Map<String, Value>,
    (limit, most): (&'static str, i64),
) -> Result<(), ConfigError> {
    let Some(given) = config.get(KEY) else { return Ok(()) };
    let not_a_list = ConfigError::NotASchedule { name: KEY, max: MAX_LINES };
    let Some(lines) = given.as_array().filter(|lines| lines.len() <= MAX_LINES) else {
        return Err(not_a_list);
    };
    for line in lines {
        let text = line.as_str().unwrap_or_default();
        let Some(line) = parse(text) else {
            return Err(ConfigError::NotALine { name: KEY, line: cut(text, 100).to_owned() });
        };
        let value = i64::try_from(line.workers).unwrap_or(i64::MAX);
        if value > most {
            return Err(ConfigError::Exceeds { name: KEY, value, other: limit, other_value: most });
        }
    }
    Ok(())
}

/// `<days> <from>-<until> <workers>`.
fn parse(line: &str) -> Option<Line> {
    let mut words = line.split_ascii_whitespace();
    let (days, minutes, workers) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() {
        return None;
    }
    let (from, until) = minutes.split_once('-')?;
    let minutes = (minute(from)?, minute(until)?);
    let workers = workers.bytes().all(|b| b.is_ascii_digit()).then(|| workers.parse().ok())??;
    (minutes.0 < minutes.1).then_some(Line { days: parse_days(days)?, minutes, workers })
}

fn parse_days(days: &str) -> Option<(i64, i64)> {
    if days == "*" {
        return Some((0, 6));
    }
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    Some((day(first)?, day(last)?))
}

fn day(name: &str) -> Option<i64> {
    let at = DAYS.iter().position(|day| name.eq_ignore_ascii_case(day))?;
    i64::try_from(at).ok()
}

/// `HH:MM` from 00:00 to 24:00 as minutes of the day.
fn minute(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |digits: &str| {
        let sound = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        sound.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= DAY_MINUTES).then_some(minute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schedule(lines: Value) -> Schedule {
        Schedule::read(json!({ KEY: lines }).as_object().unwrap())
    }

    /// 2026-11-22 is a Sunday; day 0 is the Monday after it.
    fn at(day: i64, hours: i64, minutes: i64) -> i64 {
        1_795_392_000_000 + ((day * 24 + hours) * 60 + minutes) * MINUTE_MS
    }

    #[test]
    fn a_line_applies_on_its_days_from_its_first_minute_to_its_last() {
        let week = schedule(json!(["mon-fri 08:00-18:00 5"]));
        for (day, hours, minutes, workers) in [
            (0, 7, 59, 0),
            (0, 8, 0, 5),
            (4, 17, 59, 5),
            (4, 18, 0, 0),
            (5, 12, 0, 0),
            (6, 12, 0, 0),
            (7, 12, 0, 5),
        ] {
            assert_eq!(
                week.workers_at(at(day, hours, minutes)),
                workers,
                "{day} {hours}:{minutes}"
            );
        }
    }

    #[test]
    fn days_may_span_the_weekend_and_times_the_end_of_the_day() {
        let nights =
            schedule(json!(["sat-mon 22:00-24:00 3", "* 00:00-00:30 1", "SUN 23:00-23:30 9"]));
        for (day, hours, minutes, workers) in [
            (5, 23, 59, 3),
            (6, 23, 15, 9),
            (7, 22, 0, 3),
            (1, 22, 0, 0),
            (2, 0, 29, 1),
            (2, 0, 30, 0),
        ] {
            assert_eq!(
                nights.workers_at(at(day, hours, minutes)),
                workers,
                "{day} {hours}:{minutes}"
            );
        }
    }

    #[test]
    fn the_next_change_is_within_a_day() {
        let week = schedule(json!(["mon-fri 08:00-18:00 5"]));
        assert_eq!(week.next_change(at(0, 7, 59) + 500), Some(at(0, 8, 0)));
        assert_eq!(week.next_change(at(0, 8, 0)), Some(at(0, 18, 0)));
        assert_eq!(week.next_change(at(0, 18, 0)), Some(at(1, 8, 0)));
        assert_eq!(Schedule::default().next_change(0), None);
    }

    #[test]
    fn an_invalid_line_is_refused_with_an_example() {
        let check = |lines: Value| {
            let config = json!({ KEY: lines });
            check(config.as_object().unwrap(), ("max", 10)).map_err(|e| e.to_string())
        };
        assert_eq!(check(json!([])), Ok(()));
        assert_eq!(check(json!(["mon 00:00-24:00 10"])), Ok(()));
        for line in [
            "mon",
            "mon 8:00-18:00 5",
            "mon 08:00-08:00 5",
            "mon 18:00-08:00 5",
            "mon 08:00-24:01 5",
            "mon 08:60-10:00 5",
            "mon 08:00-18:00 -5",
            "mon 08:00-18:00 +5",
            "mon 08:00-18:00 5 6",
            "monday 08:00-18:00 5",
            "mon,tue 08:00-18:00 5",
            "mon 08:00-18:00 99999999999999999999",
        ] {
            let message = check(json!([line])).unwrap_err();
            assert!(message.contains("for example \"mon-fri 08:00-18:00 5\""), "{message}");
        }
        assert!(check(json!("mon 08:00-18:00 5")).unwrap_err().contains("a list of"));
        assert_eq!(
            check(json!(["* 08:00-18:00 11"])).unwrap_err(),
            "min_workers_schedule (11) must not exceed max (10)"
        );
    }
}
