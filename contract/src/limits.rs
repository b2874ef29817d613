//! Limits that hold whatever input arrives.

/// Bytes of one input of a workflow, signal, update, query or activity, as JSON. No state that this
/// controller carries over is larger; see `the_largest_state_fits_into_an_input`.
pub const MAX_INPUT_BYTES: usize = 1_700_000;
/// Values, keys, lists and objects in one input: decoded, each takes far more memory than its text.
pub const MAX_INPUT_VALUES: usize = 128 * 1024;
/// Bytes of a spec as JSON. Every spec file that `wci apply` reads fits.
pub const MAX_SPEC_BYTES: usize = 384 * 1024;
/// Bytes of unknown fields that one state or spec may keep, as JSON; the rest is dropped.
pub const MAX_UNKNOWN_BYTES: usize = 8 * 1024;
/// Bytes of one group's scaling state as JSON; a larger one is dropped.
pub const MAX_SCALING_STATE: usize = 4 * 1024;
/// Groups for which a state keeps something: those of the spec, and some that were removed.
pub const MAX_KNOWN_GROUPS: usize = 2 * MAX_GROUPS;
/// Bytes of an identity, as in the server; the rest is cut off.
pub const MAX_IDENTITY: usize = 1000;
/// Bytes of one reason of a decision; the rest is cut off.
pub const MAX_REASON: usize = 500;
/// Bytes of a short text: an ID, a token, a time, a status.
pub const MAX_SHORT_TEXT: usize = 255;
/// Task types that one scaling group may list.
pub const MAX_TASK_TYPES: usize = 16;
/// Scaling groups in one spec.
pub const MAX_GROUPS: usize = 32;
/// Bytes in the name of a scaling group.
pub const MAX_GROUP_NAME: usize = 255;
/// Bytes of a provider's or a scaler's configuration, decoded.
pub const MAX_CONFIG_BYTES: usize = 64 * 1024;
/// Bytes of one `task-add-signal`; a larger one is dropped.
pub const MAX_SIGNAL_BYTES: usize = 16 * 1024;
/// Distinct (task queue, type) pairs in the inbox before it merges queues.
pub const MAX_INBOX: usize = 256;
/// Bytes of a task queue's name; the rest is cut off.
pub const MAX_QUEUE_NAME: usize = 1000;
/// Launches of one instance that may be under way at once.
pub const MAX_LAUNCHES: usize = 64;
/// Workers that one launch may request.
pub const MAX_COUNT: u32 = 1000;
/// Actions that one decision may hold.
pub const MAX_ACTIONS: usize = 16;
/// Reasons that one decision may hold.
pub const MAX_REASONS: usize = 16;
/// Decisions that an instance keeps for `wci describe`.
pub const MAX_DECISIONS: usize = 20;
/// Bytes of an error message that is stored or passed on.
pub const MAX_MESSAGE: usize = 2000;
/// Warnings about one compute config.
pub const MAX_WARNINGS: usize = 16;

/// `text` cut to at most `max` bytes, at a character boundary.
pub fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Cuts `text` to at most `max` bytes, at a character boundary.
pub fn shorten(text: &mut String, max: usize) {
    let end = cut(text, max).len();
    text.truncate(end);
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(super::cut("aäb", 2), "a");
        assert_eq!(super::cut("aäb", 9), "aäb");
    }
}
