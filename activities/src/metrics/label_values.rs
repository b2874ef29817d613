//! Label values of which there is a bounded number.

use std::{collections::BTreeSet, sync::Mutex};

use wci_contract::{
    FailureClass, VersionId,
    decision::{ParsedReason, Reason},
};

/// The label value of everything without one of its own.
pub(crate) const OTHER: &str = "other";
/// The label value where there was no failure.
pub(crate) const NONE: &str = "none";

/// The versions that have labels of their own: the first `max` that this process saw. The others
/// share one.
#[derive(Debug)]
pub(super) struct VersionLabels {
    max: usize,
    known: Mutex<BTreeSet<(String, VersionId)>>,
}

impl VersionLabels {
    pub(super) fn new(max: usize) -> Self {
        Self { max, known: Mutex::default() }
    }

    /// Deployment name and build ID as labels.
    pub(super) fn of<'a>(&self, namespace: &str, version: &'a VersionId) -> (&'a str, &'a str) {
        let key = (namespace.to_owned(), version.clone());
        let Ok(mut known) = self.known.lock() else { return (OTHER, OTHER) };
        if known.contains(&key) || (known.len() < self.max && known.insert(key)) {
            (version.deployment(), version.build_id())
        } else {
            (OTHER, OTHER)
        }
    }
}

/// The failure class as a label.
pub(super) fn class(class: Option<FailureClass>) -> &'static str {
    class.map_or(NONE, FailureClass::as_str)
}

/// The name of a reason as a label: one of a closed set.
pub(super) fn reason(line: &str) -> &'static str {
    match Reason::parse(line) {
        ParsedReason::Known(reason) => reason.name(),
        ParsedReason::Unknown { .. } => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(deployment: &str) -> VersionId {
        VersionId::new(deployment, "v1").unwrap()
    }

    #[test]
    fn the_first_versions_keep_their_names_and_later_ones_share_one() {
        let labels = VersionLabels::new(2);
        for deployment in ["a", "b", "a"] {
            assert_eq!(labels.of("default", &version(deployment)), (deployment, "v1"));
        }
        assert_eq!(labels.of("default", &version("c")), (OTHER, OTHER));
        assert_eq!(labels.of("elsewhere", &version("a")), (OTHER, OTHER));
    }

    #[test]
    fn a_reason_is_counted_by_its_name_alone() {
        assert_eq!(reason("cooloff remaining_ms=40"), "cooloff");
        assert_eq!(reason("launch_failed(throttled) failures=2"), "launch_failed");
        assert_eq!(reason("nothing_waits"), "nothing_waits");
        assert_eq!(reason("arn:aws:lambda secret"), OTHER);
        assert_eq!(reason(""), OTHER);
    }
}
