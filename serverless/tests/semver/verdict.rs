//! The change between two listings, and the version that it requires.

use std::fmt;

use crate::listing::Listing;

/// A version without prerelease and build metadata.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Version(u64, u64, u64);

impl Version {
    /// Parses `major.minor.patch`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let parts: Vec<u64> = text.split('.').map_while(|part| part.parse().ok()).collect();
        let &[major, minor, patch] = parts.as_slice() else { return None };
        Some(Self(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Removed and added lines. An altered line is both.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    removed: Vec<String>,
    added: Vec<String>,
}

impl Change {
    /// Compares two listings.
    pub(crate) fn between(before: &Listing, after: &Listing) -> Self {
        let removed = before.lines.difference(&after.lines).cloned().collect();
        Self { removed, added: after.lines.difference(&before.lines).cloned().collect() }
    }

    /// Whether nothing changed.
    pub(crate) fn is_none(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.removed.iter().try_for_each(|line| writeln!(out, "- {line}"))?;
        self.added.iter().try_for_each(|line| writeln!(out, "+ {line}"))
    }
}

/// Returns the lowest version that may follow `released` with `change`, by <https://semver.org>.
/// Before 1.0 Cargo's rule applies: the minor version takes the place of the major one.
pub(crate) fn lowest(released: Version, change: &Change) -> Version {
    let Version(major, minor, patch) = released;
    match (major, change.removed.is_empty(), change.is_none()) {
        (_, _, true) => released,
        (0, true, _) => Version(0, minor, patch + 1),
        (0, false, _) => Version(0, minor + 1, 0),
        (_, true, _) => Version(major, minor + 1, 0),
        (_, false, _) => Version(major + 1, 0, 0),
    }
}

#[test]
fn from_1_0_on_additions_move_the_minor_version_and_breaking_changes_the_major_one() {
    let change = |removed: &[&str], added: &[&str]| {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Change { removed: owned(removed), added: owned(added) }
    };
    let after = |change| lowest(Version(1, 2, 3), &change).to_string();
    assert_eq!(after(change(&[], &[])), "1.2.3");
    assert_eq!(after(change(&[], &["fn a()"])), "1.3.0");
    assert_eq!(after(change(&["fn a()"], &["fn a(u8)"])), "2.0.0");
}
