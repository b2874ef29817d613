//! Names, identities and messages that try to control a terminal, or to look like lines of ours,
//! are escaped wherever a person reads them.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use serde_json::json;
use wci_contract::{
    GroupSpec,
    messages::{UpdateReply, UpdateRequest, Upsert},
    names,
};
use wci_tests::{CommandOutput, Group, SOON, SpecFile, Version, World, wait_for};

/// Clears the screen, reorders text, and begins a new line. YAML has no C1 controls.
const HOSTILE: &str = "\u{1b}[2J\u{202e}\nerror all workers deleted\r";
const CONFIG: &str = r#"
namespaces:
  default:
    providers:
      subprocess:
        commands:
          greeter: "{greeter}"
          broken: {path: /bin/sh, args: [-c, 'printf "\033[31m\342\200\256boom\rhidden\n"; exit 3']}
"#;

/// Asserts that only line feeds and characters that are shown as themselves are in `text`, and that
/// no line begins with what a name wrote.
#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let is_harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let found: Vec<char> = text.chars().filter(|c| is_harmful(*c)).collect();
    assert!(found.is_empty(), "{what}: {found:?} in {text}");
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("error all workers"), "{what}: {text}");
    }
}

#[track_caller]
fn assert_output(what: &str, output: &CommandOutput) {
    assert_harmless(what, &output.stdout);
    assert_harmless(what, &output.stderr);
}

/// A version whose names are hostile, with a group that works and one whose worker fails.
async fn version(world: &World) -> (Version, SpecFile) {
    let version = world.version_of(&format!("evil{HOSTILE}"), &format!("v1{HOSTILE}"));
    let works = Group::greeters("evil").types(&["workflow"]);
    let fails = Group::command("broken", "evil").types(&["activity"]);
    let spec = SpecFile::of(&version.id)
        .group(&format!("works{HOSTILE}"), works)
        .group(&format!("fails{HOSTILE}"), fails);
    (version, spec)
}

#[tokio::test]
async fn no_command_prints_what_controls_a_terminal() {
    let world = World::builder().config(CONFIG).start().await;
    let (version, spec) = version(&world).await;
    let applied = version.apply_with(&spec, &["--wait=false"]).await;
    assert_output("apply", &applied);
    applied.ok();
    // Another client changes the spec under a hostile identity.
    let harmless = Group::greeters("evil").types(&["nexus"]).spec();
    let request = UpdateRequest {
        identity: format!("operator{HOSTILE}\u{9b}2J"),
        upsert_scaling_groups: [(
            format!("more{HOSTILE}"),
            Upsert { spec: GroupSpec { task_types: Some(vec![3]), ..harmless }, update_mask: None },
        )]
        .into(),
        ..UpdateRequest::default()
    };
    version.update::<UpdateReply>(names::UPDATE, &request).await.unwrap();
    let failed = wait_for("the failure of the worker", SOON, async || {
        let described = version.wci("describe", &[]).await;
        described.stdout.contains("boom").then_some(described)
    });
    assert_output("describe", &failed.await);
    for command in ["describe", "explain"] {
        assert_output(command, &version.wci(command, &[]).await.ok());
        let output = version.wci(command, &["-o", "json"]).await.ok().json();
        assert_eq!(output["deployment"], version.id.deployment(), "JSON has the name itself");
    }
    // In HTML, a line feed is white space.
    let page = version.wci("timeline", &["-o", "-"]).await.ok().stdout;
    assert_harmless("timeline", &page.replace('\n', " "));
    assert_output("list", &world.wci(&["list"]).await.ok());
    let wide = world.wci(&["list", "--wide"]).await.ok();
    assert_output("list --wide", &wide);
    assert!(wide.stdout.contains("works\\u{1b}[2J"), "{}", wide.stdout);
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"][0]["deployment"], version.id.deployment());
    replayed(&world, &version).await;
    rejected(&world, &spec).await;
    for (command, options) in [("claim", &[][..]), ("adopt", &[]), ("delete", &["--yes"])] {
        assert_output(command, &version.wci(command, options).await);
    }
    let gone = version.wci("describe", &[]).await;
    assert_output("describe of a version that is gone", &gone);
    assert!(gone.stderr.contains("evil\\u{1b}[2J"), "{gone:?}");
}

/// The history and the commands that read it from a file.
async fn replayed(world: &World, version: &Version) {
    let id = version.id.workflow_id();
    let show = ["workflow", "show", "-w", &id, "-o", "json"];
    let file = world.dir().join("run.json");
    fs::write(&file, world.temporal(&show).await.ok().stdout).unwrap();
    let file = file.display().to_string();
    assert_output("replay", &world.wci(&["replay", &file]).await);
    assert_output("explain --history", &world.wci(&["explain", "--history", &file]).await.ok());
    let broken = world.dir().join(format!("broken{}.json", HOSTILE.replace('\n', "")));
    fs::write(&broken, "{\"events\": 7}").unwrap();
    let output = world.wci(&["replay", &broken.display().to_string()]).await;
    assert_output("replay of a broken file", &output);
    assert_eq!(output.code, Some(1), "{output:?}");
}

/// Messages about what is refused.
async fn rejected(world: &World, spec: &SpecFile) {
    let unknown = Group::command(&format!("no{HOSTILE}"), "evil").types(&["workflow"]);
    let spec = spec.clone().group(&format!("works{HOSTILE}"), unknown);
    let file = world.dir().join("rejected.yaml");
    fs::write(&file, spec.text()).unwrap();
    let file = file.display().to_string();
    for command in ["validate", "apply"] {
        let output = world.wci(&[command, "-f", &file]).await;
        assert_output(command, &output);
        assert_eq!(output.code, Some(1), "{output:?}");
    }
    let text = json!({"deployment": "d", "build_id": "b", "groups": {HOSTILE: {HOSTILE: 1}}});
    fs::write(&file, text.to_string()).unwrap();
    assert_output("apply of a broken file", &world.wci(&["apply", "-f", &file]).await);
    assert_output("--namespace", &world.wci(&["list", "-n", &format!("no{HOSTILE}")]).await);
    let unknown = format!("none{HOSTILE}:v1");
    assert_output("explain of no version", &world.wci(&["explain", &unknown]).await);
}

#[tokio::test]
async fn the_text_log_has_one_harmless_line_for_each_event() {
    let mut world = World::builder().config(CONFIG).start().await;
    let (version, spec) = version(&world).await;
    version.apply_with(&spec, &["--wait=false"]).await.ok();
    let log = wait_for("the worker's output", SOON, async || {
        Some(world.worker().log()).filter(|log| log.contains("boom"))
    })
    .await;
    assert_harmless("the log", &log);
    assert!(log.contains("evil\\u{1b}[2J"), "{log}");
    for line in log.lines() {
        assert!(line.starts_with("20"), "no time at the start of {line:?}");
    }
}
