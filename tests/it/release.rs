//! Settings of the release without which a batch loses messages. `taskback doctor` checks the template.

/// One panicking step must not end the batch; `.ci/run` tests the release build for it.
#[test]
fn panics_unwind_in_every_profile() {
    let manifest = include_str!("../../Cargo.toml");
    let release = manifest.split("[profile.release]").nth(1).unwrap();
    assert!(release.split("\n[").next().unwrap().contains("panic = \"unwind\""));
    let settings = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".cargo/config.toml");
    let settings = std::fs::read_to_string(settings).unwrap_or_default();
    for text in [manifest, &settings] {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        assert!(lines.clone().all(|line| !line.contains("\"abort\"")), "{text}");
    }
}

/// Handwritten figures must not look like figures that the run measured.
#[test]
fn handwritten_figures_are_marked() {
    let (notes, results) =
        (include_str!("../../bench/BENCHMARKING.md"), include_str!("../../bench/RESULTS.md"));
    let (_, rest) = notes.split_once("\n## Missed goals\n").unwrap();
    let (day, rest) = rest.strip_prefix("*Written by hand on ").unwrap().split_once(',').unwrap();
    assert!(day.len() == "2026-11-21".len(), "{day}");
    assert!(rest.contains("`bench/run` measured none of the figures in this section.*"));
    assert!(!results.contains("by hand"), "the results are generated");
}
