//! Decodes payloads; errors are typed refusals.

use serde::{Serialize, de::DeserializeOwned};
use temporalio_common::{data_converters::RawValue, protos::temporal::api::common::v1::Payload};
use wci_contract::{
    Refusal,
    bounds::{OVERSIZED_ENCODING, check_input, oversized_input},
};

const ENCODING: &str = "encoding";
const JSON: &[u8] = b"json/plain";

/// The JSON text of the first payload.
pub fn text_of(raw: &RawValue) -> Result<&str, Refusal> {
    let payload = raw.payloads.first().ok_or_else(|| Refusal::invalid("no argument was given"))?;
    let encoding = payload.metadata.get(ENCODING).map_or(&b""[..], Vec::as_slice);
    if encoding == OVERSIZED_ENCODING.as_bytes() {
        return Err(oversized_input(&String::from_utf8_lossy(&payload.data)));
    }
    if encoding != JSON {
        return Err(Refusal::invalid(format!(
            "encoding {}: payload encoding is not supported, send plain JSON",
            String::from_utf8_lossy(encoding.get(..100).unwrap_or(encoding))
        )));
    }
    check_input(&payload.data)?;
    std::str::from_utf8(&payload.data)
        .map_err(|e| Refusal::invalid(format!("unable to decode: {e}")))
}

/// The value of the first payload.
pub(crate) fn decode<T: DeserializeOwned>(raw: &RawValue) -> Result<T, Refusal> {
    serde_json::from_str(text_of(raw)?)
        .map_err(|e| Refusal::invalid(format!("unable to decode: {e}")))
}

/// `value` as plain JSON.
pub fn payload_of<T: Serialize>(value: &T) -> Result<RawValue, serde_json::Error> {
    Ok(RawValue::new(vec![Payload {
        metadata: [(ENCODING.to_owned(), JSON.to_vec())].into(),
        data: serde_json::to_vec(value)?,
        ..Payload::default()
    }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(encoding: &str, data: &[u8]) -> RawValue {
        RawValue::new(vec![Payload {
            metadata: [("encoding".to_owned(), encoding.as_bytes().to_vec())].into(),
            data: data.to_vec(),
            ..Payload::default()
        }])
    }

    #[test]
    fn an_encrypted_argument_is_refused_by_its_encoding() {
        let refusal = text_of(&raw("binary/encrypted", b"x")).unwrap_err();
        assert!(refusal.message.starts_with("encoding binary/encrypted: "));
    }

    #[test]
    fn an_input_that_is_too_large_is_refused_whether_or_not_it_arrives_whole() {
        let whole = text_of(&raw("json/plain", &vec![b' '; 1_800_000])).unwrap_err();
        let replaced = text_of(&raw("binary/oversized", b"1800000")).unwrap_err();
        assert_eq!(whole, replaced);
        assert!(whole.message.contains("1800000 bytes, at most 1700000"), "{}", whole.message);
    }

    #[test]
    fn a_value_survives_encoding_and_decoding() {
        assert_eq!(decode::<Vec<u8>>(&payload_of(&vec![1, 2]).unwrap()), Ok(vec![1, 2]));
    }

    #[test]
    fn a_payload_that_cannot_be_decoded_is_refused() {
        assert!(decode::<u8>(&raw("json/plain", b"\xff")).is_err());
        assert!(decode::<u8>(&raw("json/plain", b"{")).is_err());
        assert!(decode::<u8>(&RawValue::default()).is_err());
    }
}
