//! Fuzz target: the operator's configuration file.

use bolero::check;
use wci_fuzz::Mutation;

use super::{tests::LIMITS, *};

#[test]
fn operator_configurations() {
    let page = include_str!("../../../../docs/operator-config.md");
    let samples: Vec<_> = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(example, _)| example))
        .collect();
    check!().with_iterations(300).with_type::<Mutation>().for_each(|mutation| {
        match text::parse("wci.yaml", &mutation.text(&samples), LIMITS) {
            Ok(config) => assert!(!config.namespaces.is_empty()),
            Err(error) => {
                let message = error.to_string();
                assert!(message.starts_with("wci.yaml"), "{message}");
                assert!(message.len() < 8_192, "{message}");
            }
        }
    });
}
