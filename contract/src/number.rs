//! Integers as JSON carries them. Go writes the float 2.0 as `2`, and its maps hold integers as
//! floats, so either may stand for the other.

use serde_json::Value;

/// 2^63: the first float that is too large for an `i64`.
const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// `value` as an integer; `None` when it is not a number, has a fraction, or does not fit.
pub fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let float = value.as_f64()?;
        (float.fract() == 0.0).then(|| truncate(float)).flatten()
    })
}

/// `float` without its fraction; `None` when it does not fit.
pub fn truncate(float: f64) -> Option<i64> {
    let fits = (-TOO_LARGE..TOO_LARGE).contains(&float);
    #[expect(clippy::cast_possible_truncation, reason = "dropping the fraction is the purpose")]
    fits.then_some(float as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_integral_float_is_an_integer() {
        assert_eq!(integer(&json!(1_795_338_014_232_i64)), Some(1_795_338_014_232));
        assert_eq!(integer(&json!(1_795_338_014_232.0)), Some(1_795_338_014_232));
    }

    #[test]
    fn anything_else_is_not() {
        for value in
            [json!(1.5), json!(1e300), json!(-1e300), json!(u64::MAX), json!("5"), json!(null)]
        {
            assert_eq!(integer(&value), None, "{value}");
        }
    }
}
