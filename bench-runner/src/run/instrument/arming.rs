//! Arming an instrument: it is told its limits before anything is switched on, and reads them back.

use drivers::attenuator::LossRange;
use drivers::electronic_load::LoadLimits;
use drivers::error::DeviceError;
use drivers::instrument::Instrument;
use drivers::power_supply::SupplyLimits;
use drivers::solar_array_simulator::ArrayLimits;
use drivers::thermal_chamber::CelsiusRange;
use profiles::quantity::{Amperes, Celsius, Decibels, Volts, Watts};

use super::InstrumentStation;

impl InstrumentStation {
    /// Tells the instrument its limits.
    pub(super) async fn arm(&mut self) -> Result<(), DeviceError> {
        // Whether it was switched on before does not matter any more.
        self.instrument.has_restarted().await?;
        self.rates.is_off();
        if let Some(latch) = &mut self.latch {
            latch.is_off();
        }
        let limit = |key: &str| self.limits.get(key).copied();
        match &mut self.instrument {
            Instrument::PowerSupply(supply) => {
                if let (Some(volts), Some(amps)) = (limit("volts"), limit("amps")) {
                    let ceiling = SupplyLimits {
                        volts: Volts(volts),
                        amps: Amperes(amps),
                    };
                    supply.protect(ceiling).await?;
                }
            }
            Instrument::SolarArraySimulator(array) => {
                if let (Some(volts), Some(amps), Some(watts)) =
                    (limit("volts"), limit("amps"), limit("watts"))
                {
                    let ceiling = ArrayLimits {
                        volts: Volts(volts),
                        amps: Amperes(amps),
                        watts: Watts(watts),
                    };
                    array.protect(ceiling).await?;
                }
            }
            Instrument::ElectronicLoad(load) => {
                if let (Some(volts), Some(amps), Some(watts)) =
                    (limit("volts"), limit("amps"), limit("watts"))
                {
                    let ceiling = LoadLimits {
                        volts: Volts(volts),
                        amps: Amperes(amps),
                        watts: Watts(watts),
                    };
                    load.protect(ceiling).await?;
                }
            }
            Instrument::PowerAnalyser(_) => {}
            Instrument::ThermalChamber(chamber) => {
                if let (Some(min), Some(max)) = (limit("min_celsius"), limit("max_celsius")) {
                    let range = CelsiusRange {
                        min: Celsius(min),
                        max: Celsius(max),
                    };
                    chamber.protect(range).await?;
                }
            }
            Instrument::Attenuator(attenuator) => {
                if let (Some(least), Some(most)) = (limit("min_db"), limit("max_db")) {
                    let range = LossRange {
                        least: Decibels(least),
                        most: Decibels(most),
                    };
                    attenuator.protect(range).await?;
                }
            }
        }
        Ok(())
    }
}
