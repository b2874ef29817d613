//! Encodes and decodes the payloads of calls to workflows.

use serde::{Serialize, de::DeserializeOwned};
use temporalio_common::{
    data_converters::RawValue,
    search_attributes::{SearchAttributeKey, SearchAttributes},
};
use wci_contract::names;
use wci_workflows::{payload_of, text_of};

use super::ControlError;

const DIVISION: SearchAttributeKey<String> = SearchAttributeKey::keyword(names::DIVISION_ATTRIBUTE);

/// The search attribute that keeps system workflows out of users' lists.
pub(super) fn division() -> SearchAttributes {
    SearchAttributes::new([DIVISION.value_set(names::DIVISION.to_owned())])
}

pub(super) fn encode(value: &impl Serialize) -> Result<RawValue, ControlError> {
    payload_of(value).map_err(|error| ControlError::other(&error))
}

pub(super) fn decode<T: DeserializeOwned>(raw: &RawValue) -> Result<T, ControlError> {
    let text = text_of(raw).map_err(|refusal| ControlError::other(&refusal))?;
    serde_json::from_str(text).map_err(|error| {
        ControlError::Other(format!("this version of wci cannot read the answer: {error}"))
    })
}
