//! Inputs with which the fuzzer found a bug, and its seeds: see `fuzz/`.

#[path = "../../fuzz/src/checks.rs"]
#[allow(unreachable_pub, reason = "the fuzzer's own crate exports them")]
mod checks;

use std::fs;
use std::path::Path;

/// Runs a check on each file of a folder. Returns the number of files.
fn replay(folder: &str, check: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    files.inspect(|file| check(&fs::read(file).unwrap())).count()
}

#[test]
fn decoders_pass_fuzzer_findings() {
    assert!(replay("events", checks::decoders) > 100);
    assert!(replay("fuzz/regressions/decoders", checks::decoders) > 0);
    assert!(replay("fuzz/seeds/decoders", checks::decoders) > 0);
}

#[test]
fn responses_pass_fuzzer_findings() {
    assert!(replay("fuzz/regressions/answers", checks::answers) > 0);
    assert!(replay("fuzz/seeds/answers", checks::answers) > 0);
}

#[test]
fn scrubber_passes_fuzzer_findings() {
    assert!(replay("fuzz/seeds/scrubber", checks::scrubber) > 0);
    replay("fuzz/regressions/scrubber", checks::scrubber);
}
