//! Networks of any octets, and a shipped one with some octets changed: refused, or run to the end.
#![no_main]

use drivers::accelerator::network::{Network, builtin};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], Vec<(u16, u8)>)| {
    let (octets, changes) = input;
    let shipped = builtin("mlperf-tiny-kws").expect("it is shipped");
    let mut changed = shipped.to_vec();
    // What describes the network stands in front of its weights.
    for (place, octet) in changes {
        let place = usize::from(place) % changed.len();
        changed[place] = octet;
    }
    for bytes in [octets, &changed] {
        if let Ok(network) = Network::load(bytes)
            && network.macs() < 10_000_000
        {
            let _ = network.infer(&vec![0; network.input_bytes()]);
        }
    }
});
