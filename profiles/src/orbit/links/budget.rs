//! How much a contact can bring down.
//!
//! The textbook budget (Wertz and Larson, Space Mission Analysis and Design, chapter 13):
//! radiated power less the losses of the path, over the noise of the receiver.

use serde::{Deserialize, Serialize};

use super::contact::{Contact, Station};
use crate::orbit::propagation::{Orbit, PropagationError};
use crate::orbit::utc::Utc;

/// Boltzmann's constant, dB(W/K/Hz) (SI 2019: 1.380649e-23 J/K).
const BOLTZMANN_DB: f64 = -228.599_2;

/// Speed of light, m/s.
const LIGHT: f64 = 299_792_458.0;

/// A transmitter and its receiver on the ground.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DownLink {
    /// Carrier, MHz.
    pub frequency_mhz: f64,
    /// Power radiated towards the station, over an isotropic source, dBW.
    pub eirp_dbw: f64,
    /// Gain over noise temperature of the station, dB/K.
    pub gain_over_noise_db: f64,
    /// Losses of atmosphere, pointing, polarisation and electronics, dB.
    pub losses_db: f64,
    /// Rate on the link, Mbit/s.
    pub rate_mbps: f64,
    /// Energy of a bit over the noise density that the receiver needs, dB.
    pub required_db: f64,
}

impl Default for DownLink {
    /// An X-band transmitter of a small satellite and a 3.7 m dish.
    fn default() -> DownLink {
        DownLink {
            frequency_mhz: 8_200.0,
            eirp_dbw: 14.0,
            gain_over_noise_db: 25.0,
            losses_db: 4.0,
            rate_mbps: 100.0,
            required_db: 4.5,
        }
    }
}

/// The budget at one distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkBudget {
    /// Loss of free space, dB.
    pub path_db: f64,
    /// Carrier over noise density, dBHz.
    pub carrier_over_noise_db: f64,
    /// Energy of a bit over the noise density, dB.
    pub bit_over_noise_db: f64,
    /// What is left over what is needed, dB.
    pub margin_db: f64,
}

impl DownLink {
    /// The budget at `range_km`.
    pub fn at(&self, range_km: f64) -> LinkBudget {
        let wavelengths = range_km * 1e3 * self.frequency_mhz * 1e6 / LIGHT;
        let path_db = 20.0 * (4.0 * std::f64::consts::PI * wavelengths).log10();
        let carrier_over_noise_db =
            self.eirp_dbw + self.gain_over_noise_db - path_db - self.losses_db - BOLTZMANN_DB;
        let bit_over_noise_db = carrier_over_noise_db - 10.0 * (self.rate_mbps * 1e6).log10();
        LinkBudget {
            path_db,
            carrier_over_noise_db,
            bit_over_noise_db,
            margin_db: bit_over_noise_db - self.required_db,
        }
    }

    /// What a contact brings down at the link's rate while its margin is not below zero, Mbit;
    /// counted in steps of a hundredth of the contact.
    ///
    /// # Errors
    /// If the satellite has no position somewhere in the contact.
    pub fn volume_mbit(
        &self,
        orbit: &Orbit,
        start: Utc,
        station: &Station,
        contact: &Contact,
    ) -> Result<f64, PropagationError> {
        let step = contact.window.seconds() / 100.0;
        let mut open = 0.0;
        for part in 0..100 {
            let into = step * (f64::from(part) + 0.5);
            let at = start.plus_seconds(contact.window.start.as_secs_f64() + into);
            let range = station.range_km(orbit.position(at)?, at);
            if self.at(range).margin_db >= 0.0 {
                open += step;
            }
        }
        Ok(open * self.rate_mbps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_the_textbook_formula() {
        // 92.45 + 20 lg (f/GHz) + 20 lg (d/km): 8.2 GHz and 1000 km are 170.73 dB.
        let budget = DownLink::default().at(1_000.0);
        assert!((budget.path_db - 170.73).abs() < 0.01, "{budget:?}");
        assert!((budget.carrier_over_noise_db - 92.87).abs() < 0.02);
        assert!((budget.bit_over_noise_db - 12.87).abs() < 0.02);
    }
}
