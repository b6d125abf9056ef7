//! Models: a make's driver, emulator and transcript in one row.

use std::sync::Arc;

use profiles::name::DeviceName;
use profiles::option::{OptionSpec, Options};
use profiles::seed::Seed;

use crate::accelerator::network::Network;
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::error::DeviceError;
use crate::link::{Link, Pacing};
use crate::plant::Place;
use crate::telemetry::dictionary::Layouts;

/// One make of one role. No driver without an emulator, none without a transcript.
pub struct Model<D: ?Sized, S = DriverSetup> {
    /// As wirings spell it: `keysight-6633b`.
    pub name: &'static str,
    /// One line for `bench list`: maker, model, what it is.
    pub summary: &'static str,
    /// What the wiring may set.
    pub options: &'static [OptionSpec],
    /// What the hardware can do at most; a wiring may only tighten it.
    pub ratings: &'static [Rating],
    /// What an output, a range or a unit that the options choose can do at most, where it has ratings
    /// of its own.
    pub ratings_by: fn(&Options) -> Option<&'static [Rating]>,
    /// Whether it trips by itself above a voltage that it is told, if it gives or takes any. The
    /// driver of one that does not holds the wiring's limit alone.
    pub guards_itself: bool,
    /// The line that the maker ships it with, for links in memory.
    pub pacing: Pacing,
    /// Makes the driver's half.
    pub drive: fn(S) -> Result<Box<D>, DeviceError>,
    /// Makes the emulator's half.
    pub emulate: fn(EmulatorSetup) -> Box<dyn Emulator>,
    /// A conversation taken from the maker's manual: lines `> sent`, `< answered`, `# remark`.
    pub transcript: &'static str,
}

/// A limit of the hardware.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// Key of the limit in the wiring: `volts`, `amps`, `min_celsius`, `max_celsius`.
    pub name: &'static str,
    /// Its value in the unit that the key names.
    pub value: f64,
}

/// What a driver is made of.
#[derive(Debug)]
pub struct DriverSetup {
    /// The device's name, for errors.
    pub device: DeviceName,
    /// The near end of its link.
    pub link: Link,
    /// Bench time.
    pub clock: Clock,
    /// Checked options, defaults filled in.
    pub options: Options,
}

/// What a board's driver is made of; its station holds the link.
#[derive(Debug)]
pub struct BoardSetup {
    /// The device's name, for errors.
    pub device: DeviceName,
    /// Checked options, defaults filled in.
    pub options: Options,
    /// What its telemetry packets hold, where somebody says otherwise than the make; for makes
    /// that speak in packets.
    pub dictionary: Option<Arc<Layouts>>,
    /// The network of the file that the options name, where they do not name one of this crate's.
    pub network: Option<Arc<Network>>,
}

/// What an emulator is made of.
#[derive(Debug)]
pub struct EmulatorSetup {
    /// The device's name.
    pub device: DeviceName,
    /// The campaign's seed; streams are drawn by device name.
    pub seed: Seed,
    /// Checked options, defaults filled in.
    pub options: Options,
    /// Where it is in the plant.
    pub place: Place,
    /// Of a board: the network of the file that the options name, where they do not name one of this
    /// crate's.
    pub network: Option<Arc<Network>>,
}
