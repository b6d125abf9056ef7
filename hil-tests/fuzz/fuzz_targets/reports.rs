//! Any octets as a report to verify and as a logo: no seal or one, a sentence or a picture.
#![no_main]

use libfuzzer_sys::fuzz_target;
use reports::render::seal::Seal;
use reports::render::style::{Style, colour, is_legible};

fuzz_target!(|octets: &[u8]| {
    let _ = Seal::find(octets);
    if let Ok(style) = Style::default().with_logo(octets) {
        assert!(!style.is_plain());
    }
    if let Ok(text) = std::str::from_utf8(octets)
        && let Some(colour) = colour(text)
    {
        is_legible(colour);
    }
});
