use std::{collections::BTreeSet, time::Duration};

use wci_activities::Ceiling;
use wci_providers::{CommandSettings, IntermediaryRole};

use super::*;

pub(super) const LIMITS: Limits = Limits {
    max_instances: 100,
    validation_interval: Duration::from_secs(21_600),
    ceiling: Ceiling { workers: 5_000, workers_per_minute: 1_000 },
    max_processes: None,
    max_log_bytes_per_minute: 4_000_000,
};

fn read(text: &str) -> Config {
    text::parse("wci.yaml", text, LIMITS).unwrap()
}

fn error(text: &str) -> String {
    text::parse("wci.yaml", text, LIMITS).unwrap_err().to_string()
}

fn lambda(keys: &str) -> String {
    error(&format!("namespaces:\n  orders:\n    providers:\n      aws-lambda:\n{keys}"))
}

fn command(keys: &str) -> String {
    error(&format!(
        "namespaces:\n  orders:\n    providers:\n      subprocess:\n        commands:\n{keys}"
    ))
}

#[test]
fn the_example_of_the_published_page_is_read() {
    let page = include_str!("../../../../docs/operator-config.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let Config { namespaces } = text::parse("docs/operator-config.md", example, LIMITS).unwrap();
    assert_eq!(namespaces.keys().collect::<Vec<_>>(), ["billing", "orders"]);
    let orders = &namespaces["orders"];
    assert_eq!(orders.providers.enabled, BTreeSet::from(["aws-lambda".to_owned()]));
    assert_eq!(orders.limits.max_instances, 20);
    let lambda = &orders.providers.lambda;
    assert_eq!(lambda.accounts, Some(BTreeSet::from(["123456789012".to_owned()])));
    assert_eq!(lambda.roles.as_ref().unwrap().len(), 1);
    let step = IntermediaryRole {
        role: "arn:aws:iam::999999999999:role/wci-hub".to_owned(),
        external_id: Some("hub-7c1e".to_owned()),
    };
    assert_eq!(lambda.intermediary_roles, [step]);
    let ceiling = |workers, workers_per_minute| Ceiling { workers, workers_per_minute };
    assert_eq!(orders.limits.ceiling, ceiling(300, 200));
    assert_eq!(orders.ceilings["aws-lambda"], ceiling(200, 100));
    let billing = &namespaces["billing"];
    assert_eq!(billing.limits.ceiling, ceiling(300, 1_000));
    assert_eq!(billing.ceilings["subprocess"], ceiling(u32::MAX, 60));
    assert_eq!(billing.limits.max_processes, Some(20));
    assert_eq!(billing.limits.max_log_bytes_per_minute, 1_000_000);
    assert_eq!(billing.limits.max_instances, 50);
    assert_eq!(billing.limits.validation_interval, Duration::from_secs(3600));
    assert_eq!(billing.providers.subprocess.commands.len(), 2);
}

#[test]
fn what_is_deployed_is_read() {
    read(include_str!("../../../../deploy/systemd/config.yaml"));
    let manifest = include_str!("../../../../deploy/kubernetes/config.yaml");
    let manifest: serde_json::Value = serde_saphyr::from_str(manifest).unwrap();
    let config = read(manifest["data"]["config.yaml"].as_str().unwrap());
    let enabled = &config.namespaces["default"].providers.enabled;
    assert_eq!(*enabled, BTreeSet::from(["aws-lambda".to_owned()]));
}

#[test]
fn a_namespace_without_providers_may_use_none() {
    let config = read("namespaces: {orders: {}}\n");
    let orders = &config.namespaces["orders"];
    assert_eq!(orders.providers.enabled, BTreeSet::new());
    assert_eq!(orders.limits, LIMITS);
}

#[test]
fn a_command_in_short_takes_nothing_from_a_spec() {
    let text = "namespaces: {a: {providers: {subprocess: {commands: {greeter: /bin/greeter}}}}}";
    let settings = &read(text).namespaces["a"].providers;
    assert_eq!(
        settings.subprocess.commands["greeter"],
        CommandSettings::closed("/bin/greeter".into())
    );
}

#[test]
fn specs_may_set_variables_by_name_or_by_a_prefix_and_any_is_refused_with_the_remedy() {
    let one = |allow_env: &str| {
        command(&format!("          a: {{path: /bin/a, allow_env: {allow_env}}}\n"))
    };
    let any = one("any");
    assert!(any.contains("allow_env: any is not possible any more"), "{any}");
    assert!(any.contains("[LOG_LEVEL, \"ORDERS_*\"]"), "{any}");
    for (list, expected) in [
        ("[\"*\"]", "wci.yaml:6: "),
        ("[\"AWS_*\"]", "list the names"),
        ("[\"A B\"]", "letters, digits"),
    ] {
        assert!(one(list).contains(expected), "{}", one(list));
    }
}

#[test]
fn accounts_may_be_written_as_numbers_zeros_first_too() {
    for account in ["012345678901", "123456789012", "'123456789012'"] {
        let text = format!(
            "namespaces: {{a: {{providers: {{aws-lambda: {{accounts: [{account}], roles: any}}}}}}}}"
        );
        let accounts = read(&text).namespaces["a"].providers.lambda.accounts.clone().unwrap();
        assert_eq!(accounts.first().unwrap(), account.trim_matches('\''));
    }
}

#[test]
fn what_is_missing_is_named_with_an_example() {
    assert!(error("").contains("begin with the keys namespaces"));
    assert!(error("max_instances: 5\n").contains("the key \"namespaces\" is missing"));
    assert_eq!(error("namespaces: {}\n"), "wci.yaml:1: namespaces is empty: give at least one");
    assert!(lambda("        roles: any\n").contains("wci.yaml:5: the key \"accounts\" is missing"));
    let roles = lambda("        accounts: any\n");
    assert!(roles.starts_with("wci.yaml:5: namespace \"orders\": aws-lambda: the key \"roles\""));
    assert!(command("          a: {args: [x]}\n").contains("for example path: /usr/local/bin"));
}

#[test]
fn what_does_not_exist_is_answered_with_what_does() {
    assert_eq!(
        error("namespace: {}\n"),
        "wci.yaml:1: unknown key \"namespace\": use max_instances, validation_interval, max_workers, \
         max_workers_per_minute, max_processes, max_log_bytes_per_minute or namespaces"
    );
    let providers = error("namespaces:\n  a:\n    providers:\n      aws-lamda: {}\n");
    assert!(
        providers.ends_with(
            ":4: unknown key \"aws-lamda\": use aws-lambda, subprocess or subprocess-pool"
        )
    );
    let some = lambda("        accounts: some\n        roles: any\n");
    assert!(some.contains("unknown word \"some\": use any or a list"), "{some}");
}

#[test]
fn each_mistake_is_told_with_its_line() {
    for (keys, expected) in [
        (
            "        accounts: [\"12\"]\n        roles: any\n",
            ":5: namespace \"orders\": aws-lambda: accounts: ",
        ),
        (
            "        accounts: any\n        roles:\n        - arn:aws:iam::123456789012:user/x\n",
            ":7: ",
        ),
        (
            "        accounts: any\n        roles: any\n        role_chain:\n        - role: hub\n",
            ":8: ",
        ),
    ] {
        let message = lambda(keys);
        assert!(message.starts_with(&format!("wci.yaml{expected}")), "{message}");
    }
    let relative = command("          a: bin/a\n");
    assert_eq!(
        relative,
        "wci.yaml:6: namespace \"orders\": subprocess: command \"a\": \"bin/a\" must be an absolute path"
    );
    assert!(command("          a: [x]\n").contains("a path, or a map with the key path"));
    for (text, expected) in [
        ("max_instances: 0\nnamespaces: {a: {}}\n", "wci.yaml:1: max_instances: give a whole"),
        ("max_workers: 0\nnamespaces: {a: {}}\n", "wci.yaml:1: max_workers: give a whole"),
        (
            "namespaces:\n  a:\n    max_log_bytes_per_minute: 5\n",
            ":3: namespace \"a\": max_log_bytes_per_minute: give a whole number of bytes",
        ),
        ("namespaces:\n  a:\n    validation_interval: 5s\n", ":3: namespace \"a\": validation_in"),
        (
            "namespaces:\n  a:\n    secrets:\n      db: {env: A, file: /b}\n",
            "secret \"db\": give its source",
        ),
        ("namespaces:\n  a:\n    secrets:\n      db: {file: b}\n", "must be an absolute path"),
        ("namespaces:\n  a:\n    secrets:\n      db: hunter22\n", "this must be a map"),
        ("namespaces:\n  a: {}\n  a: {}\n", "wci.yaml:3: the key \"a\" is duplicated"),
    ] {
        let message = error(text);
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("hunter22"), "{message}");
    }
}
