//! Networks of any octets, and shipped ones with some octets changed: refused, or run to the end.
#![no_main]

use drivers::accelerator::network::{Network, builtin};
use libfuzzer_sys::fuzz_target;

static ONNX: &[u8] = include_bytes!("../../models/mlperf-tiny-kws-fp32.onnx");

/// A file with some of its octets changed.
fn changed(file: &[u8], changes: &[(u16, u8)]) -> Vec<u8> {
    let mut changed = file.to_vec();
    // What describes the network stands in front of its weights.
    for (place, octet) in changes {
        let place = usize::from(*place) % changed.len();
        changed[place] = *octet;
    }
    changed
}

fuzz_target!(|input: (&[u8], Vec<(u16, u8)>)| {
    let (octets, changes) = input;
    let shipped = builtin("mlperf-tiny-kws").expect("it is shipped");
    for bytes in [octets, &changed(shipped, &changes)] {
        if let Ok(network) = Network::load(bytes)
            && network.macs().is_some_and(|macs| macs < 10_000_000)
        {
            let _ = network.infer(&vec![0; network.input_bytes()]);
        }
    }
    // Each is asked once as it is loaded.
    for bytes in [octets, &changed(ONNX, &changes)] {
        let _ = Network::from_onnx("n", bytes, &[]);
    }
});
