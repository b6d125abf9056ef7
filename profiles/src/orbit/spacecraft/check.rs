//! Which numbers a satellite can have.

use super::Spacecraft;
use super::node::FASTEST_SECONDS;

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
    /// The field that it does not go with, if it is not wrong by itself.
    pub beside: Option<&'static str>,
}

/// What a number may be, and in words.
type Rule = (fn(f64) -> bool, &'static str);

const POSITIVE: Rule = (|x| x > 0.0 && x.is_finite(), "above 0");
const NATURAL: Rule = (|x| x >= 0.0 && x.is_finite(), "0 or more");
const SHARE: Rule = (|x| (0.0..=1.0).contains(&x), "from 0 to 1");
const CELSIUS: Rule = (|x| (-200.0..=200.0).contains(&x), "from -200 to 200 degC");
const FLUENCE: Rule = (
    |x| (0.0..=30.0).contains(&x),
    "from 0 to 30 (1e14 electrons per cm2)",
);

impl Spacecraft {
    /// Checks that every number can be one of a satellite, and goes with the others; whether the
    /// satellite lives is for the prediction to say.
    ///
    /// # Errors
    /// For the first one that cannot.
    pub fn check(&self) -> Result<(), SpacecraftError> {
        self.check_each()?;
        let (array, thermal) = (&self.solar_array, &self.thermal);
        let pairs = [
            (
                array.failed_strings <= array.strings,
                ("solar_array.failed_strings", "solar_array.strings"),
                (array.failed_strings.into(), "at most that of `strings`"),
            ),
            (
                array.cold_celsius <= array.hot_celsius,
                ("solar_array.cold_celsius", "solar_array.hot_celsius"),
                (array.cold_celsius, "at most `hot_celsius`"),
            ),
            (
                thermal.min_celsius <= thermal.max_celsius,
                ("thermal.min_celsius", "thermal.max_celsius"),
                (thermal.min_celsius, "at most `max_celsius`"),
            ),
        ];
        let settling = self.network().settling_seconds(0);
        let pairs = pairs.into_iter().chain([(
            settling >= FASTEST_SECONDS,
            ("thermal.heat_capacity_j_per_k", "thermal.radiator_m2"),
            (
                thermal.heat_capacity_j_per_k,
                "so large that the plate takes 1 s or more to follow its surroundings",
            ),
        )]);
        match pairs.into_iter().find(|(good, ..)| !good) {
            None => Ok(()),
            Some((_, (field, beside), (value, expected))) => Err(SpacecraftError {
                field,
                value,
                expected,
                beside: Some(beside),
            }),
        }
    }

    /// Checks every number by itself, as long as others may still be to come.
    ///
    /// # Errors
    /// For the first one that no satellite can have.
    pub fn check_each(&self) -> Result<(), SpacecraftError> {
        let rules = self.power_rules().into_iter().chain(self.heat_rules());
        for (field, value, (good, expected)) in rules {
            if !good(value) {
                return Err(SpacecraftError {
                    field,
                    value,
                    expected,
                    beside: None,
                });
            }
        }
        Ok(())
    }

    fn power_rules(&self) -> [(&'static str, f64, Rule); 16] {
        let (array, battery, load) = (&self.solar_array, &self.battery, &self.load);
        let in_series = f64::from(array.cells_in_series);
        let cells = f64::from(battery.cells_in_series);
        [
            ("solar_array.cells_in_series", in_series, POSITIVE),
            ("solar_array.pointing_loss", array.pointing_loss, SHARE),
            ("solar_array.harness_loss", array.harness_loss, SHARE),
            (
                "solar_array.fluence_1e14_per_cm2",
                array.fluence_1e14_per_cm2,
                FLUENCE,
            ),
            ("solar_array.hot_celsius", array.hot_celsius, CELSIUS),
            ("solar_array.cold_celsius", array.cold_celsius, CELSIUS),
            (
                "solar_array.settling_seconds",
                array.settling_seconds,
                POSITIVE,
            ),
            ("battery.cells_in_series", cells, POSITIVE),
            ("battery.capacity_ah", battery.capacity_ah, POSITIVE),
            ("battery.resistance_ohm", battery.resistance_ohm, POSITIVE),
            ("battery.initial_soc", battery.initial_soc, SHARE),
            (
                "battery.max_charge_c_rate",
                battery.max_charge_c_rate,
                NATURAL,
            ),
            (
                "battery.max_discharge_amps",
                battery.max_discharge_amps,
                NATURAL,
            ),
            (
                "battery.end_of_charge_volts",
                battery.end_of_charge_volts,
                POSITIVE,
            ),
            ("load.sunlit_watts", load.sunlit_watts, NATURAL),
            ("load.eclipse_watts", load.eclipse_watts, NATURAL),
        ]
    }

    fn heat_rules(&self) -> [(&'static str, f64, Rule); 15] {
        let thermal = &self.thermal;
        let (albedo, infrared) = self.environment.earth();
        let solar = self.environment.solar().unwrap_or_default();
        [
            (
                "thermal.heat_capacity_j_per_k",
                thermal.heat_capacity_j_per_k,
                POSITIVE,
            ),
            ("thermal.radiator_m2", thermal.radiator_m2, NATURAL),
            ("thermal.emissivity", thermal.emissivity, SHARE),
            ("thermal.absorptivity", thermal.absorptivity, SHARE),
            ("thermal.albedo", thermal.albedo, SHARE),
            (
                "thermal.earth_infrared_w_m2",
                thermal.earth_infrared_w_m2,
                NATURAL,
            ),
            ("thermal.sunlit_watts", thermal.sunlit_watts, NATURAL),
            ("thermal.eclipse_watts", thermal.eclipse_watts, NATURAL),
            ("thermal.load_share", thermal.load_share, SHARE),
            ("environment.solar_w_m2", solar, NATURAL),
            ("environment.albedo", albedo, SHARE),
            ("environment.earth_infrared_w_m2", infrared, NATURAL),
            ("thermal.initial_celsius", thermal.initial_celsius, CELSIUS),
            ("thermal.min_celsius", thermal.min_celsius, CELSIUS),
            ("thermal.max_celsius", thermal.max_celsius, CELSIUS),
        ]
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
        assert_eq!(error.beside, None);
    }

    #[test]
    fn numbers_that_do_not_go_together_are_refused() {
        let mut spacecraft = Spacecraft::default();
        spacecraft.solar_array.failed_strings = spacecraft.solar_array.strings;
        assert_eq!(spacecraft.check(), Ok(()), "a dead array is still one");
        spacecraft.solar_array.failed_strings += 1;
        assert_eq!(spacecraft.check_each(), Ok(()));
        let error = spacecraft.check().unwrap_err();
        assert_eq!(error.beside, Some("solar_array.strings"));
        let mut spacecraft = Spacecraft::default();
        spacecraft.thermal.max_celsius = spacecraft.thermal.min_celsius - 1.0;
        assert_eq!(spacecraft.check().unwrap_err().field, "thermal.min_celsius");
    }
}
