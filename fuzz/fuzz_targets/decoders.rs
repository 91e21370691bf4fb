//! Whatever bytes arrive as an event or as a message's body: read or refused, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use taskback::core::{Reading, Service, unwrapped};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let plain = Reading { service: Some(Service::Fnf), ..Reading::default() };
    let pointers = Reading {
        token_pointer: Some("/detail/0/taskToken".to_owned()),
        input_pointer: Some("/detail".to_owned()),
        ..plain.clone()
    };
    let body = unwrapped(&text);
    let Ok(event) = RawValue::from_string(text.to_string()) else {
        assert!(plain.task(&text).is_err(), "what is not JSON brings no task");
        return;
    };
    for reading in [&plain, &pointers] {
        drop(reading.task(&body));
        if let Ok(tasks) = taskback::tasks(&event, reading) {
            assert!(!tasks.is_empty(), "an event without deliveries was read as one");
        }
    }
});
