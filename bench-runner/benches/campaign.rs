//! Simulated seconds per wall second: the quickstart without record and report.
//!
//! `cargo bench -p bench-runner`; divide the campaign's 11,216 s by the time shown.

use bench_runner::embedded;
use bench_runner::plan::{Plan, Request};
use bench_runner::run::{self, Stop};
use bench_runner::runtime::{self, Pace};
use reports::event::{Event, ObserveError, Observer};
use reports::verdict::Ending;

fn main() {
    divan::main();
}

/// Counts what it sees, so that nothing of the run can be left out.
#[derive(Default)]
struct Counter(u64);

impl Observer for Counter {
    fn observe(&mut self, _event: &Event) -> Result<(), ObserveError> {
        self.0 += 1;
        Ok(())
    }
}

fn quickstart() -> Plan {
    let request = Request {
        campaign: embedded::campaign(),
        wiring: embedded::wiring(),
        seed: None,
        pace: Pace::Virtual,
        dictionary: None,
        firmware: Vec::new(),
        faults: None,
    };
    Plan::new(&request).expect("the embedded campaign is allowed on the embedded wiring")
}

/// Two orbits, 11,216 s of bench time, on four emulated devices.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn two_orbits(bencher: divan::Bencher<'_, '_>) {
    let plan = quickstart();
    bencher.bench_local(|| {
        let mut counter = Counter::default();
        let stop = Stop::default();
        let observers: &mut [&mut dyn Observer] = &mut [&mut counter];
        let ending = runtime::block_on(Pace::Virtual, run::run(&plan, observers, &stop));
        assert_eq!(ending.0, Ending::Completed);
        counter.0
    });
}

/// Campaign and wiring to plan: orbit, eclipses, power and heat, set points, refusals.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn plan() -> Plan {
    quickstart()
}
