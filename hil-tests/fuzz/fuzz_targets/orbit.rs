//! Element sets, OMM and OEM of any text: an orbit or what is wrong with it; and whatever is an orbit
//! can be asked where the satellite is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use profiles::orbit::{Elements, Ephemeris, MeanElements};

fuzz_target!(|text: &str| {
    let _ = Elements::parse(text);
    let _ = MeanElements::parse(text);
    if let Ok(ephemeris) = Ephemeris::parse(text) {
        let _ = ephemeris.state(ephemeris.first());
        let _ = ephemeris.state(ephemeris.last());
        ephemeris.period_seconds();
    }
});
