//! The catalog: finds a model by role and name, and lists them all.

use std::fmt;

use profiles::option::OptionSpec;

use crate::accelerator;
use crate::link::Pacing;
use crate::model::{Model, Rating};
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
    /// A thermal chamber.
    ThermalChamber,
    /// An accelerator board.
    Accelerator,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [
        Role::PowerSupply,
        Role::SolarArraySimulator,
        Role::ThermalChamber,
        Role::Accelerator,
    ];

    /// As wirings spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Role::PowerSupply => "power-supply",
            Role::SolarArraySimulator => "solar-array-simulator",
            Role::ThermalChamber => "thermal-chamber",
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
            Role::ThermalChamber => "a thermal-chamber",
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
            pacing: model.pacing,
        })
    }
    rows(Role::PowerSupply, power_supply::MODELS)
        .chain(rows(
            Role::SolarArraySimulator,
            solar_array_simulator::MODELS,
        ))
        .chain(rows(Role::ThermalChamber, thermal_chamber::MODELS))
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
