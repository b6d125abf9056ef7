//! Goldens of any files, and throughput goldens of any text: refused or usable.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use reports::digest::sha256_hex;
use reports::golden::{Golden, ThroughputGolden};

fuzz_target!(|input: (&str, &[u8], &[u8])| {
    let (manifest, inputs, outputs) = input;
    let _ = ThroughputGolden::from_toml(manifest);
    // So that what stands behind the digest is reached, too.
    let manifest = manifest
        .replace("INPUTS", &sha256_hex(inputs))
        .replace("OUTPUTS", &sha256_hex(outputs));
    let files = [
        ("golden.toml", manifest.as_bytes()),
        ("inputs.safetensors", inputs),
        ("outputs.safetensors", outputs),
    ];
    let files: BTreeMap<String, Vec<u8>> = files
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
        .collect();
    if let Ok(golden) = Golden::from_files("fuzz", &files) {
        for input in 0..golden.sample_count() {
            golden.compare(input, outputs);
        }
    }
});
