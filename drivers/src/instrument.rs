//! Instruments by role: the closed half. Makes are the open half.

use profiles::channel::ChannelSpec;
use profiles::command::Command;
use profiles::name::DeviceName;
use profiles::reading::Reading;

use crate::attenuator::{self, Attenuator};
use crate::catalog::{self, Role};
use crate::device::{Device, Identity};
use crate::electronic_load::{self, ElectronicLoad};
use crate::error::{DeviceError, DeviceErrorKind};
use crate::model::DriverSetup;
use crate::player::Player;
use crate::power_analyser;
use crate::power_supply::{self, PowerSupply};
use crate::solar_array_simulator::{self, SolarArraySimulator};
use crate::thermal_chamber::{self, ThermalChamber};

/// An instrument that is polled and told, one arm for each role. Boards speak by themselves and
/// are looked after by a station of their own kind.
pub enum Instrument {
    /// A power supply.
    PowerSupply(Box<dyn PowerSupply>),
    /// A solar-array simulator.
    SolarArraySimulator(Box<dyn SolarArraySimulator>),
    /// An electronic load.
    ElectronicLoad(Box<dyn ElectronicLoad>),
    /// A power analyser, which is told nothing.
    PowerAnalyser(Box<dyn Device>),
    /// A thermal chamber.
    ThermalChamber(Box<dyn ThermalChamber>),
    /// A programmable attenuator.
    Attenuator(Box<dyn Attenuator>),
}

impl Instrument {
    /// The driver of a model. `None` if the catalog has no such model, or boards have that role.
    pub fn open(
        role: Role,
        model: &str,
        setup: DriverSetup,
    ) -> Option<Result<Instrument, DeviceError>> {
        Some(match role {
            Role::PowerSupply => {
                let model = catalog::find(power_supply::MODELS, model)?;
                (model.drive)(setup).map(Instrument::PowerSupply)
            }
            Role::SolarArraySimulator => {
                let model = catalog::find(solar_array_simulator::MODELS, model)?;
                (model.drive)(setup).map(Instrument::SolarArraySimulator)
            }
            Role::ElectronicLoad => {
                let model = catalog::find(electronic_load::MODELS, model)?;
                (model.drive)(setup).map(Instrument::ElectronicLoad)
            }
            Role::PowerAnalyser => {
                let model = catalog::find(power_analyser::MODELS, model)?;
                (model.drive)(setup).map(Instrument::PowerAnalyser)
            }
            Role::ThermalChamber => {
                let model = catalog::find(thermal_chamber::MODELS, model)?;
                (model.drive)(setup).map(Instrument::ThermalChamber)
            }
            Role::Attenuator => {
                let model = catalog::find(attenuator::MODELS, model)?;
                (model.drive)(setup).map(Instrument::Attenuator)
            }
            Role::Accelerator => return None,
        })
    }

    /// Carries out `command` on `device`, which is this instrument.
    ///
    /// # Errors
    /// If the device fails, or the command is for another role.
    pub async fn apply(
        &mut self,
        device: &DeviceName,
        command: &Command,
    ) -> Result<(), DeviceError> {
        match (self, command) {
            (Instrument::PowerSupply(supply), Command::Supply { volts, limit }) => {
                supply.program(*volts, *limit).await
            }
            (Instrument::PowerSupply(supply), Command::SupplyOutput(state)) => {
                supply.switch(*state).await
            }
            (Instrument::SolarArraySimulator(array), Command::Curve(points)) => {
                array.program(points).await
            }
            (Instrument::SolarArraySimulator(array), Command::SupplyOutput(state)) => {
                array.switch(*state).await
            }
            (Instrument::ElectronicLoad(load), Command::Load(sink)) => load.program(*sink).await,
            (Instrument::ElectronicLoad(load), Command::LoadInput(state)) => {
                load.switch(*state).await
            }
            (Instrument::ThermalChamber(chamber), Command::Chamber { target, slew }) => {
                chamber.program(*target, *slew).await
            }
            (Instrument::Attenuator(attenuator), Command::Attenuate(loss)) => {
                attenuator.program(*loss).await
            }
            (_, command) => Err(DeviceErrorKind::Refused {
                asked: command.to_string(),
                code: 0,
                text: "this role does not know that command".to_owned(),
            }
            .of(device)),
        }
    }

    /// See [`Device::channels`].
    pub fn channels(&self) -> Vec<ChannelSpec> {
        match self {
            Instrument::PowerSupply(supply) => supply.channels(),
            Instrument::SolarArraySimulator(array) => array.channels(),
            Instrument::ElectronicLoad(load) => load.channels(),
            Instrument::PowerAnalyser(analyser) => analyser.channels(),
            Instrument::ThermalChamber(chamber) => chamber.channels(),
            Instrument::Attenuator(attenuator) => attenuator.channels(),
        }
    }

    /// See [`Device::identify`].
    ///
    /// # Errors
    /// If the device fails.
    pub async fn identify(&mut self) -> Result<Identity, DeviceError> {
        self.device().identify().await
    }

    /// See [`Device::measure`].
    ///
    /// # Errors
    /// If the device fails.
    pub async fn measure(&mut self, readings: &mut Vec<Reading>) -> Result<(), DeviceError> {
        self.device().measure(readings).await
    }

    /// See [`Device::make_safe`].
    ///
    /// # Errors
    /// If the device fails.
    pub async fn make_safe(&mut self) -> Result<(), DeviceError> {
        self.device().make_safe().await
    }

    /// See [`Device::player`].
    pub fn player(&mut self) -> Option<&mut dyn Player> {
        self.device().player()
    }

    /// See [`Device::has_restarted`].
    ///
    /// # Errors
    /// If the device fails.
    pub async fn has_restarted(&mut self) -> Result<bool, DeviceError> {
        self.device().has_restarted().await
    }

    fn device(&mut self) -> &mut dyn Device {
        match self {
            Instrument::PowerSupply(supply) => supply.as_mut(),
            Instrument::SolarArraySimulator(array) => array.as_mut(),
            Instrument::ElectronicLoad(load) => load.as_mut(),
            Instrument::PowerAnalyser(analyser) => analyser.as_mut(),
            Instrument::ThermalChamber(chamber) => chamber.as_mut(),
            Instrument::Attenuator(attenuator) => attenuator.as_mut(),
        }
    }
}
