//! The chart of the README, with one bar for each figure.

use std::fmt::Write;

use crate::figures::{Series, shown};

/// Bars of one figure.
#[derive(Clone, Debug)]
pub struct Panel {
    title: &'static str,
    bars: Vec<(&'static str, f64)>,
}

impl Panel {
    pub fn new(title: &'static str, rows: Vec<(&'static str, Series)>) -> Self {
        Self { title, bars: rows.into_iter().map(|(name, series)| (name, series.median())).collect() }
    }
}

const WIDTH: usize = 430;
const LABEL: f64 = 120.0;
const BAR: f64 = 230.0;
const ROW: f64 = 20.0;

/// Draws the medians of a run, two panels in a line.
pub fn svg(panels: &[Panel]) -> String {
    let rows = panels.iter().map(|panel| panel.bars.len()).max().unwrap_or_default();
    let height = rows as f64 * ROW + 46.0;
    let (width, lines) = (WIDTH * 2, panels.len().div_ceil(2));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{0}\" viewBox=\"0 0 {width} {0}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        height * lines as f64
    );
    for (at, panel) in panels.iter().enumerate() {
        let (x, y) = ((at % 2 * WIDTH) as f64 + 10.0, (at / 2) as f64 * height + 24.0);
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" font-weight=\"bold\">{}</text>", panel.title);
        let max = panel.bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        for (row, (name, value)) in panel.bars.iter().enumerate() {
            let y = y + 10.0 + row as f64 * ROW;
            let (text, start, wide) = (y + 12.0, x + LABEL, (value / max * BAR).max(1.0));
            let colour = if row == 0 { "#b7410e" } else { "#9aa5b1" };
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"{text}\">{name}</text><rect x=\"{start}\" y=\"{y}\" width=\"{wide:.1}\" \
                 height=\"14\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{text}\">{}</text>",
                start + wide + 5.0,
                shown(*value)
            );
        }
    }
    svg + "</svg>\n"
}
