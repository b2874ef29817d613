//! The page of `wci timeline`, from recordings and from a real instance, and in a browser if one is
//! installed.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use wci_tests::{SOON, World, built, run, wait_for};

/// Names under which Chromium is installed.
const BROWSERS: [&str; 5] =
    ["chromium", "chromium-browser", "chromium-headless-shell", "google-chrome", "chrome"];

fn recording(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-histories/v1");
    folder.join(format!("{name}.json")).display().to_string()
}

fn browser() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let places =
        BROWSERS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file())
}

async fn draw(names: &[&str], file: &Path) {
    let file = file.display().to_string();
    let recordings: Vec<String> = names.iter().map(|name| recording(name)).collect();
    let mut args = vec!["timeline", "-o", &file];
    args.extend(recordings.iter().flat_map(|recording| ["--history", recording]));
    let output = run(&built("wci"), &args).await.ok();
    assert!(output.stdout.is_empty() && output.stderr.contains("wrote "), "{output:?}");
}

#[tokio::test]
async fn consecutive_runs_are_drawn_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("page.html");
    let runs =
        ["continue-as-new-with-signals-pending", "continue-as-new-with-signals-pending-next-run"];
    draw(&runs, &file).await;
    let page = fs::read_to_string(&file).unwrap();
    for expected in
        ["<title>long:v1: timeline</title>", "A new run continues", ">tasks_announced</text>"]
    {
        assert!(page.contains(expected), "{expected} is missing");
    }
    let stdout = ["timeline", "--history", &recording(runs[0]), "-o", "-"];
    let output = run(&built("wci"), &stdout).await.ok();
    assert!(output.stdout.starts_with("<!doctype html>") && output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn a_running_instance_is_drawn_from_its_history() {
    let world = World::new().await;
    let version = world.version("drawn");
    version.at_zero().await;
    version.load(3, 10).await.done(SOON).await;
    let file = world.dir().join("drawn.html");
    let name = file.display().to_string();
    wait_for("the launch in the page", SOON, async || {
        version.wci("timeline", &["-o", &name]).await.ok();
        let page = fs::read_to_string(&file).ok()?;
        // One or two workers, as the announcements come.
        let is_shown =
            page.contains(" requested for default: ") && page.contains(" started, after ");
        is_shown.then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_history_that_cannot_be_drawn_is_rejected_with_a_reason() {
    let nowhere = ["timeline", "--history", &recording("burst"), "-o", "/nowhere/page.html"];
    let output = run(&built("wci"), &nowhere).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("cannot write /nowhere/page.html"), "{output:?}");
    let other = ["timeline", "--history", &recording("validate-without-an-instance"), "-o", "-"];
    let output = run(&built("wci"), &other).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("not of an instance") && output.stdout.is_empty(), "{output:?}");
    let output = run(&built("wci"), &["timeline", "-o", "-"]).await;
    assert_eq!(output.code, Some(2), "{output:?}");
}

#[tokio::test]
async fn a_browser_shows_the_page() {
    let Some(browser) = browser() else {
        eprintln!("skipped in a browser: Chromium is not installed ({})", BROWSERS.join(", "));
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (file, shot) = (dir.path().join("page.html"), dir.path().join("page.png"));
    draw(&["burst"], &file).await;
    let shown = Command::new(&browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--hide-scrollbars", "--window-size=1200,1600", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
        .arg(format!("--screenshot={}", shot.display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&shown.stderr);
    assert!(shown.status.success(), "{log}");
    // The browser's console shows errors of the page.
    assert!(!log.contains(":CONSOLE"), "{log}");
    let picture = fs::read(&shot).unwrap();
    assert!(picture.starts_with(b"\x89PNG"), "no picture");
    // The picture of an empty page has a few kilobytes.
    assert!(picture.len() > 30_000, "the picture has only {} bytes", picture.len());
}
