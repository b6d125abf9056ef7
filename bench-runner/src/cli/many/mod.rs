//! Verbs of many runs: a gate on many machines, a campaign with many values.

pub(super) mod monte_carlo;
pub(super) mod submit;

/// How many runs go on at a time, if nobody says.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
