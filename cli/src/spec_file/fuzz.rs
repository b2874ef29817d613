//! Fuzz target: spec files.

use bolero::check;
use wci_fuzz::Mutation;

use super::*;

const SAMPLES: &[&str] = &[
    "deployment: orders\nbuild_id: v1\ngroups:\n  default:\n    provider:\n      type: aws-lambda\n      \
     arn: arn:aws:lambda:us-east-1:123456789012:function:orders:5\n    scaler:\n      type: no-sync\n      \
     scale_up_cooloff_ms: 200\n",
    "{deployment: d, build_id: 'b', groups: {g: {task_types: [nexus, workflow], provider: \
     {type: subprocess, command: greeter, args: [a], env: {MODE: 'on'}}}}}",
];

#[test]
fn spec_files() {
    check!().with_iterations(300).with_type::<Mutation>().for_each(|mutation| {
        match parse("spec.yaml", &mutation.text(SAMPLES)) {
            Ok(file) => {
                let text = Document::of(&file.id, &file.spec).to_yaml().unwrap();
                let again = parse("again.yaml", &text).unwrap();
                assert_eq!(Document::of(&again.id, &again.spec).to_yaml().unwrap(), text);
            }
            Err(error) => {
                let message = error.to_string();
                assert!(message.starts_with("spec.yaml"), "{message}");
                assert!(message.len() < 8_192, "{message}");
            }
        }
    });
}
