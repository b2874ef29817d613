use std::path::Path;

use serde_json::{Value, json};
use wci_contract::TaskType;

use super::*;

const WHOLE: &str = "\
deployment: orders
build_id: v1
groups:
  default:
    provider:
      type: aws-lambda
      arn: arn:aws:lambda:us-east-1:123456789012:function:orders:5
      role_external_id: 007
    scaler:
      type: no-sync
      scale_up_cooloff_ms: 200
  nexus:
    task_types: [nexus]
    provider: {type: subprocess, command: greeter, env: {MODE: 'on'}}
";

fn error(text: &str) -> String {
    parse("spec.yaml", text).unwrap_err().to_string()
}

fn in_group(text: &str) -> String {
    error(&format!("deployment: d\nbuild_id: b\ngroups:\n  g:\n{text}"))
}

#[test]
fn a_whole_file_becomes_the_spec_that_the_contract_has() {
    let SpecFile { id, spec } = parse("spec.yaml", WHOLE).unwrap();
    assert_eq!(id.to_string(), "orders:v1");
    assert_eq!(spec.types_of("default"), [TaskType::Workflow, TaskType::Activity]);
    let group = &spec.scaling_group_specs["default"];
    assert_eq!(group.compute.provider_type, "aws-lambda");
    assert_eq!(group.provider_config().unwrap()["role_external_id"], "007");
    assert_eq!(group.algorithm(), "no-sync");
    assert_eq!(group.scaling_config().unwrap()["scale_up_cooloff_ms"], 200);
    let nexus = &spec.scaling_group_specs["nexus"];
    assert_eq!(
        Value::Object(nexus.provider_config().unwrap()),
        json!({"command": "greeter", "env": {"MODE": "on"}})
    );
    assert_eq!(nexus.algorithm(), "demand");
    assert_eq!(nexus.scaling.as_ref().unwrap().config, None);
}

#[test]
fn what_is_shown_can_be_applied_again() {
    let SpecFile { id, spec } = parse("spec.yaml", WHOLE).unwrap();
    let yaml = Document::of(&id, &spec).to_yaml().unwrap();
    assert_eq!(parse("again.yaml", &yaml).unwrap(), SpecFile { id, spec }, "{yaml}");
}

#[test]
fn what_is_shown_reads_like_a_file_that_a_person_wrote() {
    let SpecFile { id, spec } = parse("spec.yaml", WHOLE).unwrap();
    let expected = r#"deployment: orders
build_id: v1
groups:
  default:
    provider:
      type: aws-lambda
      arn: arn:aws:lambda:us-east-1:123456789012:function:orders:5
      role_external_id: "007"
    scaler:
      type: no-sync
      scale_up_cooloff_ms: 200
  nexus:
    task_types: [nexus]
    provider:
      type: subprocess
      command: greeter
      env:
        MODE: "on"
    scaler:
      type: demand
"#;
    assert_eq!(Document::of(&id, &spec).to_yaml().unwrap(), expected);
}

#[test]
fn the_example_of_the_published_schema_is_read() {
    let page = include_str!("../../../docs/spec-file.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let SpecFile { id, spec } = parse("docs/spec-file.md", example).unwrap();
    assert_eq!(id.to_string(), "orders:v1");
    assert_eq!(spec.scaling_group_specs.len(), 2);
}

#[test]
fn a_missing_key_is_named_with_an_example() {
    assert_eq!(
        error("build_id: v1\ngroups: {}\n"),
        "spec.yaml:2: the key \"deployment\" is missing: the name of the Worker Deployment, \
         for example deployment: orders"
    );
    assert!(error("# nothing\n").contains("begin with the keys deployment, build_id and groups"));
    assert!(error("deployment: d\ngroups: {}").contains("for example build_id: v1"));
    assert!(error("deployment: d\nbuild_id: b").contains("the key \"groups\" is missing"));
    assert!(in_group("    task_types: []\n").contains("for example provider: {type: aws-lambda"));
    assert!(
        error("deployment: d\nbuild_id:\ngroups: {}")
            .ends_with(":2: the value is missing: give a string")
    );
}

#[test]
fn a_key_that_does_not_exist_is_answered_with_those_that_do() {
    assert_eq!(
        error("deployment: d\nbuild_id: b\ngrops: {}\n"),
        "spec.yaml:3: unknown key \"grops\": use deployment, build_id or groups"
    );
    assert_eq!(
        in_group("    provider: {type: x}\n    taks: 1\n"),
        "spec.yaml:6: unknown key \"taks\": use task_types, provider or scaler"
    );
}

#[test]
fn groups_must_be_there_once_and_have_a_name() {
    assert_eq!(
        error("deployment: d\nbuild_id: b\ngroups: {}\n"),
        "spec.yaml:3: groups is empty: give at least one, under any name"
    );
    assert_eq!(
        in_group("    provider: {type: x}\n  g:\n    provider: {type: y}\n"),
        "spec.yaml:6: the key \"g\" is duplicated: remove one"
    );
    let nameless =
        "    provider: {type: x}\n  '':\n    provider: {type: y}\n    task_types: [nexus]\n";
    assert!(in_group(nameless).ends_with("scaling groups without an ID are not supported"));
}

#[test]
fn a_task_type_is_one_of_three_and_belongs_to_one_group() {
    assert_eq!(
        in_group("    provider: {type: x}\n    task_types: [workflw]\n"),
        "spec.yaml:6: unknown task type \"workflw\": use workflow, activity or nexus"
    );
    assert!(
        in_group("    provider: {type: x}\n    task_types: [nexus, nexus]\n")
            .ends_with("entry g: task type Nexus appears in more than one entry")
    );
    assert!(
        in_group("    provider: {type: x}\n    task_types: workflow\n")
            .ends_with(":6: this must be a list, for example [workflow, activity]")
    );
}

#[test]
fn provider_and_scaler_need_a_type() {
    assert_eq!(
        in_group("    provider: {arn: x}\n"),
        "spec.yaml:5: group \"g\": provider has no type: add one, for example type: aws-lambda"
    );
    assert!(in_group("    provider: {type: x}\n    scaler: {}\n").contains("type: demand"));
    assert!(in_group("    provider: {type: 5}\n").contains("put it in quotes"));
    assert!(in_group("    provider: x\n").contains("this must be a map"));
}

#[test]
fn what_is_no_yaml_or_too_much_of_it_is_refused() {
    for (text, expected) in [
        ("deployment: [\n", "this must be a string"),
        ("a: 1\n b: 2\n", "unknown key"),
        ("- a\n", "this must be a map"),
        ("\"", "cannot be read as YAML"),
        (
            "deployment: d\nbuild_id: b\ngroups: {g: {provider: {type: x}}}\n---\na: b",
            "one version",
        ),
        ("deployment: a:b\nbuild_id: b\ngroups: {g: {provider: {type: x}}}\n", "contains a colon"),
    ] {
        assert!(error(text).contains(expected), "{text:?}: {}", error(text));
    }
    let deep = format!("    provider: {{type: x, a: {}1{}}}\n", "[".repeat(40), "]".repeat(40));
    assert!(in_group(&deep).ends_with("too large or too deeply nested for a spec file"));
    let mut bomb =
        String::from("    provider:\n      type: x\n      a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..9 {
        let inner = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.push_str(&format!("      a{n}: &a{n} [{inner}]\n"));
    }
    println!("{}", in_group(&bomb));
    assert!(in_group(&bomb).starts_with("spec.yaml:"));
}

#[test]
fn a_file_that_is_missing_is_named() {
    let error = read(Path::new("/no/such/wci.yaml")).unwrap_err().to_string();
    assert_eq!(error, "/no/such/wci.yaml: no such file");
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_parsed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "#".repeat(256 * 1024 + 1)).unwrap();
    let error = read(file.path()).unwrap_err().to_string();
    assert!(error.ends_with("larger than 262144 bytes: a spec file holds one version only"));
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), [0xff, 0xfe]).unwrap();
    assert!(read(file.path()).unwrap_err().to_string().contains("save it as UTF-8"));
}

#[test]
fn a_folder_is_not_a_spec_file() {
    assert!(read(Path::new("/tmp")).unwrap_err().to_string().starts_with("/tmp: "));
}

#[test]
fn a_set_of_workers_without_a_scaler_shrinks_by_its_whole_surplus() {
    let file = "deployment: d\nbuild_id: b\ngroups: {g: {provider: {type: subprocess-pool}}}\n";
    let SpecFile { id, spec } = parse("spec.yaml", file).unwrap();
    let group = &spec.scaling_group_specs["g"];
    assert_eq!(group.algorithm(), "rate-based");
    assert_eq!(
        Value::Object(group.scaling_config().unwrap()),
        json!({"max_scale_down_step": 2_147_483_647})
    );
    let again = Document::of(&id, &spec).to_yaml().unwrap();
    assert_eq!(parse("again.yaml", &again).unwrap().spec, spec);
}
