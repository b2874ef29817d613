//! Bounds in bytes of what arrives from outside: before it is decoded, and of what is kept of it.
//!
//! A client of the namespace may start our workflows and activities with any input. Whatever is
//! legitimate passes unchanged; of the rest, what no rule needs is cut or dropped, and an input that
//! is too large is refused as a whole.

mod inputs;
mod outputs;
mod state;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    Refusal, Spec,
    limits::{
        MAX_GROUP_NAME, MAX_GROUPS, MAX_INPUT_BYTES, MAX_INPUT_VALUES, MAX_SPEC_BYTES,
        MAX_TASK_TYPES, MAX_UNKNOWN_BYTES,
    },
};

/// Checks an input before it is decoded: its bytes, and how many values it has.
///
/// # Errors
/// More than [`MAX_INPUT_BYTES`] bytes or [`MAX_INPUT_VALUES`] values.
pub fn check_input(json: &[u8]) -> Result<(), Refusal> {
    if json.len() > MAX_INPUT_BYTES {
        return Err(oversized_input(&json.len().to_string()));
    }
    // Fewer bytes cannot have too many values.
    if json.len() > MAX_INPUT_VALUES && values(json) > MAX_INPUT_VALUES {
        return Err(Refusal::invalid(format!(
            "the input has more than {MAX_INPUT_VALUES} values: send less"
        )));
    }
    Ok(())
}

/// The encoding of the placeholder that a system worker puts in the place of a payload that is too
/// large to be kept in memory. Its data is the number of bytes.
pub const OVERSIZED_ENCODING: &str = "binary/oversized";

/// The refusal of an input of `bytes` bytes.
pub fn oversized_input(bytes: &str) -> Refusal {
    Refusal::invalid(format!(
        "the input has {bytes} bytes, at most {MAX_INPUT_BYTES} are allowed: send less"
    ))
}

/// Values, keys, lists and objects in `json`, at least as many as a parser would find.
fn values(json: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b':' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// Checks the size of a spec: its groups, their names and task types, and its bytes.
///
/// # Errors
/// The first bound that the spec exceeds.
pub fn check_spec(spec: &Spec) -> Result<(), Refusal> {
    let groups = &spec.scaling_group_specs;
    if groups.len() > MAX_GROUPS {
        return Err(Refusal::invalid(format!(
            "the spec has {} scaling groups, at most {MAX_GROUPS} are allowed",
            groups.len()
        )));
    }
    for (name, group) in groups {
        check_group_name(name)?;
        let types = group.task_types.as_ref().map_or(0, Vec::len);
        if types > MAX_TASK_TYPES {
            return Err(Refusal::invalid(format!(
                "entry {name}: {types} task types are listed, at most {MAX_TASK_TYPES} are allowed"
            )));
        }
    }
    let bytes = json_len(spec);
    if bytes > MAX_SPEC_BYTES {
        return Err(Refusal::invalid(format!(
            "the compute config has {bytes} bytes, at most {MAX_SPEC_BYTES} are allowed: shorten the \
             settings of its scaling groups, or divide them among several versions"
        )));
    }
    Ok(())
}

/// Checks the length of a scaling group's name.
///
/// # Errors
/// More than [`MAX_GROUP_NAME`] bytes.
pub fn check_group_name(name: &str) -> Result<(), Refusal> {
    if name.len() > MAX_GROUP_NAME {
        return Err(Refusal::invalid(format!(
            "the name of a scaling group is {} bytes long, at most {MAX_GROUP_NAME} are allowed",
            name.len()
        )));
    }
    Ok(())
}

impl Spec {
    /// Drops unknown fields that are too large to be kept.
    pub fn bound_unknown(&mut self) {
        self.bound_unknown_within(&mut Budget(MAX_UNKNOWN_BYTES));
    }

    fn bound_unknown_within(&mut self, budget: &mut Budget) {
        budget.keep(&mut self.rest);
        for group in self.scaling_group_specs.values_mut() {
            budget.keep(&mut group.rest);
            budget.keep_compute(&mut group.compute);
            if let Some(scaling) = &mut group.scaling {
                budget.keep(&mut scaling.rest);
                if let Some(config) = &mut scaling.config {
                    budget.keep(&mut config.rest);
                }
            }
        }
    }
}

/// The bytes that are left for unknown fields.
struct Budget(usize);

impl Budget {
    /// Empties `rest` unless it fits.
    fn keep(&mut self, rest: &mut Map<String, Value>) {
        if rest.is_empty() {
            return;
        }
        match self.0.checked_sub(json_len(rest)) {
            Some(left) => self.0 = left,
            None => *rest = Map::new(),
        }
    }

    fn keep_compute(&mut self, compute: &mut crate::ComputeSpec) {
        self.keep(&mut compute.rest);
        if let Some(config) = &mut compute.config {
            self.keep(&mut config.rest);
        }
    }
}

/// The bytes of `value` as JSON; more than any bound if it cannot be written.
fn json_len(value: &impl Serialize) -> usize {
    let mut counter = Counter(0);
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

/// Counts the bytes that are written to it.
struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
