//! Updates in sentences.

use wci_contract::names::{DELETE, UPDATE, VALIDATE};

/// A request by `identity`, which may be empty.
pub(super) fn accepted(update: &str, identity: &str) -> String {
    let client = if identity.is_empty() { "an unnamed client" } else { identity };
    format!("{} was requested by {client}", subject(update))
}

pub(super) fn completed(update: &str, refusal: Option<&str>) -> String {
    match (update, refusal) {
        (UPDATE, None) => "The new compute config is in effect".to_owned(),
        (DELETE, None) => "The deletion of the instance was accepted".to_owned(),
        (VALIDATE, None) => "The compute config is valid".to_owned(),
        (other, None) => format!("Update {other:?} completed"),
        (other, Some(refusal)) => format!("{} was refused: {refusal}", subject(other)),
    }
}

fn subject(update: &str) -> String {
    match update {
        UPDATE => "The change of the compute config".to_owned(),
        DELETE => "The deletion of the instance".to_owned(),
        VALIDATE => "The validation of a compute config".to_owned(),
        other => format!("Update {other:?}"),
    }
}
