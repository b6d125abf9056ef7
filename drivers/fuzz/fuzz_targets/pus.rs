//! Service data and time codes: what is read is written back as it was.
#![no_main]

use drivers::telemetry::ccsds::{pus, time};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut out = Vec::new();
    if let Some(area) = pus::read_area(input) {
        area.write(&mut out);
        assert_eq!(out, input);
    }
    out.clear();
    if let Some((memory, start, length)) = pus::read_dump(input) {
        pus::write_dump(memory, start, length, &mut out);
        assert_eq!(out, input);
    }
    out.clear();
    if let Some(function) = pus::read_function(input) {
        function.write(&mut out);
        assert_eq!(out, input);
    }
    out.clear();
    if let Some((request, code)) = pus::read_failure(input) {
        pus::write_verification(request, Some(code), &mut out);
        assert_eq!(out, input);
    }
    out.clear();
    if let Some(request) = pus::read_success(input) {
        pus::write_verification(request, None, &mut out);
        assert_eq!(out, input);
    }
    if let Ok((rest, time)) = time::time(input) {
        assert_eq!(time.to_bytes(), input[..input.len() - rest.len()]);
    }
});
