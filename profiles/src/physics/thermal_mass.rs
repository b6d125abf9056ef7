//! A lump of matter that warms and cools by power, radiation and conduction.

/// Stefan-Boltzmann constant, W/(m² K⁴) (CODATA 2018).
pub const STEFAN_BOLTZMANN: f64 = 5.670_374_419e-8;

/// 0 °C, K.
const ZERO_CELSIUS: f64 = 273.15;

/// One node: its heat capacity and how it exchanges heat with two surroundings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThermalMass {
    /// Heat capacity, J/K.
    pub heat_capacity: f64,
    /// Radiating area times its emissivity, m².
    pub emissive_area: f64,
    /// Temperature of what the area radiates to, K (deep space: 2.7).
    pub sink_kelvin: f64,
    /// Conductance to a neighbour, W/K.
    pub conductance: f64,
    /// Temperature of that neighbour, °C.
    pub neighbour_celsius: f64,
}

impl ThermalMass {
    /// Power that flows in at `celsius` when `watts` are put in, W; negative flows out.
    pub fn net_watts(&self, celsius: f64, watts: f64) -> f64 {
        let kelvin = celsius + ZERO_CELSIUS;
        let radiated =
            self.emissive_area * STEFAN_BOLTZMANN * (kelvin.powi(4) - self.sink_kelvin.powi(4));
        let conducted = self.conductance * (celsius - self.neighbour_celsius);
        watts - radiated - conducted
    }

    /// The temperature after `seconds` from `celsius` under constant `watts`, °C.
    ///
    /// Radiation is taken as linear about the start and the step is exact for that: stable at
    /// any length, and within microkelvins of the truth at the bench's one second.
    pub fn after(&self, celsius: f64, watts: f64, seconds: f64) -> f64 {
        let kelvin = celsius + ZERO_CELSIUS;
        let conductance =
            4.0 * self.emissive_area * STEFAN_BOLTZMANN * kelvin.powi(3) + self.conductance;
        let decay = conductance * seconds / self.heat_capacity;
        // (1 - e^-x)/x, which is 1 for the step of a lump that exchanges nothing.
        let share = if decay > 0.0 {
            -(-decay).exp_m1() / decay
        } else {
            1.0
        };
        celsius + self.net_watts(celsius, watts) * seconds / self.heat_capacity * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLATE: ThermalMass = ThermalMass {
        heat_capacity: 8_000.0,
        emissive_area: 0.3,
        sink_kelvin: 2.7,
        conductance: 0.0,
        neighbour_celsius: 0.0,
    };

    #[test]
    fn a_sphere_in_sunlight_is_just_above_freezing() {
        // alpha = eps: T = (1361 / 4 / sigma)^(1/4) = 278.3 K, for any size.
        let sphere = ThermalMass {
            emissive_area: 4.0,
            ..PLATE
        };
        let celsius = (0..500).fold(80.0, |celsius, _| sphere.after(celsius, 1_361.0, 600.0));
        assert!((celsius - 5.17).abs() < 0.05, "{celsius}");
    }

    #[test]
    fn one_second_steps_agree_with_finer_ones() {
        let coarse = (0..2_000).fold(40.0, |celsius, _| PLATE.after(celsius, 30.0, 1.0));
        let fine = (0..200_000).fold(40.0, |celsius, _| PLATE.after(celsius, 30.0, 0.01));
        assert!((coarse - fine).abs() < 1e-3, "{coarse} {fine}");
    }

    #[test]
    fn a_lonely_lump_integrates_its_power() {
        let lonely = ThermalMass {
            emissive_area: 0.0,
            ..PLATE
        };
        assert!((lonely.after(20.0, 80.0, 100.0) - 21.0).abs() < 1e-12);
    }

    #[test]
    fn a_long_step_ends_at_equilibrium_and_not_beyond() {
        let linked = ThermalMass {
            emissive_area: 0.0,
            conductance: 2.0,
            neighbour_celsius: 15.0,
            ..PLATE
        };
        assert!((linked.after(-40.0, 20.0, 1e9) - 25.0).abs() < 1e-9);
    }
}
