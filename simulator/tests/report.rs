//! The page of a comparison.

#![allow(clippy::expect_used, missing_docs)]

mod support;

use support::{invokers, run, scenario};
use wci_simulator::{Comparison, Traffic};

fn page(traffic: &str) -> String {
    let scenario = scenario(traffic);
    let runs = invokers().into_iter().map(|name| run(&scenario, name)).collect();
    Comparison::new(scenario, runs).to_html()
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_runs_nothing() {
    let page = page("burst:50,every=20s,times=3");
    for foreign in ["http:", "https:", "<script", "url(", "@import", "src=", "href="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn the_page_can_be_read_in_light_and_in_dark() {
    let page = page("burst:50");
    assert!(page.contains("prefers-color-scheme: dark"));
    assert!(page.contains("<meta name=\"color-scheme\" content=\"light dark\">"));
}

#[test]
fn the_page_shows_every_algorithm_in_its_table_and_in_each_of_four_plots() {
    let page = page("poisson:rate=5,for=30s");
    assert_eq!(page.matches("<figure>").count(), 4);
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    for name in invokers() {
        assert_eq!(page.matches(&format!("<title>{name}</title>")).count(), 4, "{name}");
        assert!(page.contains(&format!("<tr><th scope=\"row\">{name}</th><td>")), "{name}");
    }
    assert!(page.contains("seed 1"));
}

#[test]
fn the_name_of_a_file_cannot_add_anything_to_the_page() {
    let mut scenario = scenario("burst");
    let name = "<script>&\"x.csv";
    scenario.traffic = vec![Traffic::recorded(name, "at_ms\n0\n").expect("a recording")];
    let page = Comparison::new(scenario.clone(), vec![run(&scenario, "no-sync")]).to_html();
    assert!(!page.contains("<script"));
    assert!(page.contains("file:&lt;script&gt;&amp;&quot;x.csv"));
}

#[test]
fn the_same_seed_makes_the_same_page() {
    assert_eq!(page("poisson:rate=5,for=30s"), page("poisson:rate=5,for=30s"));
}
