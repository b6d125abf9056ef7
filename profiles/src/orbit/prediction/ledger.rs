//! Where the energy and the heat of a prediction came from and went: running totals, whose
//! differences close over any window.

use std::ops::Sub;

/// Flows below this are none, J: a residual of nothing over nothing is no finding.
const LEAST_JOULES: f64 = 1e-3;

/// Where the energy of a prediction came from and went, J. What came in (`array`, `unserved`
/// and what the battery lost) is what went out (`load`, `shunt`, `loss`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EnergyBalance {
    /// Out of the array at the voltage of the bus.
    pub array: f64,
    /// Wanted by the load.
    pub load: f64,
    /// Into the shunt, because neither load nor battery could take it.
    pub shunt: f64,
    /// Wanted by the load but not there.
    pub unserved: f64,
    /// Heat in the battery's resistance.
    pub loss: f64,
    /// Into the battery's chemistry, less what came out.
    pub stored: f64,
}

impl EnergyBalance {
    /// What does not add up, over what flowed.
    pub fn residual(&self) -> f64 {
        let came = self.array + self.unserved;
        let went = self.load + self.shunt + self.loss + self.stored;
        let flowed = came.abs() + self.load.abs() + self.stored.abs();
        (came - went).abs() / flowed.max(LEAST_JOULES)
    }
}

/// Where the heat of all lumps came from and went, J. What came in (all but the last three) is
/// what went out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeatTotals {
    /// Sunlight that was taken up.
    pub solar: f64,
    /// Sunlight by way of the Earth that was taken up.
    pub albedo: f64,
    /// Infrared of the Earth that was taken up.
    pub infrared: f64,
    /// Made inside.
    pub dissipated: f64,
    /// Put in by heaters.
    pub heater: f64,
    /// Taken away by louvres.
    pub louvre: f64,
    /// Radiated to space.
    pub radiated: f64,
    /// Kept by the lumps.
    pub kept: f64,
}

impl HeatTotals {
    /// What does not add up, over what flowed.
    pub fn residual(&self) -> f64 {
        let came = self.solar + self.albedo + self.infrared + self.dissipated + self.heater;
        let went = self.louvre + self.radiated + self.kept;
        let flowed = came.abs() + self.radiated.abs() + self.louvre.abs() + self.kept.abs();
        (came - went).abs() / flowed.max(LEAST_JOULES)
    }
}

/// Totals from the start of a prediction to one of its points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Of the bus.
    pub energy: EnergyBalance,
    /// Of the lumps.
    pub heat: HeatTotals,
}

impl Sub for EnergyBalance {
    type Output = EnergyBalance;

    fn sub(self, earlier: EnergyBalance) -> EnergyBalance {
        EnergyBalance {
            array: self.array - earlier.array,
            load: self.load - earlier.load,
            shunt: self.shunt - earlier.shunt,
            unserved: self.unserved - earlier.unserved,
            loss: self.loss - earlier.loss,
            stored: self.stored - earlier.stored,
        }
    }
}

impl Sub for HeatTotals {
    type Output = HeatTotals;

    fn sub(self, earlier: HeatTotals) -> HeatTotals {
        HeatTotals {
            solar: self.solar - earlier.solar,
            albedo: self.albedo - earlier.albedo,
            infrared: self.infrared - earlier.infrared,
            dissipated: self.dissipated - earlier.dissipated,
            heater: self.heater - earlier.heater,
            louvre: self.louvre - earlier.louvre,
            radiated: self.radiated - earlier.radiated,
            kept: self.kept - earlier.kept,
        }
    }
}

impl Sub for Ledger {
    type Output = Ledger;

    /// What flowed between two points.
    fn sub(self, earlier: Ledger) -> Ledger {
        Ledger {
            energy: self.energy - earlier.energy,
            heat: self.heat - earlier.heat,
        }
    }
}
