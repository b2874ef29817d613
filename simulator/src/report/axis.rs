//! An axis: from values to places, and where its marks are.

/// About how many marks an axis has.
const MARKS: f64 = 6.0;
/// From one mark of time to the next, seconds.
const TIME_STEPS: [f64; 16] = [
    0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0,
    7_200.0, 21_600.0,
];

/// How values are spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Even,
    /// Evenly, with marks at round seconds, minutes or hours.
    Time,
    /// By powers of ten; what is below the least is drawn at it.
    Powers,
}

/// What an axis shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) name: &'static str,
    pub(super) scale: Scale,
    least: f64,
    most: f64,
    step: f64,
}

impl Axis {
    /// An even axis of whole numbers from 0 to `most`, rounded up to a mark.
    pub(super) fn even(name: &'static str, most: f64) -> Self {
        let step = step(most);
        let most = libm::ceil(most / step).max(1.0) * step;
        Self { name, scale: Scale::Even, least: 0.0, most, step }
    }

    /// An axis of time from 0 to `most`, seconds.
    pub(super) fn time(name: &'static str, most: f64) -> Self {
        let fits = |step: &f64| most / step <= 8.0;
        let step = TIME_STEPS.into_iter().find(fits).unwrap_or(86_400.0);
        let step = if most < 1.0 { most.max(1e-3) / 4.0 } else { step };
        Self { name, scale: Scale::Time, least: 0.0, most: most.max(4.0 * 1e-3), step }
    }

    /// An axis by powers of ten from `least` to `most`, rounded up to one.
    pub(super) fn powers(name: &'static str, least: f64, most: f64) -> Self {
        let mut end = least * 10.0;
        while end < most && end < 1e15 {
            end *= 10.0;
        }
        Self { name, scale: Scale::Powers, least, most: end, step: 10.0 }
    }

    /// Where `value` is, from 0 to 1.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Even | Scale::Time => (value - self.least) / (self.most - self.least),
            Scale::Powers => {
                libm::log10(value.max(self.least) / self.least)
                    / libm::log10(self.most / self.least)
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// The values at which there is a mark.
    pub(super) fn marks(&self) -> Vec<f64> {
        let mut marks = vec![self.least];
        while let Some(last) = marks.last().filter(|_| marks.len() < 32) {
            let next = match self.scale {
                Scale::Even | Scale::Time => last + self.step,
                Scale::Powers => last * self.step,
            };
            if next > self.most * 1.000_001 {
                break;
            }
            marks.push(next);
        }
        marks
    }
}

/// From one mark to the next: 1, 2 or 5 times a power of ten, and no fraction.
fn step(most: f64) -> f64 {
    let rough = (most / MARKS).max(1.0);
    let power = libm::pow(10.0, libm::floor(libm::log10(rough)));
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| rough <= times * power);
    times.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_numbers_that_reach_over_everything() {
        assert_eq!(Axis::even("tasks", 93.0).marks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(Axis::even("tasks", 3.0).marks(), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(Axis::even("tasks", 0.0).marks(), [0.0, 1.0]);
        assert_eq!(Axis::time("time", 200.0).marks(), [0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0]);
        assert_eq!(Axis::powers("ms", 1.0, 350.0).marks(), [1.0, 10.0, 100.0, 1000.0]);
    }

    #[test]
    fn values_have_their_place_between_the_ends() {
        let axis = Axis::powers("ms", 1.0, 10_000.0);
        assert!((axis.place(100.0) - 0.5).abs() < 1e-9);
        assert_eq!((axis.place(0.0), axis.place(1e9)), (0.0, 1.0));
    }
}
