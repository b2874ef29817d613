//! Numbers as JSON carries them. Go writes the float 2.0 as `2`, and its maps hold integers as
//! floats, so either may stand for the other.

use serde_json::Value;

/// 2^63: the first float that is too large for an `i64`.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// 2^53: up to here a float holds every integer exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// `value` as an integer; `None` when it is none, has a fraction, or does not fit.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let float = value.as_f64()?;
        (float.fract() == 0.0).then(|| truncate(float)).flatten()
    })
}

/// `value` as a finite float.
pub(crate) fn float(value: &Value) -> Option<f64> {
    value.as_f64().filter(|float| float.is_finite())
}

/// `float` without its fraction; `None` when it does not fit.
pub(crate) fn truncate(float: f64) -> Option<i64> {
    let fits = (-TOO_LARGE..TOO_LARGE).contains(&float);
    #[expect(clippy::cast_possible_truncation, reason = "dropping the fraction is the purpose")]
    fits.then_some(float as i64)
}

/// `whole` as a float; exact up to 2^53.
pub(crate) fn to_float(whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "nobody counts that many tasks one by one")]
    let float = whole as f64;
    float
}

/// `float` rounded up to a whole number; 0 below that, and no more than 32 bits hold.
pub(crate) fn whole(float: f64) -> u32 {
    let bounded = truncate(float.ceil().min(f64::from(u32::MAX))).unwrap_or_default();
    u32::try_from(bounded).unwrap_or_default()
}

/// `float` as Go writes it: without a fraction where there is none. Not for NaN and infinities.
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
        assert_eq!(integer(&json!(1_795_338_014_232_i64)), Some(1_795_338_014_232));
        assert_eq!(integer(&json!(1_795_338_014_232.0)), Some(1_795_338_014_232));
        assert_eq!(float(&json!(2)), Some(2.0));
        assert_eq!(to_json(2.0), json!(2));
        assert_eq!(to_json(-1.0), json!(-1));
        assert_eq!(to_json(10.5), json!(10.5));
    }

    #[test]
    fn what_is_no_integer_is_none() {
        for value in
            [json!(1.5), json!(1e300), json!(-1e300), json!(u64::MAX), json!("5"), json!(null)]
        {
            assert_eq!(integer(&value), None, "{value}");
        }
    }
}
