//! The one runtime: single-threaded at every pace, with the clock paused in virtual time.

use std::fmt;
use std::future::Future;

use drivers::clock::Clock;

/// How bench time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It jumps to the next thing to do; only a bench in memory can keep up with it.
    Virtual,
    /// As on the wall.
    Real,
}

impl Pace {
    /// A clock whose T0 is now, as fine as this pace lets it be. To be asked within
    /// [`block_on`] at the same pace.
    pub fn clock(self) -> Clock {
        match self {
            Pace::Virtual => Clock::start(),
            Pace::Real => Clock::start_fine(),
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Pace::Virtual => "virtual",
            Pace::Real => "real",
        })
    }
}

/// Runs a future to its end at a pace.
///
/// # Panics
/// If the operating system has no resources left for a runtime.
pub fn block_on<F: Future>(pace: Pace, run: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(pace == Pace::Virtual);
    // In virtual time every link is memory, and runs several times faster without an I/O driver.
    if pace == Pace::Real {
        runtime.enable_io();
    }
    runtime
        .build()
        .expect("a single-threaded runtime needs no resources that can be missing")
        .block_on(run)
}
