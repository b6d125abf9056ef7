//! The catalog: finds a model by role and name, and lists them all.

use std::fmt;

use profiles::option::{OptionSpec, Options};

use crate::accelerator;
use crate::attenuator;
use crate::electronic_load;
use crate::emulator::Emulator;
use crate::link::Pacing;
use crate::model::{EmulatorSetup, Model, Rating};
use crate::power_analyser;
use crate::power_supply;
use crate::solar_array_simulator;
use crate::thermal_chamber;

/// The roles of devices on the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A programmable power supply.
    PowerSupply,
    /// A simulator of a solar array.
    SolarArraySimulator,
    /// An electronic load.
    ElectronicLoad,
    /// A power analyser.
    PowerAnalyser,
    /// A thermal chamber.
    ThermalChamber,
    /// A programmable attenuator in a radio link.
    Attenuator,
    /// An accelerator board.
    Accelerator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 7] = [
        Role::PowerSupply,
        Role::SolarArraySimulator,
        Role::ElectronicLoad,
        Role::PowerAnalyser,
        Role::ThermalChamber,
        Role::Attenuator,
        Role::Accelerator,
    ];

    /// As wirings spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Role::PowerSupply => "power-supply",
            Role::SolarArraySimulator => "solar-array-simulator",
            Role::ElectronicLoad => "electronic-load",
            Role::PowerAnalyser => "power-analyser",
            Role::ThermalChamber => "thermal-chamber",
            Role::Attenuator => "attenuator",
            Role::Accelerator => "accelerator",
        }
    }
}

impl Role {
    /// Whether boards can be fed by it.
    pub const fn feeds(self) -> bool {
        matches!(self, Role::PowerSupply | Role::SolarArraySimulator)
    }

    /// As sentences have it: `an accelerator`.
    pub const fn with_article(self) -> &'static str {
        match self {
            Role::PowerSupply => "a power-supply",
            Role::SolarArraySimulator => "a solar-array-simulator",
            Role::ElectronicLoad => "an electronic-load",
            Role::PowerAnalyser => "a power-analyser",
            Role::ThermalChamber => "a thermal-chamber",
            Role::Attenuator => "an attenuator",
            Role::Accelerator => "an accelerator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A row of the catalog, whatever its role.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its role.
    pub role: Role,
    /// As wirings spell it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What the wiring may set.
    pub options: &'static [OptionSpec],
    /// What the hardware can do at most.
    pub ratings: &'static [Rating],
    /// What it can do at most by options that choose among several; see [`Model::ratings_by`].
    pub ratings_by: fn(&Options) -> Option<&'static [Rating]>,
    /// See [`Model::guards_itself`].
    pub guards_itself: bool,
    /// Its line.
    pub pacing: Pacing,
}

/// Every model of every role.
pub fn entries() -> Vec<Entry> {
    fn rows<D: ?Sized, S>(
        role: Role,
        models: &'static [Model<D, S>],
    ) -> impl Iterator<Item = Entry> {
        models.iter().map(move |model| Entry {
            role,
            name: model.name,
            summary: model.summary,
            options: model.options,
            ratings: model.ratings,
            ratings_by: model.ratings_by,
            guards_itself: model.guards_itself,
            pacing: model.pacing,
        })
    }
    rows(Role::PowerSupply, power_supply::MODELS)
        .chain(rows(
            Role::SolarArraySimulator,
            solar_array_simulator::MODELS,
        ))
        .chain(rows(Role::ElectronicLoad, electronic_load::MODELS))
        .chain(rows(Role::PowerAnalyser, power_analyser::MODELS))
        .chain(rows(Role::ThermalChamber, thermal_chamber::MODELS))
        .chain(rows(Role::Attenuator, attenuator::MODELS))
        .chain(rows(Role::Accelerator, accelerator::MODELS))
        .collect()
}

/// The model of one role with this name.
pub fn find<D: ?Sized, S>(
    models: &'static [Model<D, S>],
    name: &str,
) -> Option<&'static Model<D, S>> {
    models.iter().find(|model| model.name == name)
}

/// The emulator of a model, if the catalog has it.
pub fn emulate(role: Role, model: &str, setup: EmulatorSetup) -> Option<Box<dyn Emulator>> {
    let emulate = match role {
        Role::PowerSupply => find(power_supply::MODELS, model)?.emulate,
        Role::SolarArraySimulator => find(solar_array_simulator::MODELS, model)?.emulate,
        Role::ElectronicLoad => find(electronic_load::MODELS, model)?.emulate,
        Role::PowerAnalyser => find(power_analyser::MODELS, model)?.emulate,
        Role::ThermalChamber => find(thermal_chamber::MODELS, model)?.emulate,
        Role::Attenuator => find(attenuator::MODELS, model)?.emulate,
        Role::Accelerator => find(accelerator::MODELS, model)?.emulate,
    };
    Some(emulate(setup))
}
