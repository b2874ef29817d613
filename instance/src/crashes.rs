//! Crash loops: workers that exit with an error right after their start. Providers that see their
//! workers exit report them with decisions and watches.

use std::collections::BTreeMap;

use wci_contract::{Crashes, crashes::KnownCrashes};

use crate::{InstanceState, Rules};

impl InstanceState {
    /// Keeps what a process reports of the groups' workers. One that knows less than another, such
    /// as after a restart, reports nothing or something older.
    pub(crate) fn note_crashes(&mut self, reports: BTreeMap<String, Crashes>) {
        for (group, mut report) in reports {
            let known = self.state.wci.as_ref().and_then(|wci| wci.crashes.get(&group));
            if !self.serves(&group) || known.is_some_and(|known| known.at_ms >= report.at_ms) {
                continue;
            }
            if self.rules == Rules::Fifth {
                let last = known.and_then(|known| known.reported.clone()).unwrap_or_default();
                let is_time = last.is_empty() || report.is_milestone();
                report.reported = match (report.is_loop(), is_time) {
                    (false, _) => None,
                    (true, true) => Some(report.to_string()),
                    (true, false) => Some(last),
                };
            }
            self.wci().crashes.insert(group, report);
        }
    }

    /// What is known of the failing workers of each group.
    pub(crate) fn known_crashes(&self) -> BTreeMap<String, KnownCrashes> {
        let groups = self.spec().into_iter().flat_map(|spec| spec.scaling_group_specs.keys());
        let known = |group| {
            let crashes = self.state.wci.as_ref()?.crashes.get(group)?;
            Some(KnownCrashes { at_ms: crashes.at_ms, is_loop: crashes.is_loop() })
        };
        groups.map(|group| (group.clone(), known(group).unwrap_or_default())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wci_contract::{
        activities::{DecideInput, DecideOutput, WatchOutput},
        messages::StartInput,
        state::Timestamp,
    };

    use crate::Event;

    fn instance() -> InstanceState {
        let input: StartInput = serde_json::from_value(json!({
            "deployment_name": "d", "build_id": "b", "state": {
                "spec": {"scaling_group_specs": {"g": {}}},
                "validation_state": {"status": "success"}}}))
        .unwrap();
        InstanceState::new(input, Timestamp::default()).unwrap()
    }

    fn crashes(in_a_row: u32, at_ms: i64) -> BTreeMap<String, Crashes> {
        let exit = "exited with 3".to_owned();
        let report = Crashes { in_a_row, at_ms, exit, ..Crashes::default() };
        [("g".to_owned(), report.clone()), ("gone".to_owned(), report)].into()
    }

    fn message(instance: &InstanceState) -> String {
        instance.describe().unwrap().validation_state.unwrap().err_message
    }

    #[test]
    fn a_crash_loop_is_told_until_a_worker_lives_and_its_growth_less_and_less_often() {
        let mut instance = instance();
        let told = |n: u32| format!("crash loop: g: {n} workers in a row exited with 3 within 1 s");
        for (n, expected) in
            [(1, String::new()), (2, told(2)), (3, told(2)), (4, told(4)), (5, told(4))]
        {
            let output = DecideOutput { crashes: crashes(n, n.into()), ..DecideOutput::default() };
            let input = DecideInput::default();
            instance.handle(0, Event::DecisionMade { input, output });
            assert_eq!(message(&instance), expected);
        }
        let known = instance.dump().wci.unwrap().crashes;
        assert_eq!(known.keys().collect::<Vec<_>>(), ["g"], "the spec has no other group");
        let output = WatchOutput { crashes: crashes(0, 6), ..WatchOutput::default() };
        instance.handle(0, Event::WatchEnded(output));
        assert_eq!(message(&instance), "");
        instance.note_crashes(crashes(5, 5));
        assert_eq!(message(&instance), "", "what another process knew before is out of date");
    }

    #[test]
    fn an_earlier_revision_keeps_a_crash_loop_for_those_who_describe_it() {
        let mut instance = instance();
        instance.handle(0, Event::RulesFollowed(Rules::Fourth));
        instance.note_crashes(crashes(3, 1));
        assert_eq!(message(&instance), "");
        assert!(instance.dump().wci.unwrap().crashes["g"].is_loop());
    }

    #[test]
    fn another_compute_config_forgets_the_workers_of_the_last() {
        let mut instance = instance();
        instance.note_crashes(crashes(3, 1));
        let spec = json!({"scaling_group_specs": {"g": {"compute": {"provider_type": "q"}}}});
        let spec = serde_json::from_value(spec).unwrap();
        let (identity, output) = (String::new(), Default::default());
        instance.handle(10, Event::SpecChanged { spec, identity, output });
        instance.note_crashes(crashes(4, 9));
        assert_eq!(message(&instance), "");
        instance.note_crashes(crashes(2, 11));
        assert!(message(&instance).starts_with("crash loop: g: 2 workers"));
    }
}
