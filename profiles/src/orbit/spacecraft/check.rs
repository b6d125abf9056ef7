//! Which numbers a satellite can have.

use super::Spacecraft;

/// A value with which no satellite can be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} is {value}: it must be {expected}")]
pub struct SpacecraftError {
    /// Which field, as files spell it with its table.
    pub field: &'static str,
    /// What it is.
    pub value: f64,
    /// What it may be.
    pub expected: &'static str,
}

impl Spacecraft {
    /// Checks that every number can be one of a satellite; whether the satellite lives is for
    /// the prediction to say.
    ///
    /// # Errors
    /// For the first one that cannot.
    pub fn check(&self) -> Result<(), SpacecraftError> {
        let positive: (fn(f64) -> bool, _) = (|x| x > 0.0 && x.is_finite(), "above 0");
        let natural: (fn(f64) -> bool, _) = (|x| x >= 0.0 && x.is_finite(), "0 or more");
        let share: (fn(f64) -> bool, _) = (|x| (0.0..=1.0).contains(&x), "from 0 to 1");
        let fluence: (fn(f64) -> bool, _) = (
            |x| (0.0..=30.0).contains(&x),
            "from 0 to 30 (1e14 electrons per cm2)",
        );
        let celsius: (fn(f64) -> bool, _) =
            (|x| (-200.0..=200.0).contains(&x), "from -200 to 200 degC");
        let (array, battery) = (&self.solar_array, &self.battery);
        let (load, thermal) = (&self.load, &self.thermal);
        let in_series = f64::from(array.cells_in_series);
        let cells = f64::from(battery.cells_in_series);
        for (field, value, (good, expected)) in [
            ("solar_array.cells_in_series", in_series, positive),
            ("solar_array.pointing_loss", array.pointing_loss, share),
            ("solar_array.harness_loss", array.harness_loss, share),
            (
                "solar_array.fluence_1e14_per_cm2",
                array.fluence_1e14_per_cm2,
                fluence,
            ),
            ("solar_array.hot_celsius", array.hot_celsius, celsius),
            ("solar_array.cold_celsius", array.cold_celsius, celsius),
            (
                "solar_array.settling_seconds",
                array.settling_seconds,
                positive,
            ),
            ("battery.cells_in_series", cells, positive),
            ("battery.capacity_ah", battery.capacity_ah, positive),
            ("battery.resistance_ohm", battery.resistance_ohm, positive),
            ("battery.initial_soc", battery.initial_soc, share),
            (
                "battery.max_charge_c_rate",
                battery.max_charge_c_rate,
                natural,
            ),
            (
                "battery.max_discharge_amps",
                battery.max_discharge_amps,
                natural,
            ),
            (
                "battery.end_of_charge_volts",
                battery.end_of_charge_volts,
                positive,
            ),
            ("load.sunlit_watts", load.sunlit_watts, natural),
            ("load.eclipse_watts", load.eclipse_watts, natural),
            (
                "thermal.heat_capacity_j_per_k",
                thermal.heat_capacity_j_per_k,
                positive,
            ),
            ("thermal.radiator_m2", thermal.radiator_m2, natural),
            ("thermal.emissivity", thermal.emissivity, share),
            ("thermal.absorptivity", thermal.absorptivity, share),
            ("thermal.albedo", thermal.albedo, share),
            (
                "thermal.earth_infrared_w_m2",
                thermal.earth_infrared_w_m2,
                natural,
            ),
            ("thermal.sunlit_watts", thermal.sunlit_watts, natural),
            ("thermal.eclipse_watts", thermal.eclipse_watts, natural),
            ("thermal.initial_celsius", thermal.initial_celsius, celsius),
            ("thermal.min_celsius", thermal.min_celsius, celsius),
            ("thermal.max_celsius", thermal.max_celsius, celsius),
        ] {
            if !good(value) {
                return Err(SpacecraftError {
                    field,
                    value,
                    expected,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_satellite_can_be() {
        assert_eq!(Spacecraft::default().check(), Ok(()));
    }

    #[test]
    fn a_satellite_that_cannot_be_is_refused_by_field() {
        let mut spacecraft = Spacecraft::default();
        spacecraft.thermal.emissivity = 8.5;
        let error = spacecraft.check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "thermal.emissivity is 8.5: it must be from 0 to 1"
        );
        spacecraft.battery.capacity_ah = f64::NAN;
        let error = spacecraft.check().unwrap_err();
        assert_eq!(error.field, "battery.capacity_ah");
    }
}
