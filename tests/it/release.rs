//! What a release must say, or a batch loses messages. `taskback doctor` asks the template.

/// One step that panics must not take the batch with it; the built release is put to this by `.ci/run`.
#[test]
fn a_panic_unwinds_in_every_profile() {
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
