//! What was measured of a run and is expected of the next ones: how fast workloads answered and what
//! answers took, in each phase and bin of temperature, with the statistics that compare them.

mod blocks;
pub(crate) mod conditions;
mod energy;
mod meter;
mod throughput;

pub use blocks::{Blocks, CONFIDENCE, Compared, FOUND, POWER, Standing};
pub use conditions::Bin;
pub use energy::{Energies, Energy, MORE};
pub(crate) use meter::{Meter, PhaseAnswers, cuts};
pub use throughput::{Band, Cell, Cells, Gauge, Needed, ThroughputError, ThroughputGolden};
