//! Waits until the server knows the task queues of a version: until then, its workers may never
//! have run.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::time::{Instant, sleep};
use wci_contract::{VersionId, state::State};

use crate::{
    control::{AdminClient, ControlError},
    health,
};

const PAUSE: Duration = Duration::from_millis(500);

/// Whether a version is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Registered {
    /// The server knows its task queues.
    Yes,
    /// It does not, at the end of the wait.
    No {
        /// What is known of the reason.
        reason: String,
    },
    /// Nobody waited for it.
    Unknown,
}

/// Waits until the version is registered, for `limit` at most. On a terminal, the progress is
/// shown.
pub(super) async fn wait(admin: &AdminClient, id: &VersionId, limit: Duration) -> Registered {
    let progress = Progress::new();
    let began = Instant::now();
    loop {
        // An instance that does not answer now may do so at the next look.
        let found = admin.dump(id).await;
        if found.as_ref().is_ok_and(is_registered) {
            return Registered::Yes;
        }
        let reason = reason(&found);
        if began.elapsed() >= limit {
            return Registered::No { reason };
        }
        progress.show(&reason);
        sleep(PAUSE.min(limit.saturating_sub(began.elapsed()))).await;
    }
}

/// Whether an attempt to register the version failed, and another one follows.
pub(super) fn is_waiting(state: &State) -> bool {
    state.wci.as_ref().is_some_and(|wci| !wci.unregistered.is_empty())
}

/// Whether no registration is under way, or about to be.
fn is_registered(state: &State) -> bool {
    let is_under_way = state.wci.as_ref().is_some_and(|wci| wci.register);
    !is_under_way && !is_waiting(state)
}

fn reason(found: &Result<State, ControlError>) -> String {
    let state = match found {
        Ok(state) => state,
        Err(error) => return format!("the instance does not say: {error}"),
    };
    let groups = state.spec.iter().flat_map(|spec| spec.scaling_group_specs.keys());
    let reasons: Vec<String> =
        groups.filter_map(|group| health::not_registered(state, group)).collect();
    if reasons.is_empty() { "no worker has polled yet".to_owned() } else { reasons.join("; ") }
}

/// A line on stderr, if that is a terminal.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn new() -> Self {
        Self(io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        }))
    }

    fn show(&self, reason: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(format!("waiting for its task queues: {reason}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state(wci: serde_json::Value) -> State {
        let spec = json!({"scaling_group_specs": {"g": {}}});
        serde_json::from_value(json!({"spec": spec, "wci": wci})).unwrap()
    }

    #[test]
    fn a_version_is_registered_once_no_attempt_is_under_way_and_none_is_to_follow() {
        assert!(!is_registered(&state(json!({"register": true}))));
        let failed = state(json!({"unregistered": {"g": {"attempts": 2, "message": "boom"}}}));
        assert!(!is_registered(&failed));
        assert_eq!(reason(&Ok(failed)), "g: boom (2 attempts)");
        assert!(is_registered(&state(json!({}))));
        let error = ControlError::Busy("too many requests".to_owned());
        assert!(reason(&Err(error)).ends_with("too many requests"));
    }
}
