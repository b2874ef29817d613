//! The report of `wci apply`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use wci_contract::{VersionId, limits::cut};

use super::registered::Registered;
use crate::{
    control::Announcements,
    diff::{Change, GroupChange, SettingChange},
    output::{self, Output},
};

/// Limit of a setting's value in a table, in bytes.
const MAX_VALUE: usize = 120;

/// The result for the version as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// Its compute config was created.
    Created,
    /// Its compute config was updated.
    Updated,
    /// It had this compute config already.
    Unchanged,
}

/// The changes that an apply made, or would make.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    deployment: String,
    build_id: String,
    result: Outcome,
    dry_run: bool,
    groups: Vec<GroupChange>,
    /// Whether this call set the version as current; null without --set-current.
    pub(super) current: Option<bool>,
    /// Whether the server knows its task queues.
    pub(super) registered: Registered,
    /// Sizes of worker sets, by group.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) worker_sets: BTreeMap<String, u32>,
    /// Whether the server announces tasks; null for a dry run.
    pub(super) announcements: Option<Announcements>,
    /// Warnings of the validation.
    pub(super) warnings: Vec<String>,
}

impl Report {
    pub(super) fn new(id: &VersionId, result: Outcome, groups: Vec<GroupChange>) -> Self {
        Self {
            deployment: id.deployment().to_owned(),
            build_id: id.build_id().to_owned(),
            result,
            dry_run: false,
            groups,
            current: None,
            registered: Registered::Unknown,
            worker_sets: BTreeMap::new(),
            announcements: None,
            warnings: Vec::new(),
        }
    }

    /// Turns it into the report of a dry run.
    pub(super) fn into_dry_run(self, warnings: Vec<String>) -> Self {
        Self { dry_run: true, warnings, ..self }
    }

    pub(super) fn print(&self, output: Output) -> anyhow::Result<()> {
        match output {
            Output::Json => output::json(self)?,
            Output::Table => {
                output::say(self.headline());
                if self.result != Outcome::Unchanged {
                    output::say_lines(output::text(&self.table()));
                }
                for (group, size) in &self.worker_sets {
                    output::say(format!("{group} is a set of {size} workers"));
                }
                if let Some(problem) = self.announcements.and_then(Announcements::problem) {
                    output::say(format!("warning: {problem}"));
                }
                self.warnings.iter().for_each(|warning| output::say(format!("warning: {warning}")));
            }
        }
        Ok(())
    }

    fn headline(&self) -> String {
        let done = match (self.result, self.dry_run) {
            (Outcome::Created, false) => "created",
            (Outcome::Updated, false) => "updated",
            (Outcome::Unchanged, _) => "unchanged",
            (Outcome::Created, true) => "would be created",
            (Outcome::Updated, true) => "would be updated",
        };
        let current = match self.current {
            Some(true) => ", now current",
            Some(false) => ", already current",
            None => "",
        };
        format!("{}:{} {done}{current}", self.deployment, self.build_id)
    }

    fn table(&self) -> comfy_table::Table {
        let mut table = output::table(&["GROUP", "CHANGE", "SETTINGS"]);
        for group in &self.groups {
            let settings: Vec<String> = group
                .settings
                .iter()
                .map(|setting| output::cell(describe(group.change, setting)))
                .collect();
            table.add_row([
                output::cell(&group.group).as_str(),
                group.change.as_str(),
                settings.join("\n").as_str(),
            ]);
        }
        table
    }
}

fn describe(change: Change, setting: &SettingChange) -> String {
    let SettingChange { path, from, to } = setting;
    match change {
        Change::Added => format!("{path}: {}", brief(to)),
        Change::Removed => format!("{path}: {}", brief(from)),
        Change::Changed | Change::Unchanged => {
            format!("{path}: {} -> {}", brief(from), brief(to))
        }
    }
}

fn brief(value: &Value) -> String {
    let text = match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.len() <= MAX_VALUE { text } else { format!("{}…", cut(&text, MAX_VALUE)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diff::diff, spec_file::parse};

    fn report(before: &str, after: &str) -> Report {
        let read = |groups: &str| {
            parse("test", &format!("deployment: orders\nbuild_id: v1\ngroups: {groups}")).unwrap()
        };
        let (before, after) = (read(before), read(after));
        Report::new(&after.id, Outcome::Updated, diff(&before.spec, &after.spec))
    }

    fn shown(report: &Report) -> String {
        let table = report.table().to_string();
        let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_table_says_what_changes_in_each_group() {
        let report = report(
            "{a: {provider: {type: x, arn: old, gone: 1}}, b: {task_types: [nexus], provider: {type: x}}}",
            "{a: {provider: {type: x, arn: new}}, c: {task_types: [nexus], provider: {type: y}}}",
        );
        assert_eq!(report.headline(), "orders:v1 updated");
        assert_eq!(
            shown(&report),
            "GROUP CHANGE SETTINGS\n\
             a changed provider.arn: old -> new\n\
             provider.gone: 1 -> (none)\n\
             b removed provider.type: x\n\
             task_types: [\"nexus\"]\n\
             c added provider.type: y\n\
             task_types: [\"nexus\"]"
        );
    }

    #[test]
    fn the_headline_tells_a_dry_run_from_the_real_thing() {
        let report = report("{a: {provider: {type: x}}}", "{a: {provider: {type: y}}}");
        assert_eq!(report.into_dry_run(Vec::new()).headline(), "orders:v1 would be updated");
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(brief(&Value::String("ä".repeat(200))).chars().count(), MAX_VALUE / 2 + 1);
    }
}
