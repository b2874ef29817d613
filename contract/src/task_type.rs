//! The types of task that a queue holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A task type, with its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskType {
    /// Workflow tasks, 1.
    Workflow,
    /// Activity tasks, 2.
    Activity,
    /// Nexus tasks, 3.
    Nexus,
}

impl TaskType {
    /// Every type, in the order in which decisions process them.
    pub const ALL: [Self; 3] = [Self::Workflow, Self::Activity, Self::Nexus];

    /// The type with this wire number.
    pub fn from_wire(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(kind.to_wire()) == number)
    }

    /// The wire number of this type.
    pub fn to_wire(self) -> i32 {
        match self {
            Self::Workflow => 1,
            Self::Activity => 2,
            Self::Nexus => 3,
        }
    }

    /// The name in lower case, as in spec files and state keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Activity => "activity",
            Self::Nexus => "nexus",
        }
    }
}

impl fmt::Display for TaskType {
    /// Capitalised, as in the server's messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Workflow => "Workflow",
            Self::Activity => "Activity",
            Self::Nexus => "Nexus",
        })
    }
}
