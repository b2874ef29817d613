//! Checks the inputs of activities before they are decoded.

use futures::{
    FutureExt,
    future::{BoxFuture, ready},
};
use temporalio_common::{
    data_converters::{PayloadCodec, PayloadConversionError, SerializationContextData},
    protos::temporal::api::common::v1::Payload,
};
use wci_contract::{
    Refusal,
    bounds::{OVERSIZED_ENCODING, check_input, oversized_input},
};

/// Refuses inputs of activities that are too large. Workflows check theirs themselves, since one
/// that does not decode must not fail their task.
pub(super) struct InputCodec;

impl PayloadCodec for InputCodec {
    fn encode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        ready(Ok(payloads)).boxed()
    }

    fn decode(
        &self,
        context: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let checked = match context {
            SerializationContextData::Activity(_) => payloads.iter().try_for_each(check),
            _ => Ok(()),
        };
        let failed = |refusal: Refusal| PayloadConversionError::EncodingError(refusal.into());
        ready(checked.map(|()| payloads).map_err(failed)).boxed()
    }
}

fn check(payload: &Payload) -> Result<(), Refusal> {
    if payload.metadata.get("encoding").is_some_and(|it| it == OVERSIZED_ENCODING.as_bytes()) {
        return Err(oversized_input(&String::from_utf8_lossy(&payload.data)));
    }
    check_input(&payload.data)
}
