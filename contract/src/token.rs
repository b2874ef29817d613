//! The conflict token: eight bytes in base64 that grow with every change of a spec.

use base64::{Engine, engine::general_purpose::STANDARD};

/// The token that follows `last`, at `now_ms` (milliseconds since the Unix epoch). It is at least
/// the time, so that a version that is deleted and created again does not repeat earlier tokens.
pub fn next(last: Option<&str>, now_ms: i64) -> String {
    let revision = last.and_then(read).map_or(0, |n| n.saturating_add(1));
    let floor = u64::try_from(now_ms).unwrap_or(0);
    STANDARD.encode(revision.max(floor).to_be_bytes())
}

fn read(token: &str) -> Option<u64> {
    let bytes: [u8; 8] = STANDARD.decode(token).ok()?.try_into().ok()?;
    Some(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_change_makes_a_new_token_even_within_a_millisecond() {
        let first = super::next(None, 1000);
        let second = super::next(Some(&first), 1000);
        assert_ne!(first, second);
        assert_ne!(super::next(Some(&second), 5), second);
    }

    #[test]
    fn a_token_of_another_controller_is_replaced() {
        assert!(!super::next(Some("not ours"), 7).is_empty());
    }
}
