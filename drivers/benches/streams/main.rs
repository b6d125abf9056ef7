//! Whole streams against the loops that one would write by hand for this one stream and nothing
//! else, in turns, by the time of the thread's processor: neighbours on the machine disturb both
//! alike. What counts is the ratio within one run.
#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

mod ascii;
mod ccsds;
mod checksums;
mod framing;

use rustix::time::{ClockId, clock_gettime};

/// Turns that each way takes.
const TURNS: usize = 9;

/// One way to get through the octets: its name, and what it counts as a proof of work.
pub(crate) struct Way<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnMut() -> u64 + 'a>,
}

pub(crate) fn way<'a>(name: &'static str, run: impl FnMut() -> u64 + 'a) -> Way<'a> {
    Way {
        name,
        run: Box::new(run),
    }
}

fn seconds() -> f64 {
    let at = clock_gettime(ClockId::ThreadCPUTime);
    at.tv_sec as f64 + at.tv_nsec as f64 * 1e-9
}

/// Measures all ways in turns, says each one's rate and how it stands to the first and to the
/// way named `to`, and gives the rates in MB/s.
pub(crate) fn compare(title: &str, octets: usize, mut ways: Vec<Way<'_>>, to: &str) -> Vec<f64> {
    let mut times = vec![Vec::new(); ways.len()];
    let mut counts = vec![0; ways.len()];
    for _ in 0..TURNS {
        for ((way, times), count) in ways.iter_mut().zip(&mut times).zip(&mut counts) {
            let start = seconds();
            *count = std::hint::black_box((way.run)());
            times.push(seconds() - start);
        }
    }
    let rates: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort_by(f64::total_cmp);
            octets as f64 / times[times.len() / 2] / 1e6
        })
        .collect();
    let reference = ways.iter().position(|way| way.name == to);
    let reference = reference.expect("the reference is one of the ways");
    println!("{title}: {:.0} MB", octets as f64 / 1e6);
    for ((way, rate), count) in ways.iter().zip(&rates).zip(&counts) {
        println!(
            "  {:<46} {rate:>9.0} MB/s  {:>6.3} x {}  {:>6.3} x {to}  ({count})",
            way.name,
            rate / rates[0],
            ways[0].name,
            rate / rates[reference],
        );
    }
    rates
}

/// A generator of numbers that costs nothing (xorshift, Marsaglia 2003).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

pub(crate) const SEED: Numbers = Numbers(0x9e37_79b9_7f4a_7c15);

fn main() {
    // `cargo bench … -- ccsds` for one kind alone.
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let all: [(&str, fn()); 3] = [
        ("ccsds", ccsds::measure),
        ("framing", framing::measure),
        ("ascii", ascii::measure),
    ];
    for (name, measure) in all {
        if only.as_deref().is_none_or(|only| only == name) {
            measure();
        }
    }
}
