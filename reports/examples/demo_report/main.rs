//! Writes a report of an invented run, two orbits long, to look at: PDF, JUnit XML and JSON.
//!
//! `cargo run --release -p reports --example demo_report -- OUT_DIR`

mod checks;
mod header;
mod run;

use std::path::PathBuf;

use reports::event::Observer;
use reports::render::{junit, pdf, summary};
use reports::report::{Correctness, Gatherer, GoldenBand};

#[expect(clippy::print_stdout, reason = "an example tells what it did")]
#[expect(clippy::disallowed_methods, reason = "an example may time itself")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    let header = header::header();
    let events = run::events(&header);
    let findings = checks::findings(&header, &events);

    let start = std::time::Instant::now();
    let mut gatherer = Gatherer::new(&header);
    for event in &events {
        gatherer.observe(event)?;
    }
    let observed = start.elapsed();
    let mut report = gatherer.finish(findings, header::manifest(&header));
    let finished = start.elapsed();
    report.goldens = goldens();
    report.correctness = correctness();

    let start = std::time::Instant::now();
    let bytes = pdf::bytes(&report)?;
    let rendered = start.elapsed();
    std::fs::write(out.join("report.pdf"), &bytes)?;
    std::fs::write(out.join("junit.xml"), junit::xml(&report))?;
    std::fs::write(out.join("summary.json"), summary::json(&report))?;
    println!("{}", summary::text(&report, true));
    println!(
        "{} events observed in {observed:.1?}, gathered in {finished:.1?}; \
         {} kB of PDF in {rendered:.1?}",
        events.len(),
        bytes.len() / 1_000,
    );
    Ok(())
}

fn goldens() -> Vec<GoldenBand> {
    let band = |workload: &str, phase: &str, p50_us: f64| GoldenBand {
        workload: workload.to_owned(),
        phase: phase.to_owned(),
        p50_us,
        p90_us: p50_us * 1.12,
        rate: 1e6 / (p50_us * 1.05),
        tolerance: 0.08,
    };
    vec![
        band("keyword-spotting", "sunlit", 42_000.0),
        band("keyword-spotting", "umbra", 68_500.0),
        band("image-classification", "sunlit", 182_000.0),
        band("image-classification", "umbra", 182_000.0),
    ]
}

fn correctness() -> Vec<Correctness> {
    let told = |workload: &str, measure: &str, compared, worst, allowed| Correctness {
        workload: workload.to_owned(),
        measure: measure.to_owned(),
        compared,
        wrong: 0,
        worst,
        allowed,
        unit: String::new(),
    };
    vec![
        told("keyword-spotting", "worst element", 1_200, 0.003_9, 0.01),
        told("image-classification", "worst element", 400, 0.007_8, 0.02),
        told("image-classification", "top-1 differs", 400, 0.0, 0.0),
    ]
}
