//! What happens to a decision that comes back when the instance has ended, or is about to.

use super::{driver::*, *};
use crate::Rules;
use wci_contract::decision::Action;

#[test]
fn a_released_version_hands_over_the_tasks_of_the_decision_under_way_and_starts_no_more_workers() {
    let mut instance = one_group();
    instance.announce(miss(1, 3));
    let input = instance.decide_input(100);
    assert_eq!(input.groups.len(), 1);
    assert!(instance.dump().pending_task_add_signals.is_empty(), "a decision is about them");
    instance.on(101, Event::Released);
    assert_eq!(instance.dump().pending_task_add_signals, [miss(1, 3)]);
    let effects = instance.decided(input, answer([("g".to_owned(), invoke(3))].into()));
    assert!(instance.launches.is_empty(), "{effects:?}");
    assert_eq!(instance.dump().pending_task_add_signals, [miss(1, 3)], "not twice");
    assert!(instance.dump().wci.unwrap().launches.is_empty());
}

#[test]
fn a_size_that_comes_back_while_the_sets_are_ended_creates_none_anew() {
    for rules in [Rules::Fourth, Rules::Fifth] {
        let pool = json!({"g": {"compute": {"provider_type": "subprocess-pool"}}});
        let mut instance = Driver::new(pool);
        instance.on(0, Event::RulesFollowed(rules));
        let input = instance.decide_input(100);
        assert!(input.groups.contains_key("g"), "a set gets a size at first");
        instance.on(101, Event::SetsReleased);
        let actions = vec![Action::UpdateWorkerSetSize { count: 3 }];
        let decision = DecisionResult { actions, ..DecisionResult::default() };
        instance.decided(input, answer([("g".to_owned(), decision)].into()));
        assert_eq!(instance.has_no_sets(), rules == Rules::Fifth);
    }
}
