//! The kinds of task that a queue holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of task, with the number that stands for it on the wire.
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
    /// Every kind, in the order in which decisions look at them.
    pub const ALL: [Self; 3] = [Self::Workflow, Self::Activity, Self::Nexus];

    /// The kind that the wire's `number` means.
    pub fn from_wire(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(kind.to_wire()) == number)
    }

    /// The wire's number for this kind.
    pub fn to_wire(self) -> i32 {
        match self {
            Self::Workflow => 1,
            Self::Activity => 2,
            Self::Nexus => 3,
        }
    }

    /// The kind in lower case, as spec files and state keys write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Activity => "activity",
            Self::Nexus => "nexus",
        }
    }
}

impl fmt::Display for TaskType {
    /// Capitalised, as the server's messages have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Workflow => "Workflow",
            Self::Activity => "Activity",
            Self::Nexus => "Nexus",
        })
    }
}
