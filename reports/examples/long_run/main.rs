//! Writes the record of an invented long run, for `bench report` to be timed on:
//!
//! `cargo run --release -p reports --example long_run -- day|plots OUT_DIR`
//!
//! `day` is 24 h of bench time with 50 channels at 10 Hz, 43 million samples; `plots` is one device with
//! six channels of a million samples each. `BENCH_HOURS` makes the day shorter.

mod run;

use std::path::Path;

use run::{day, plots, write};

#[expect(clippy::print_stdout, reason = "an example tells what it did")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(which), Some(out)) = (words.next(), words.next()) else {
        return Err("expected: long_run day|plots OUT_DIR".into());
    };
    let run = match which.as_str() {
        "day" => day(),
        "plots" => plots(),
        other => return Err(format!("{other} is neither day nor plots").into()),
    };
    std::fs::create_dir_all(&out)?;
    let path = Path::new(&out).join("record.mcap");
    let samples = write(&path, &run)?;
    let bytes = std::fs::metadata(&path)?.len();
    println!("{}: {samples} samples in {bytes} bytes", path.display());
    Ok(())
}
