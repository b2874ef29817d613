//! Floats, and whole numbers made of them.

use serde_json::Value;

pub(crate) use wci_contract::number::{integer, truncate};

/// 2^53: up to here a float holds every integer exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `value` as a finite float.
pub(crate) fn float(value: &Value) -> Option<f64> {
    value.as_f64().filter(|float| float.is_finite())
}

/// `whole` as a float; exact up to 2^53.
pub(crate) fn to_float(whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of tasks and workers stay below 2^53")]
    let float = whole as f64;
    float
}

/// `float` rounded up to a whole number between 0 and `u32::MAX`.
pub(crate) fn whole(float: f64) -> u32 {
    let bounded = truncate(float.ceil().min(f64::from(u32::MAX))).unwrap_or_default();
    u32::try_from(bounded).unwrap_or_default()
}

/// `float` as Go writes it: without a fraction where it is integral. Not for NaN and infinities.
pub(crate) fn to_json(float: f64) -> Value {
    let whole = truncate(float).filter(|_| float.fract() == 0.0 && float.abs() <= EXACT);
    whole.map_or_else(|| Value::from(float), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn integers_and_integral_floats_stand_for_each_other() {
        assert_eq!(float(&json!(2)), Some(2.0));
        assert_eq!(to_json(2.0), json!(2));
        assert_eq!(to_json(-1.0), json!(-1));
        assert_eq!(to_json(10.5), json!(10.5));
    }
}
