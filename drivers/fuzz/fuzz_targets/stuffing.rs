//! Stuffings: no octets panic, and what is encoded is decoded.
#![no_main]

use drivers::telemetry::framing::sensor::SensorPacket;
use drivers::telemetry::framing::stuffing::Stuffing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let (mut room, mut encoded) = (Vec::new(), Vec::new());
    for stuffing in [Stuffing::Cobs, Stuffing::CobsReduced, Stuffing::Slip, Stuffing::Hdlc] {
        if let Ok(content) = stuffing.decode(octets, &mut room) {
            let _ = SensorPacket::read(content);
        }
        encoded.clear();
        stuffing.encode(octets, &mut encoded);
        let delimiter = stuffing.delimiter();
        let inner: Vec<u8> = encoded.iter().copied().filter(|octet| *octet != delimiter).collect();
        assert_eq!(stuffing.decode(&inner, &mut room), Ok(octets));
    }
});
