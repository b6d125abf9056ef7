//! A campaign of any text, on the quickstart's wiring: a plan or refusals, and neither a panic nor
//! a file outside its folder that matters.
#![no_main]

use std::path::PathBuf;

use bench_runner::config::folder::Folder;
use bench_runner::embedded;
use bench_runner::plan::{Plan, Request};
use bench_runner::runtime::Pace;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let folder = PathBuf::from(format!("/tmp/bench-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    std::fs::write(folder.join("campaign.toml"), text).expect("a temporary file");
    let request = Request {
        campaign: (Folder::Disk(folder), "campaign.toml".to_owned()),
        wiring: embedded::wiring(),
        seed: None,
        pace: Pace::Virtual,
        dictionary: None,
        firmware: Vec::new(),
        faults: None,
    };
    match Plan::new(&request) {
        Ok(plan) => assert!(!plan.header.steps.is_empty()),
        Err(refusals) => assert!(!refusals.render(false).is_empty()),
    }
});
