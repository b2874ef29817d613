//! The metrics of a scrape.

/// The response of `/metrics`.
#[derive(Debug, Clone)]
pub struct Metrics {
    text: String,
}

impl Metrics {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The sum of the values of `name` whose labels have all of `labels`, each written
    /// `label="value"`; `None` when there are none.
    pub fn sum(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let values = self.text.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (found, given) = series.split_once('{').unwrap_or((series, ""));
            let has = |label: &&str| given.trim_end_matches('}').split(',').any(|l| l == *label);
            (found == name && labels.iter().all(has)).then(|| value.parse::<f64>().unwrap())
        });
        values.reduce(|sum, value| sum + value)
    }
}
