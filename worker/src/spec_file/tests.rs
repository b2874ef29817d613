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
    assert_eq!(Value::Object(nexus.provider_config().unwrap()),
        json!({"command": "greeter", "env": {"MODE": "on"}}));
    assert_eq!(nexus.scaling, None);
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
    let yaml = Document::of(&id, &spec).to_yaml().unwrap();
    assert_eq!(yaml, "x");
}

#[test]
fn a_missing_key_is_named_with_an_example() {
    for text in ["", "build_id: v1\ngroups: {}\n", "deployment: d\ngroups: {}", "deployment: d\nbuild_id: b\n",
     "deployment: d\nbuild_id: b\ngroups: {}\n", "deployment: d\nbuild_id: b\ngroups:\n", "deployment: d\nbuild_id:\ngroups: {}\n",
     "deployment: d\nbuild_id: b\ngroups: {g: {}}\n", "deployment: d\nbuild_id: b\ngroups: {g: }\n", "- a\n", "a: [", "a: 1\na: 2\n",
     "deployment: d\nbuild_id: b\ngroups: {}\n---\na: b", "deployment: d\nbuild_id: b\ngrops: {}\n", "deployment: a:b\nbuild_id: b\ngroups: {g: {provider: {type: x}}}\n",
     "\tx: y", "just text", "deployment: [a]\nbuild_id: b\ngroups: {}"] {
        println!("{text:?}\n   {}", error(text));
    }
    for text in ["    provider: {}\n", "    provider:\n", "    provider:\n      type: 5\n", "    provider: {type: x}\n    scaler: {}\n", "    provider: {type: x}\n    task_types: [workflw]\n",
      "    provider: {type: x}\n    task_types: workflow\n", "    provider: {type: x}\n    task_types: [workflow, workflow]\n", "    provider: {type: x}\n    taks: 1\n",
      "    provider: {type: x}\n  g:\n    provider: {type: y}\n", "    provider: {type: x, a: .nan}\n", "    provider: {type: x, a: *u}\n",  "    provider: [x]\n", "    provider: {type: x, type: y}\n",
      "    provider: {type: x, a: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}\n", "    provider: {type: x}\n  '':\n    provider: {type: y}\n    task_types: [workflow]\n"] {
        println!("{text:?}\n   {}", in_group(text));
    }
    panic!();
}
