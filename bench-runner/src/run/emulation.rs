//! Emulation: the plant, and an emulator at the far end of each link in memory.

use std::collections::BTreeMap;

use drivers::accelerator;
use drivers::catalog::{self, Role};
use drivers::clock::Clock;
use drivers::emulator::{Emulator, serve};
use drivers::link::{Link, LinkFaults};
use drivers::model::EmulatorSetup;
use drivers::plant::{AirId, BusId, Place, Plant, SharedPlant};
use drivers::power_supply;
use drivers::thermal_chamber;
use profiles::command::Fault;
use reports::event::DeviceId;
use tokio::sync::mpsc::{self, Sender};

use crate::plan::{DevicePlan, Plan};

/// Faults that may wait for one emulator.
const FAULT_QUEUE: usize = 16;

/// The near end of a device's link, and the way to break what is at the far end.
#[derive(Debug)]
pub(super) struct Near {
    pub(super) link: Link,
    pub(super) faults: Sender<Fault>,
}

/// Starts an emulator for each device, and returns the near ends.
pub(super) fn start(plan: &Plan, clock: Clock) -> BTreeMap<DeviceId, Near> {
    let mut plant = Plant::default();
    let places = places(plan, &mut plant);
    let plant = SharedPlant::new(plant);
    let mut nears = BTreeMap::new();
    for device in &plan.devices {
        let wired = device.wired();
        let Some(&place) = places.get(&wired.id) else {
            continue;
        };
        let setup = EmulatorSetup {
            device: wired.name.clone(),
            seed: plan.seed,
            options: wired.options.clone(),
            place,
        };
        let Some(emulator) = emulator(wired.role, wired.model, setup) else {
            continue;
        };
        let (near, far) = Link::pair(clock, wired.pacing);
        let near = match wired.faults {
            (0.0, 0.0) => near,
            (drop, flip) => {
                let stream = plan.seed.stream(wired.name.as_str(), "link faults");
                near.with_faults(LinkFaults::new(drop, flip, stream))
            }
        };
        let (faults, broken) = mpsc::channel(FAULT_QUEUE);
        tokio::spawn(serve(emulator, far, broken, clock, plant.clone()));
        nears.insert(wired.id, Near { link: near, faults });
    }
    nears
}

/// Each device's place in the plant: supplies and chambers first, then the boards on them.
fn places(plan: &Plan, plant: &mut Plant) -> BTreeMap<DeviceId, Place> {
    let mut buses: BTreeMap<DeviceId, BusId> = BTreeMap::new();
    let mut airs: BTreeMap<DeviceId, AirId> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for device in &plan.devices {
        let wired = device.wired();
        match wired.role {
            Role::PowerSupply => {
                let bus = plant.add_bus();
                buses.insert(wired.id, bus);
                places.insert(wired.id, Place::Bus(bus));
            }
            Role::ThermalChamber => {
                let air = plant.add_air();
                airs.insert(wired.id, air);
                places.insert(wired.id, Place::Air(air));
            }
            Role::Accelerator => {}
        }
    }
    for device in &plan.devices {
        if let DevicePlan::Board(board) = device {
            let bus = board.powered_by.and_then(|id| buses.get(&id).copied());
            let air = board.inside.and_then(|id| airs.get(&id).copied());
            let traits = accelerator::board_traits(&board.wired.options);
            let id = plant.add_board(board.wired.name.clone(), bus, air, traits);
            places.insert(board.wired.id, Place::Board(id));
        }
    }
    places
}

fn emulator(role: Role, model: &str, setup: EmulatorSetup) -> Option<Box<dyn Emulator>> {
    let emulate = match role {
        Role::PowerSupply => catalog::find(power_supply::MODELS, model)?.emulate,
        Role::ThermalChamber => catalog::find(thermal_chamber::MODELS, model)?.emulate,
        Role::Accelerator => catalog::find(accelerator::MODELS, model)?.emulate,
    };
    Some(emulate(setup))
}
