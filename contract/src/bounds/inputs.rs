//! Bounds of the inputs of activities. A client of the namespace can schedule them, too.

use super::{check_group_name, check_spec, json_len};
use crate::{
    ComputeSpec, Refusal,
    activities::{DecideInput, InvokeInput, RegisterInput, ResizeInput, WatchInput},
    limits::{MAX_CONFIG_BYTES, MAX_GROUPS, MAX_SHORT_TEXT},
};

/// Bytes of one group's provider and settings as JSON: the largest config in base64, and some more.
const MAX_COMPUTE: usize = 2 * MAX_CONFIG_BYTES;

impl DecideInput {
    /// Checks the size.
    ///
    /// # Errors
    /// More or larger groups than a spec can have.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.groups.len() > MAX_GROUPS {
            return Err(Refusal::invalid(format!(
                "the input has {} scaling groups, at most {MAX_GROUPS} are allowed",
                self.groups.len()
            )));
        }
        for (name, group) in &self.groups {
            check_group_name(name)?;
            check_text("the name of a provider", &group.provider_type)?;
            group.speculative_launch.as_ref().map_or(Ok(()), InvokeInput::check)?;
        }
        Ok(())
    }
}

impl InvokeInput {
    /// Checks the size.
    ///
    /// # Errors
    /// A name or settings that no group of a spec can have.
    pub fn check(&self) -> Result<(), Refusal> {
        check_text("the launch ID", &self.launch_id)?;
        check_group_name(&self.group)?;
        check_compute(&self.compute)
    }
}

impl ResizeInput {
    /// Checks the size.
    ///
    /// # Errors
    /// A name or settings that no group of a spec can have.
    pub fn check(&self) -> Result<(), Refusal> {
        check_group_name(&self.group)?;
        check_compute(&self.compute)
    }
}

impl RegisterInput {
    /// Checks the size.
    ///
    /// # Errors
    /// A spec that is too large.
    pub fn check(&self) -> Result<(), Refusal> {
        check_text("the launch ID", &self.launch_id)?;
        check_spec(&self.spec)
    }
}

impl WatchInput {
    /// Checks the size: a watch is kept for minutes.
    ///
    /// # Errors
    /// More or larger groups than a spec can have.
    pub fn check(&self) -> Result<(), Refusal> {
        let groups = self.known_crashes.len().max(self.types.len());
        if groups > MAX_GROUPS {
            return Err(Refusal::invalid(format!(
                "the input has {groups} scaling groups or task types, at most {MAX_GROUPS} are \
                 allowed"
            )));
        }
        self.known_crashes.keys().try_for_each(|name| check_group_name(name))
    }
}

fn check_text(what: &str, text: &str) -> Result<(), Refusal> {
    if text.len() <= MAX_SHORT_TEXT {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "{what} is {} bytes long, at most {MAX_SHORT_TEXT} are allowed",
        text.len()
    )))
}

fn check_compute(compute: &ComputeSpec) -> Result<(), Refusal> {
    check_text("the name of a provider", &compute.provider_type)?;
    let bytes = json_len(compute);
    if bytes <= MAX_COMPUTE {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "the settings of the provider have {bytes} bytes, at most {MAX_COMPUTE} are allowed"
    )))
}
