//! Measured values and their tables.

use std::fmt::Write;
use std::time::Duration;

/// The values of one figure, one for each round.
#[derive(Clone, Debug, Default)]
pub struct Series(Vec<f64>);

impl Series {
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub fn n(&self) -> usize {
        self.0.len()
    }

    /// The middle one of the sorted values; NaN if there are none.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }

    pub fn max(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::max)
    }

    /// The median of the ratios of the rounds, because load on the machine affects both sides of a round.
    pub fn ratio(&self, to: &Self) -> f64 {
        Self(self.0.iter().zip(&to.0).map(|(ours, theirs)| ours / theirs).collect()).median()
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// One part of the results.
#[derive(Debug, Default)]
pub struct Section {
    text: String,
}

impl Section {
    pub fn new(title: &str, how: &str) -> Self {
        Self { text: format!("## {title}\n{how}\n") }
    }

    /// A table of series: n, min, median, max.
    pub fn table(&mut self, figure: &str, unit: &str, rows: &[(&str, &Series)]) {
        // Writing to a String does not fail.
        let _ = write!(self.text, "\n| {figure}, {unit} | n | min | median | max |\n|---|---|---|---|---|\n");
        for (name, series) in rows {
            let [min, median, max] = [series.min(), series.median(), series.max()].map(shown);
            let _ = writeln!(self.text, "| {name} | {} | {min} | {median} | {max} |", series.n());
        }
    }

    /// A table whose cells are texts.
    pub fn plain(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let _ = write!(self.text, "\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
    }

    /// The unchanged output of a program.
    pub fn verbatim(&mut self, output: &str) {
        let _ = write!(self.text, "\n```text\n{}\n```\n", output.trim());
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A goal and the measured value.
#[derive(Clone, Debug)]
pub struct Goal {
    pub figure: String,
    pub expected: String,
    pub got: String,
    pub reached: bool,
}

impl Goal {
    /// A ratio or value with a maximum.
    pub fn at_most(figure: &str, max: f64, got: f64, unit: &str) -> Self {
        Self::new(figure, format!("≤ {max}{unit}"), format!("{}{unit}", shown(got)), got <= max)
    }

    /// A ratio or value with a minimum.
    pub fn at_least(figure: &str, min: f64, got: f64, unit: &str) -> Self {
        Self::new(figure, format!("≥ {min}{unit}"), format!("{}{unit}", shown(got)), got >= min)
    }

    pub fn new(figure: &str, expected: String, got: String, reached: bool) -> Self {
        Self { figure: figure.to_owned(), expected, got, reached }
    }
}

/// Formats a value with three significant digits, the precision of a run.
pub fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.001 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
