#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| taskback_fuzz::templates(data));
