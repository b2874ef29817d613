//! `wci validate` for versions that do not exist yet.

use std::time::{Duration, Instant};

use wci_tests::{Group, SpecFile, World};

/// Nothing answers the server's own call for such a version.
#[tokio::test]
async fn a_spec_for_a_version_that_does_not_exist_is_validated_immediately() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("unborn");
    let validate = async |function: &str| {
        let spec = SpecFile::of(&version.id).group("default", Group::lambda(function));
        let file = world.dir().join(format!("{function}.yaml"));
        std::fs::write(&file, spec.text()).unwrap();
        let began = Instant::now();
        let output = world.wci(&["validate", "-f", &file.display().to_string()]).await;
        // Far below the 35 s after which the server's call times out, with time for a busy machine.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        output
    };
    validate("sound").await.ok();
    let output = validate("missing").await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("Function not found"), "{output:?}");
    assert!(!version.has_instance().await);
}
