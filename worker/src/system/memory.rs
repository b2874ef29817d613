//! Bounds of the memory that one namespace takes, whatever its clients send.

use temporal_query_safe_connection::Bounds;
use temporalio_common::protos::temporal::api::common::v1::Payload;
use wci_contract::{bounds::OVERSIZED_ENCODING, limits::MAX_INPUT_BYTES};

const MIB: usize = 1024 * 1024;
/// Of a history that is read as a whole, after an instance left the cache. The server wants a run
/// continued in a new one from 4 MiB on.
const MAX_HISTORY: usize = 16 * MIB;
/// Of the tasks that a worker handles at a time.
const MAX_IN_FLIGHT: usize = 16 * MIB;
/// Metadata of a payload.
const OVERHEAD: usize = 1024;

/// What the workers of a namespace receive at most.
pub(super) const BOUNDS: Bounds = Bounds {
    payload: MAX_INPUT_BYTES + OVERHEAD,
    replacement: placeholder,
    history: MAX_HISTORY,
    in_flight: MAX_IN_FLIGHT,
};

/// What takes the place of a payload that is too large. Handlers refuse it by its size.
fn placeholder(bytes: usize) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), OVERSIZED_ENCODING.into())].into(),
        data: bytes.to_string().into(),
        ..Payload::default()
    }
}
