//! One value for each type of task that workers poll for.

/// A type of task that workers poll for. Local activities are part of workflow tasks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaskType {
    /// Workflow tasks.
    Workflow,
    /// Activities.
    Activity,
    /// Nexus tasks.
    Nexus,
}

impl TaskType {
    /// All types.
    pub const ALL: [Self; 3] = [Self::Workflow, Self::Activity, Self::Nexus];

    /// Returns the type as one word, for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Activity => "activity",
            Self::Nexus => "nexus",
        }
    }
}

/// One value for each task type.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ByType<T> {
    /// For workflow tasks.
    pub workflow: T,
    /// For activities.
    pub activity: T,
    /// For Nexus tasks.
    pub nexus: T,
}

impl<T> ByType<T> {
    /// Returns the value for `kind`.
    pub fn get(&self, kind: TaskType) -> &T {
        match kind {
            TaskType::Workflow => &self.workflow,
            TaskType::Activity => &self.activity,
            TaskType::Nexus => &self.nexus,
        }
    }

    /// Returns the value for `kind`, to change it.
    pub fn get_mut(&mut self, kind: TaskType) -> &mut T {
        match kind {
            TaskType::Workflow => &mut self.workflow,
            TaskType::Activity => &mut self.activity,
            TaskType::Nexus => &mut self.nexus,
        }
    }

    /// Creates a value for each type.
    pub fn from_fn(mut value: impl FnMut(TaskType) -> T) -> Self {
        Self {
            workflow: value(TaskType::Workflow),
            activity: value(TaskType::Activity),
            nexus: value(TaskType::Nexus),
        }
    }
}
