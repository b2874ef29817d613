//! Builds the algorithms to compare from the flags.

use anyhow::{Context, bail};
use serde_json::Value;
use wci_contract::payload::config_map;
use wci_simulator::{Contender, Scenario};

use super::args::ChoiceArgs;
use crate::spec_file::{self, SpecFile};

/// The setting for the number of concurrent tasks of a worker.
const WORKER_SLOTS: &str = "worker_slots";

pub(super) fn choose(args: &ChoiceArgs, scenario: &Scenario) -> anyhow::Result<Vec<Contender>> {
    let mut contenders = Vec::new();
    if let Some(path) = &args.file {
        contenders.push(of_spec(&spec_file::read(path)?, args.group.as_deref())?);
    }
    let names: Vec<&str> = match args.algorithms.as_slice() {
        [] if contenders.is_empty() => Contender::defaults(),
        names => names.iter().map(String::as_str).collect(),
    };
    for name in names {
        let named = Contender::named(name)?;
        if contenders.iter().any(|contender| contender.name() == named.name()) {
            bail!("{name} is listed twice: list each algorithm once");
        }
        contenders.push(named);
    }
    for setting in &args.settings {
        set(&mut contenders, setting)?;
    }
    for contender in &mut contenders {
        if contender.knows(WORKER_SLOTS) {
            let slots = Value::from(scenario.workers.slots);
            contender.config.entry(WORKER_SLOTS).or_insert(slots);
        }
        contender.check()?;
    }
    Ok(contenders)
}

/// The algorithm of a group of a spec.
fn of_spec(file: &SpecFile, group: Option<&str>) -> anyhow::Result<Contender> {
    let groups = &file.spec.scaling_group_specs;
    let names: Vec<&str> = groups.keys().map(String::as_str).collect();
    let name = match (group, names.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, _) => bail!("choose a group with --group: {}", names.join(", ")),
    };
    let Some(group) = groups.get(name) else {
        bail!("no group `{name:.60}`: choose one of {}", names.join(", "));
    };
    let Some(scaling) = &group.scaling else { return Ok(Contender::named("no-sync")?) };
    let mut contender = Contender::named(&scaling.scaling_algorithm)?;
    contender.config = config_map(scaling.config.as_ref())
        .with_context(|| format!("cannot read the scaler of group {name}"))?;
    Ok(contender)
}

/// Applies `KEY=VALUE` to every algorithm with the key, or `ALGORITHM.KEY=VALUE` to one.
fn set(contenders: &mut [Contender], setting: &str) -> anyhow::Result<()> {
    let Some((path, value)) = setting.split_once('=') else {
        bail!("--set {setting:.60}: write KEY=VALUE or ALGORITHM.KEY=VALUE");
    };
    let (owner, key) = match path.split_once('.') {
        Some((owner, key)) => (Some(owner), key),
        None => (None, path),
    };
    let mut known = false;
    for contender in contenders {
        if owner.is_none_or(|owner| owner == contender.name()) && contender.knows(key) {
            contender.config.insert(key.to_owned(), value_of(value));
            known = true;
        }
    }
    match owner {
        _ if known => Ok(()),
        Some(owner) => bail!("--set {path:.60}: {owner:.60} is not compared or has no such key"),
        None => bail!("--set {path:.60}: none of the compared algorithms has this key"),
    }
}

/// A number, object or list if `text` is one in JSON, else a string.
fn value_of(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) => Value::Number(number),
        Ok(Value::Object(map)) => Value::Object(map),
        Ok(Value::Array(list)) => Value::Array(list),
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    fn choice(names: &[&str], settings: &[&str]) -> ChoiceArgs {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        ChoiceArgs { algorithms: owned(names), settings: owned(settings), file: None, group: None }
    }

    fn configs(names: &[&str], settings: &[&str]) -> anyhow::Result<Vec<Map<String, Value>>> {
        let chosen = choose(&choice(names, settings), &Scenario::default())?;
        Ok(chosen.into_iter().map(|contender| contender.config).collect())
    }

    #[test]
    fn a_setting_goes_to_every_algorithm_that_has_it_unless_one_is_named() {
        let all = configs(&["no-sync", "built-in"], &["scale_up_cooloff_ms=500"]).unwrap();
        assert!(all.iter().all(|config| config["scale_up_cooloff_ms"] == 500));
        let one = configs(&["no-sync", "built-in"], &["built-in.scale_up_cooloff_ms=500"]).unwrap();
        assert!(one[0].is_empty() && one[1]["scale_up_cooloff_ms"] == 500);
    }

    #[test]
    fn mistakes_are_told_before_anything_is_simulated() {
        for (names, settings, part) in [
            (&["no-sync"][..], &["bogus=1"][..], "none of the compared algorithms has this key"),
            (&["no-sync"], &["demand.x=1"], "demand is not compared or has no such key"),
            (&["no-sync"], &["cooloff"], "write KEY=VALUE"),
            (&["no-sync"], &["scale_up_cooloff_ms=-1"], "must be at least 0"),
            (&["no-sync", "no-sync"], &[], "no-sync is listed twice"),
            (&["nosync"], &[], "there is no algorithm `nosync`: choose one of demand, no-sync"),
        ] {
            let error = configs(names, settings).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_group_of_a_spec_file_is_compared_with_its_own_settings() {
        let text = "deployment: d\nbuild_id: b\ngroups:\n  a:\n    provider: {type: subprocess, command: x}\n    scaler: {type: no-sync, scale_up_cooloff_ms: 700}\n  b:\n    task_types: [activity]\n    provider: {type: subprocess, command: x}\n";
        let file = spec_file::parse("s.yaml", text).unwrap();
        assert_eq!(of_spec(&file, Some("a")).unwrap().config["scale_up_cooloff_ms"], 700);
        assert!(of_spec(&file, None).unwrap_err().to_string().contains("--group: a, b"));
        assert!(of_spec(&file, Some("c")).unwrap_err().to_string().contains("no group `c`"));
    }
}
