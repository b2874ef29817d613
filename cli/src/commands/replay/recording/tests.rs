//! The recorded runs of this repository, for tests.

use std::path::Path;

use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;

use super::Recording;

/// The events of a recorded run.
pub(crate) fn recorded(name: &str) -> Vec<HistoryEvent> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-histories/v1");
    Recording::read(&folder.join(format!("{name}.json"))).unwrap().history.events
}
