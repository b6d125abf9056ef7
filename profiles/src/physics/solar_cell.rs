//! Solar cells: current against voltage by the single-diode model, for one cell or an array.
//!
//! The three junctions of a space cell are lumped into one diode with the sum of their
//! idealities, and the shunt is left out; four parameters then meet a datasheet's four points.

/// Boltzmann constant over the elementary charge, V/K (exact in the SI of 2019).
const VOLTS_PER_KELVIN: f64 = 1.380_649e-23 / 1.602_176_634e-19;

/// 0 °C, K.
const ZERO_CELSIUS: f64 = 273.15;

/// Irradiance at which space cells are rated, W/m² (air mass zero, WRC). Datasheet currents
/// scale with flux over this, and not over today's lower solar constant.
pub const RATED_FLUX: f64 = 1_367.0;

/// Temperature at which space cells are rated, °C.
pub const RATED_CELSIUS: f64 = 28.0;

/// What a datasheet and a fit say about one cell, at the rated flux and temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellModel {
    /// Short-circuit current, A.
    pub short_circuit_amps: f64,
    /// Open-circuit voltage, V.
    pub open_circuit_volts: f64,
    /// Ideality factor, the sum over the junctions.
    pub ideality: f64,
    /// Series resistance, ohm.
    pub series_ohm: f64,
    /// Change of the short-circuit current, A/K.
    pub amps_per_kelvin: f64,
    /// Change of the open-circuit voltage, V/K.
    pub volts_per_kelvin: f64,
}

/// AZUR SPACE 3G30C-Advanced, 30.18 cm², begin of life: Isc, Voc and coefficients from
/// datasheet HNR 0003429-01-01; ideality and series resistance fitted so that the curve also
/// passes through Imp = 0.5044 A and Vmp = 2.411 V.
pub const AZUR_3G30C_ADVANCED: CellModel = CellModel {
    short_circuit_amps: 0.5202,
    open_circuit_volts: 2.700,
    ideality: 2.8762,
    series_ohm: 0.055_89,
    amps_per_kelvin: 0.36e-3,
    volts_per_kelvin: -6.2e-3,
};

/// Current against voltage of a cell or an array at one flux and temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IvCurve {
    /// Current that the light drives, A.
    light_amps: f64,
    /// Saturation current of the diode, A.
    dark_amps: f64,
    /// Ideality times thermal voltage times cells in series, V.
    slope_volts: f64,
    /// Series resistance, ohm.
    series_ohm: f64,
}

impl CellModel {
    /// The cell after a fluence of 1 `MeV` electrons, in 1e14 per cm².
    ///
    /// Voltage falls with the logarithm of the fluence and current with a power of it, through
    /// the datasheet's points of the 3G30C-Advanced: at 5 and 10 (times 1e14) 0.9496 and 0.9341
    /// of the open-circuit voltage, 0.9881 and 0.9650 of the short-circuit current.
    #[must_use]
    pub fn aged(&self, fluence_1e14: f64) -> CellModel {
        let fluence = fluence_1e14.max(0.0);
        let volts = 1.0 - 0.057_37 * (1.0 + fluence / 0.763).log10();
        let amps = 1.0 - 0.011_92 * (fluence / 5.0).powf(1.553_6);
        CellModel {
            short_circuit_amps: self.short_circuit_amps * amps.max(0.0),
            open_circuit_volts: self.open_circuit_volts * volts,
            ..*self
        }
    }

    /// The curve of one cell under `flux` (W/m²) at `celsius`.
    pub fn curve(&self, flux: f64, celsius: f64) -> IvCurve {
        // The coefficients are straight lines; 50 K keeps a wild input from dividing by zero.
        let kelvin = (celsius + ZERO_CELSIUS).max(50.0);
        let above_rated = kelvin - ZERO_CELSIUS - RATED_CELSIUS;
        let slope_volts = self.ideality * VOLTS_PER_KELVIN * kelvin;
        let rated_amps = (self.short_circuit_amps + self.amps_per_kelvin * above_rated).max(0.0);
        let rated_volts =
            (self.open_circuit_volts + self.volts_per_kelvin * above_rated).max(slope_volts);
        IvCurve {
            light_amps: rated_amps * (flux / RATED_FLUX).max(0.0),
            // The dark current belongs to the temperature alone: fixed by the rated flux.
            dark_amps: rated_amps / (rated_volts / slope_volts).exp_m1(),
            slope_volts,
            series_ohm: self.series_ohm,
        }
    }
}

impl IvCurve {
    /// The curve of an array of cells with this curve.
    #[must_use]
    pub fn array(&self, cells_in_series: u32, strings: u32) -> IvCurve {
        let (series, parallel) = (f64::from(cells_in_series), f64::from(strings));
        IvCurve {
            light_amps: self.light_amps * parallel,
            dark_amps: self.dark_amps * parallel,
            slope_volts: self.slope_volts * series,
            series_ohm: if strings == 0 {
                0.0
            } else {
                self.series_ohm * series / parallel
            },
        }
    }

    /// Short-circuit current, A.
    pub fn short_circuit_amps(&self) -> f64 {
        self.current_at(0.0)
    }

    /// Open-circuit voltage, V.
    pub fn open_circuit_volts(&self) -> f64 {
        if self.dark_amps > 0.0 {
            self.slope_volts * (self.light_amps / self.dark_amps).ln_1p()
        } else {
            0.0
        }
    }

    /// Current at a voltage of the terminals, A: 0 from the open-circuit voltage on, because
    /// a blocking diode keeps the bus from feeding the array; below 0 V as at 0 V.
    pub fn current_at(&self, volts: f64) -> f64 {
        self.point_at(volts).0
    }

    /// Current at a voltage, A, and its change with the voltage there, A/V (never above 0).
    pub fn point_at(&self, volts: f64) -> (f64, f64) {
        if volts >= self.open_circuit_volts() || self.light_amps <= 0.0 {
            return (0.0, 0.0);
        }
        let volts = volts.max(0.0);
        // Solved for the diode's voltage: the terminals' is a convex function of it, and this
        // start lies above the root, so that Newton's method walks down and cannot overshoot.
        let mut diode = (volts + self.series_ohm * self.light_amps).min(self.open_circuit_volts());
        for _ in 0..50 {
            let (amps, slope) = self.at_diode(diode);
            let step = (diode - amps * self.series_ohm - volts) / (1.0 - slope * self.series_ohm);
            diode -= step;
            if step.abs() <= 1e-12 * self.slope_volts {
                break;
            }
        }
        let (amps, slope) = self.at_diode(diode);
        (amps.max(0.0), slope / (1.0 - slope * self.series_ohm))
    }

    /// Voltage and current of most power, V and A.
    pub fn max_power(&self) -> (f64, f64) {
        let open = self.open_circuit_volts();
        if open <= 0.0 {
            return (0.0, 0.0);
        }
        // Power is V I with V = D - I R over the diode's voltage D, concave near its top; the
        // ideal diode's answer is the start.
        let mut diode = open - self.slope_volts * (open / self.slope_volts).ln_1p();
        for _ in 0..20 {
            let (amps, slope) = self.at_diode(diode);
            let bend = slope / self.slope_volts;
            let volts = diode - amps * self.series_ohm;
            let rise = 1.0 - slope * self.series_ohm;
            let gradient = rise * amps + volts * slope;
            let curvature = volts * bend + 2.0 * rise * slope - self.series_ohm * bend * amps;
            let next = (diode - gradient / curvature).clamp(0.0, open);
            let done = (next - diode).abs() <= 1e-12 * open;
            diode = next;
            if done {
                break;
            }
        }
        let (amps, _) = self.at_diode(diode);
        (diode - amps * self.series_ohm, amps)
    }

    /// Current, A, and its change with the diode's voltage, A/V.
    fn at_diode(&self, diode: f64) -> (f64, f64) {
        let grown = (diode / self.slope_volts).exp();
        (
            self.light_amps - self.dark_amps * (grown - 1.0),
            -self.dark_amps * grown / self.slope_volts,
        )
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is compared is exact in binary")]
mod tests {
    use super::*;

    fn rated() -> IvCurve {
        AZUR_3G30C_ADVANCED.curve(RATED_FLUX, RATED_CELSIUS)
    }

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!(
            (value - expected).abs() <= tolerance,
            "{value} is not {expected} within {tolerance}"
        );
    }

    #[test]
    fn the_fitted_cell_meets_its_datasheet() {
        let curve = rated();
        near(curve.short_circuit_amps(), 0.5202, 1e-6);
        near(curve.open_circuit_volts(), 2.700, 1e-9);
        let (volts, amps) = curve.max_power();
        near(volts, 2.411, 1e-3);
        near(amps, 0.5044, 2e-4);
        for (volts, amps) in [(2.0, 0.520_14), (2.5, 0.469_48), (2.6, 0.343_93)] {
            near(curve.current_at(volts), amps, 2e-5);
        }
    }

    #[test]
    fn current_scales_with_the_rated_flux_and_not_the_solar_constant() {
        let curve = AZUR_3G30C_ADVANCED.curve(1_361.0, RATED_CELSIUS);
        near(curve.short_circuit_amps(), 0.5202 * 1_361.0 / 1_367.0, 1e-6);
    }

    #[test]
    fn heat_costs_voltage_as_the_datasheet_says() {
        let hot = AZUR_3G30C_ADVANCED.curve(RATED_FLUX, RATED_CELSIUS + 10.0);
        near(hot.open_circuit_volts(), 2.700 - 0.062, 1e-9);
        near(hot.short_circuit_amps(), 0.5202 + 0.0036, 1e-6);
        // The sheet's -6.7 mV/K and -0.23 %/K are no input, the model gives them by itself.
        let (volts, amps) = hot.max_power();
        near((volts - 2.411) / 10.0, -6.7e-3, 0.6e-3);
        let per_kelvin = (volts * amps / 1.2161 - 1.0) / 10.0;
        near(per_kelvin, -0.23e-2, 0.04e-2);
    }

    #[test]
    fn an_array_is_cells_times_strings() {
        let array = rated().array(16, 10);
        near(array.open_circuit_volts(), 43.2, 1e-9);
        near(array.current_at(32.0), 5.2014, 2e-4);
        near(
            array.max_power().0 * array.max_power().1,
            160.0 * 1.2161,
            0.05,
        );
    }

    #[test]
    fn nothing_comes_from_the_dark_nor_above_open_circuit() {
        assert_eq!(
            AZUR_3G30C_ADVANCED
                .curve(0.0, -80.0)
                .array(16, 10)
                .max_power(),
            (0.0, 0.0)
        );
        assert_eq!(rated().current_at(2.8), 0.0);
        assert_eq!(rated().array(16, 0).current_at(10.0), 0.0);
    }

    #[test]
    fn electrons_age_a_cell_as_the_datasheet_says() {
        for (fluence, volts, amps) in [
            (0.0, 2.700, 0.5202),
            (5.0, 2.564, 0.514),
            (10.0, 2.522, 0.502),
        ] {
            let aged = AZUR_3G30C_ADVANCED.aged(fluence);
            assert!((aged.open_circuit_volts - volts).abs() < 1e-3, "{aged:?}");
            assert!((aged.short_circuit_amps - amps).abs() < 1e-3, "{aged:?}");
        }
    }
}
