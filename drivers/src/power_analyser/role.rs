//! What each power analyser must do: no more than every device, for it is told nothing.

/// The channels with which [`crate::device::Device::channels`] of every power analyser begin, with
/// their units. `joules` counts from arming on, in the analyser's own integrator.
pub const CHANNELS: [(&str, &str); 4] = [
    ("volts", "V"),
    ("amps", "A"),
    ("watts", "W"),
    ("joules", "J"),
];
