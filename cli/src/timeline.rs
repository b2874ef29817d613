//! A page that shows the story of one instance: what waited, which workers were asked for, and
//! why. One file, nothing from elsewhere, no script.

mod axis;
mod page;
mod panel;
mod picture;

use wci_history::Story;

use crate::clock::Millis;

/// The page of `story`, which goes up to `at`.
pub(crate) fn page(story: &Story, at: Millis) -> String {
    page::write(story, &picture::Picture::of(story, at))
}

#[cfg(test)]
mod tests;
