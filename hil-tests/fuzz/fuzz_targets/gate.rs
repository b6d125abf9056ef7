//! A gate file, a baseline and the results of shards of any text: refused, or merged, decided and told.
#![no_main]

use std::path::PathBuf;

use bench_runner::gate::{Baseline, GateFile, GateRun, RESULT_FILE, annotations, decide, merge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(gate) = GateFile::from_text(text, PathBuf::from("/nowhere")) {
        assert!(!gate.conditions.is_empty());
    }
    let folder = std::env::temp_dir().join(format!("bench-fuzz-gate-{}", std::process::id()));
    // Two shards of one text, parted by a line of three dashes; or one.
    let shards: Vec<PathBuf> = text
        .split("\n---\n")
        .take(3)
        .enumerate()
        .map(|(number, text)| {
            let shard = folder.join(number.to_string());
            std::fs::create_dir_all(&shard).expect("a folder for temporary files");
            std::fs::write(shard.join(RESULT_FILE), text).expect("a temporary file");
            shard
        })
        .collect();
    if let Ok(baseline) = Baseline::read(&shards[0].join(RESULT_FILE)) {
        let _ = baseline.to_toml();
    }
    if let Ok(run) = merge(&shards) {
        tell(&run);
    }
});

fn tell(run: &GateRun) {
    let decision = decide(run);
    let _ = annotations(run, &decision);
    let _ = bench_runner::gate::text(run, &decision);
    let _ = Baseline::accept(run).to_toml();
}
