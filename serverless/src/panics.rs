//! What a panic in one task means for the others.

/// Whether this program ends with its first panic: the crates of a program are all built alike.
pub(crate) const ABORTS: bool = cfg!(panic = "abort");

/// What is to be said about a program that `aborts`. The SDK turns a panic in a task into the
/// failure of that task, which it cannot do there.
pub(crate) fn warning(aborts: bool) -> Option<&'static str> {
    aborts.then_some(
        "this program is built to abort on panics, so a panic in one task ends the process with every task in it; set panic = \"unwind\" under [profile.release] in Cargo.toml, which cargo lambda build would otherwise set to \"abort\"",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_aborts_on_panics_is_told_what_to_set() {
        let words = warning(true).unwrap();
        assert!(words.contains("panic = \"unwind\" under [profile.release]"), "{words}");
        assert_eq!(warning(false), None);
    }
}
