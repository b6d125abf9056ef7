//! A wiring of any text, under the quickstart's campaign and alone: devices or refusals.
#![no_main]

use std::path::PathBuf;

use bench_runner::config::folder::Folder;
use bench_runner::embedded;
use bench_runner::plan::{Bench, Plan, Request, devices};
use bench_runner::runtime::Pace;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let folder = PathBuf::from(format!("/tmp/bench-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    std::fs::write(folder.join("wiring.toml"), text).expect("a temporary file");
    let request = Request {
        campaign: embedded::campaign(),
        wiring: (Folder::Disk(folder), "wiring.toml".to_owned()),
        seed: None,
        pace: Pace::Virtual,
        dictionary: None,
        firmware: Vec::new(),
        faults: None,
    };
    if let Err(refusals) = Plan::new(&request) {
        assert!(!refusals.render(false).is_empty());
    }
    if let Ok(text) = std::str::from_utf8(text) {
        let _ = devices(&Bench::Text(text.to_owned()));
    }
});
