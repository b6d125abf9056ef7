//! A run: identify, arm, steps, make safe. The only order there is; the last always runs.

pub(crate) mod alone;
mod board;
mod dispatcher;
mod emulation;
mod ending;
mod instrument;
mod interlocks;
mod latch;
mod lock;
mod marks;
mod mesh;
mod order;
mod pulse;
mod station;
mod way;

use drivers::catalog::Role;
use profiles::channel::ChannelSpec;
use profiles::orbit::TrackPoint;
use profiles::reading::Reading;

pub use dispatcher::run;
pub use emulation::{Endpoints, Lines, Published, World, publish};
pub(crate) use instrument::open as instrument_of;
pub(crate) use latch::LONGEST_CUT;
pub use lock::{Lock, LockError};
pub use pulse::Pulse;
pub use station::Stop;

/// Name of the step in which the bench identifies and arms its instruments.
pub const ARMING: &str = "identify and arm";

/// Who is left safe after whom: first the boards and loads, that they stop taking power, then what
/// feeds them and who counts it, then the chambers
/// and the links.
const SAFE_ORDER: [&[Role]; 3] = [
    &[Role::Accelerator, Role::ElectronicLoad],
    &[
        Role::PowerSupply,
        Role::SolarArraySimulator,
        Role::PowerAnalyser,
    ],
    &[Role::ThermalChamber, Role::Attenuator],
];

/// The channels of the orbit itself, and of the satellite's lumps beside the baseplate.
pub(crate) fn context_channels(lumps: &[String]) -> Vec<ChannelSpec> {
    let own = [
        ("light", ""),
        ("flux", "W/m²"),
        ("array_watts", "W"),
        ("load_watts", "W"),
        ("battery_soc", ""),
        ("bus_volts", "V"),
        ("limit_amps", "A"),
        ("baseplate_celsius", "°C"),
        ("beta", "°"),
    ]
    .map(|(name, unit)| ChannelSpec::number(name, unit));
    let lumps = lumps.iter();
    let lumps = lumps.map(|name| ChannelSpec::number(&format!("{name}_celsius"), "°C"));
    own.into_iter().chain(lumps).collect()
}

/// The readings of the orbit's channels, with the temperatures of the lumps.
fn context(point: &TrackPoint, lumps: &[f64]) -> Vec<Reading> {
    let values = [
        point.light,
        point.flux_w_m2,
        point.array_watts,
        point.load_watts,
        point.battery_soc,
        point.bus_volts,
        point.limit_amps,
        point.baseplate_celsius,
        point.beta_deg,
    ];
    (0..)
        .zip(values.iter().chain(lumps))
        .map(|(channel, value)| Reading::number(channel, *value))
        .collect()
}
