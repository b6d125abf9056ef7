//! The satellite around the payload: what makes, stores and takes its power, and what its
//! baseplate does. The defaults are a small satellite with a 28 V bus in low orbit.

mod check;
mod load;
mod node;

use serde::{Deserialize, Serialize};

use crate::physics::battery::Pack;
use crate::physics::solar_cell::{AZUR_3G30C_ADVANCED, CellModel, IvCurve};
pub use check::SpacecraftError;
pub use load::{Load, LoadTask};
pub(super) use node::MEAN_EARTH;
pub use node::{
    BASEPLATE, Environment, HeatError, HeatPlace, MOST_NODES, ThermalCase, ThermalJoint,
    ThermalNode,
};

/// A satellite, as far as the payload notices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spacecraft {
    /// What makes the power.
    pub solar_array: SolarArray,
    /// What stores it.
    pub battery: Battery,
    /// What takes it.
    pub load: Load,
    /// What the heat of it does to the baseplate.
    pub thermal: Thermal,
    /// What warms it from outside.
    pub environment: Environment,
    /// Lumps beside the baseplate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<ThermalNode>,
    /// What joins the lumps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub joints: Vec<ThermalJoint>,
}

/// A kind of solar cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// AZUR SPACE 3G30C-Advanced: triple junction, 30 %, 30.18 cm².
    #[default]
    #[serde(rename = "azur_3g30c_advanced")]
    Azur3g30cAdvanced,
}

impl Cell {
    /// The cell's curve and coefficients.
    pub const fn model(self) -> &'static CellModel {
        match self {
            Cell::Azur3g30cAdvanced => &AZUR_3G30C_ADVANCED,
        }
    }
}

/// A solar array tied directly to the bus, with a shunt that takes what nobody needs.
///
/// It follows the Sun but for the pointing loss. Its temperature runs after the one it would
/// come to rest at, hot in the Sun and cold in the shadow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SolarArray {
    /// Cells in each string.
    pub cells_in_series: u32,
    /// Strings side by side.
    pub strings: u32,
    /// Strings that are broken and give nothing.
    pub failed_strings: u32,
    /// Which cell.
    pub cell: Cell,
    /// What the cells have borne, 1e14 electrons of 1 `MeV` per cm², cover glass counted.
    pub fluence_1e14_per_cm2: f64,
    /// Share of the light lost to imperfect pointing, 0 to 1.
    pub pointing_loss: f64,
    /// Share of the current lost in diodes, harness and broken cells, 0 to 1.
    pub harness_loss: f64,
    /// Temperature at rest in full sunlight, °C.
    pub hot_celsius: f64,
    /// Temperature at rest in the shadow, °C.
    pub cold_celsius: f64,
    /// Time in which 63 % of a change of temperature is done, s.
    pub settling_seconds: f64,
}

impl Default for SolarArray {
    /// 160 cells: about 150 W at 31 V; 16 in series keep the hot array's knee above the bus.
    fn default() -> SolarArray {
        SolarArray {
            cells_in_series: 16,
            strings: 10,
            failed_strings: 0,
            cell: Cell::default(),
            fluence_1e14_per_cm2: 0.0,
            pointing_loss: 0.03,
            harness_loss: 0.03,
            hot_celsius: 65.0,
            cold_celsius: -75.0,
            settling_seconds: 480.0,
        }
    }
}

impl SolarArray {
    /// Current against voltage at the bus under `flux` (W/m²) with the cells at `celsius`.
    pub fn curve(&self, flux: f64, celsius: f64) -> IvCurve {
        let useful = (1.0 - self.pointing_loss) * (1.0 - self.harness_loss);
        let cell = self.cell.model();
        // Fresh cells are most, and a power and a logarithm a second would be dear.
        let curve = if self.fluence_1e14_per_cm2 > 0.0 {
            let aged = cell.aged(self.fluence_1e14_per_cm2);
            aged.curve(flux * useful, celsius)
        } else {
            cell.curve(flux * useful, celsius)
        };
        let strings = self.strings.saturating_sub(self.failed_strings);
        curve.array(self.cells_in_series, strings)
    }

    /// Temperature at which the array would come to rest with this share of sunlight, °C.
    pub fn rest_celsius(&self, light: f64) -> f64 {
        self.cold_celsius + (self.hot_celsius - self.cold_celsius) * light
    }
}

/// A lithium-ion battery that sets the voltage of the bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Battery {
    /// Cells in series.
    pub cells_in_series: u32,
    /// Charge of the whole battery, Ah: a cell's capacity times the cells in parallel.
    pub capacity_ah: f64,
    /// Resistance of the whole battery with harness and connectors, ohm.
    pub resistance_ohm: f64,
    /// State of charge at the start, 0 to 1.
    pub initial_soc: f64,
    /// Most charge current over the capacity, 1/h.
    pub max_charge_c_rate: f64,
    /// Most current out, A.
    pub max_discharge_amps: f64,
    /// Voltage per cell at which charging tapers off, V.
    pub end_of_charge_volts: f64,
}

impl Default for Battery {
    /// Eight 18650 cells in series, three of 2.8 Ah side by side: a bus of 27 to 33 V.
    fn default() -> Battery {
        Battery {
            cells_in_series: 8,
            capacity_ah: 8.4,
            resistance_ohm: 0.24,
            initial_soc: 0.60,
            max_charge_c_rate: 0.5,
            max_discharge_amps: 12.0,
            end_of_charge_volts: 4.1,
        }
    }
}

impl Battery {
    /// The battery's physics.
    pub fn pack(&self) -> Pack {
        Pack {
            cells_in_series: self.cells_in_series,
            capacity_ah: self.capacity_ah,
            resistance_ohm: self.resistance_ohm,
            max_charge_amps: self.max_charge_c_rate * self.capacity_ah,
            max_discharge_amps: self.max_discharge_amps,
            end_of_charge_volts: self.end_of_charge_volts,
        }
    }
}

/// The baseplate that carries the payload, as one lump with its radiator; the temperature that
/// a thermal chamber is to imitate, unless it is told another lump.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thermal {
    /// Heat capacity of the plate and what is bolted to it, J/K.
    pub heat_capacity_j_per_k: f64,
    /// Area of the radiator, m².
    pub radiator_m2: f64,
    /// Emissivity of the radiator in the infrared, 0 to 1.
    pub emissivity: f64,
    /// Absorptivity of the radiator for sunlight, 0 to 1. The radiator counts as facing the
    /// Sun; multiply by the mean cosine where it does not.
    pub absorptivity: f64,
    /// Albedo of the Earth below, 0 to 1; 0.3 in the mean. The radiator counts as facing the
    /// Earth; 0 leaves reflected sunlight out.
    pub albedo: f64,
    /// Infrared of the Earth on the radiator, W/m²: about 237 times the view factor.
    pub earth_infrared_w_m2: f64,
    /// Heat that the plate takes up in sunlight and penumbra, W.
    pub sunlit_watts: f64,
    /// Heat that the plate takes up in the umbra, W.
    pub eclipse_watts: f64,
    /// Share of what the satellite draws that becomes heat in the plate besides, 0 to 1.
    pub load_share: f64,
    /// Temperature at the start, °C.
    pub initial_celsius: f64,
    /// The heater keeps the plate from getting colder, °C.
    pub min_celsius: f64,
    /// A louvre or the safe mode keeps the plate from getting hotter, °C.
    pub max_celsius: f64,
}

impl Default for Thermal {
    /// About 8 kg of aluminium with a silvered radiator: 10 to 25 °C in a low orbit.
    fn default() -> Thermal {
        Thermal {
            heat_capacity_j_per_k: 7_000.0,
            radiator_m2: 0.35,
            emissivity: 0.85,
            absorptivity: 0.08,
            albedo: 0.0,
            earth_infrared_w_m2: 70.0,
            sunlit_watts: 85.0,
            eclipse_watts: 60.0,
            load_share: 0.0,
            initial_celsius: 17.0,
            min_celsius: 0.0,
            max_celsius: 50.0,
        }
    }
}
