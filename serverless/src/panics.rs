//! The effect of a panic in one task on the others.

/// Whether this program aborts on panics. All crates of a program are built with one setting.
pub(crate) const ABORTS: bool = cfg!(panic = "abort");

/// Returns the warning for a program that aborts on panics, if it `aborts`.
///
/// The SDK turns a panic in a task into a failure of that task, which only works with unwinding.
pub(crate) fn warning(aborts: bool) -> Option<&'static str> {
    aborts.then_some(
        "this program is built to abort on panics, so a panic in one task ends the process with every task in it; set panic = \"unwind\" under [profile.release] in Cargo.toml, because cargo lambda build otherwise sets it to \"abort\"",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warning_about_aborting_on_panics_names_the_setting() {
        let words = warning(true).unwrap();
        assert!(words.contains("panic = \"unwind\" under [profile.release]"), "{words}");
        assert_eq!(warning(false), None);
    }
}
