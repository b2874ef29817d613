//! A page that shows the history of one instance: waiting tasks, launches, and the reasons. One file, nothing from elsewhere, no script.

mod page;
mod picture;

use wci_history::History;

use crate::clock::Millis;

/// The page of `history`, which goes up to `at`.
pub(crate) fn page(history: &History, at: Millis) -> String {
    page::write(history, &picture::Picture::of(history, at))
}

#[cfg(test)]
mod tests;
