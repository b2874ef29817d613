//! What keeps workers of a version from running, in words: the same in every command.

use wci_contract::{Trouble, state::State};

/// The troubles of the groups of `state`: none if all is well.
pub(crate) fn troubles(state: &State) -> Vec<String> {
    let groups = state.spec.iter().flat_map(|spec| spec.scaling_group_specs.keys());
    let all = groups.flat_map(|group| [not_registered(state, group), crash_loop(state, group)]);
    let (mut unregistered, mut crashing) = (Vec::new(), Vec::new());
    for (n, trouble) in all.enumerate() {
        let kind = if n % 2 == 0 { &mut unregistered } else { &mut crashing };
        kind.extend(trouble);
    }
    let named = |kind: &str, troubles: Vec<String>| {
        (!troubles.is_empty()).then(|| format!("{kind}: {}", troubles.join("; ")))
    };
    named("not registered", unregistered).into_iter().chain(named("crash loop", crashing)).collect()
}

/// Why the server does not know the task queues of `group`.
pub(crate) fn not_registered(state: &State, group: &str) -> Option<String> {
    let trouble = state.wci.as_ref()?.unregistered.get(group)?;
    Some(format!("{group}: {}", words(trouble)))
}

/// How the workers of `group` fail one after another.
pub(crate) fn crash_loop(state: &State, group: &str) -> Option<String> {
    let crashes = state.wci.as_ref()?.crashes.get(group)?;
    crashes.is_loop().then(|| format!("{group}: {crashes}"))
}

fn words(trouble: &Trouble) -> String {
    let Trouble { attempts, message, .. } = trouble;
    let times =
        if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    if message.is_empty() {
        return format!("no worker has polled its task queues ({times})");
    }
    format!("{message} ({times})")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn each_kind_of_trouble_is_named_once_with_its_groups() {
        let state = serde_json::from_value(json!({
            "spec": {"scaling_group_specs": {"a": {}, "b": {}, "c": {}}},
            "wci": {
                "unregistered": {"a": {"attempts": 1}, "c": {"attempts": 2, "message": "429"}},
                "crashes": {"b": {"in_a_row": 3, "within_ms": 10, "exit": "exited with 3"},
                    "c": {"in_a_row": 1}},
            },
        }));
        assert_eq!(
            super::troubles(&state.unwrap()),
            [
                "not registered: a: no worker has polled its task queues (1 attempt); \
                 c: 429 (2 attempts)",
                "crash loop: b: 3 workers in a row exited with 3 within 1 s",
            ]
        );
    }
}
