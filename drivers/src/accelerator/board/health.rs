//! What a board's sensors and counters say, and by which names both makes tell it.

/// Sensors and counters at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Health {
    /// Voltage at its input, V.
    pub(crate) bus_volts: f64,
    /// Current into it, A.
    pub(crate) bus_amps: f64,
    /// Temperature of the board, °C.
    pub(crate) board_temperature: f64,
    /// Temperature of the junction, °C.
    pub(crate) junction_temperature: f64,
    /// Clock of the accelerator, MHz.
    pub(crate) clock_mhz: f64,
    /// Power mode: 0 full, 1 reduced.
    pub(crate) mode: f64,
    /// 0 off, 1 booting, 2 idle, 3 busy, 4 fault.
    pub(crate) state: f64,
    /// 1 while the clock is lowered against heat.
    pub(crate) throttled: f64,
    /// Inferences since boot.
    pub(crate) inferences: f64,
    /// Single-bit memory errors corrected since boot.
    pub(crate) ecc_corrected: f64,
    /// Requests refused or not understood since boot.
    pub(crate) rejected: f64,
    /// Seconds since boot.
    pub(crate) uptime_s: f64,
}

/// Reads one quantity.
pub(crate) type Source = fn(&Health) -> f64;

/// What reads the quantity of this name.
///
/// # Panics
/// If a board has no such quantity: a make's own file names one that nobody measures.
pub(crate) fn source(name: &str) -> Source {
    match name {
        "bus_volts" => |health| health.bus_volts,
        "bus_amps" => |health| health.bus_amps,
        "board_temperature" => |health| health.board_temperature,
        "junction_temperature" => |health| health.junction_temperature,
        "clock_mhz" => |health| health.clock_mhz,
        "mode" => |health| health.mode,
        "state" => |health| health.state,
        "throttled" => |health| health.throttled,
        "inferences" => |health| health.inferences,
        "ecc_corrected" => |health| health.ecc_corrected,
        "rejected" => |health| health.rejected,
        "uptime_s" => |health| health.uptime_s,
        _ => panic!("a board has no quantity `{name}`"),
    }
}
