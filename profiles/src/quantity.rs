//! Quantities with their units; raw `f64` only inside a formula.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! quantity {
    ($(#[$doc:meta] $name:ident, $unit:literal;)*) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl $name {
            /// The symbol of the unit.
            pub const UNIT: &'static str = $unit;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match f.precision() {
                    Some(digits) => write!(f, "{:.digits$} {}", self.0, $unit),
                    None => write!(f, "{} {}", self.0, $unit),
                }
            }
        }
    )*};
}

quantity! {
    /// Electric potential, V.
    Volts, "V";
    /// Electric current, A.
    Amperes, "A";
    /// Power, W.
    Watts, "W";
    /// Energy, J.
    Joules, "J";
    /// Resistance, Ω.
    Ohms, "Ω";
    /// Ratio of powers, dB.
    Decibels, "dB";
    /// Temperature, °C.
    Celsius, "°C";
    /// Rate of change of temperature, K/min.
    CelsiusPerMinute, "K/min";
}
