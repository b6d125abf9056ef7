//! From a record to its report on paper: six plots of a million samples each, read, judged, gathered and
//! drawn. Against it: nothing but reading the same events.
//!
//! The record is made anew beside the build; `BENCH_RUN=DIR` names a run of your own.

#[path = "../examples/long_run/run.rs"]
#[expect(dead_code, reason = "the example writes more than one run")]
mod run;

use std::path::PathBuf;
use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use reports::event::Observer;
use reports::golden::Goldens;
use reports::header::Header;
use reports::judge::Judge;
use reports::record::{News, read_once};
use reports::render::pdf;
use reports::report::{Gatherer, Manifest};

fn main() {
    divan::main();
}

fn record() -> PathBuf {
    static RECORD: OnceLock<PathBuf> = OnceLock::new();
    let path = RECORD.get_or_init(|| {
        if let Some(folder) = std::env::var_os("BENCH_RUN") {
            return PathBuf::from(folder).join("record.mcap");
        }
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("six_plots.mcap");
        // A recorder writes over no record.
        let _none = std::fs::remove_file(&path);
        run::write(&path, &run::plots()).expect("a record");
        path
    });
    path.clone()
}

#[divan::bench(sample_count = 10)]
fn tell(bencher: Bencher<'_, '_>) {
    let path = record();
    bencher.bench_local(|| {
        let mut told: Option<(Header, Judge, Gatherer)> = None;
        let read = read_once(&path, &mut |news| match (news, &mut told) {
            (News::Begins(header), told) => {
                let judge = Judge::new(header, &Goldens::default()).expect("a judge");
                *told = Some((header.clone(), judge, Gatherer::new(header)));
            }
            (News::Event(event), Some((_, judge, gatherer))) => {
                judge.take(event);
                gatherer.observe(event).expect("gathered");
            }
            (News::Rows(rows), Some((_, judge, gatherer))) => {
                judge.take_rows(rows);
                gatherer.observe_rows(rows).expect("gathered");
            }
            (News::Event(_) | News::Rows(_), None) => {}
        });
        read.expect("read");
        let (header, judge, gatherer) = told.expect("a header");
        let manifest = Manifest {
            run_id: "bench".to_owned(),
            started: "2026-11-27T00:00:00Z".to_owned(),
            ended: String::new(),
            resumed: Vec::new(),
            versions: header.versions.clone(),
            seed: 1,
            pace: "virtual".to_owned(),
            campaign: header.campaign.clone(),
            wiring: String::new(),
            inputs: Vec::new(),
            record: None,
            identities: std::collections::BTreeMap::new(),
            ending: reports::verdict::Ending::Completed,
            verdict: reports::verdict::Verdict::Pass,
            exit_code: 0,
            sim_seconds: header.end.as_secs_f64(),
        };
        let report = gatherer.finish(judge.conclude(), manifest);
        pdf::bytes(&report).expect("drawn").len()
    });
}

#[divan::bench(sample_count = 10)]
fn read(bencher: Bencher<'_, '_>) {
    let path = record();
    bencher
        .counter(ItemsCount::new(1_000_000_usize))
        .bench_local(|| {
            let mut count = 0;
            let read = read_once(&path, &mut |news| match news {
                News::Rows(rows) => count += rows.times().len(),
                News::Event(_) | News::Begins(_) => count += 1,
            });
            read.expect("read");
            count
        });
}
