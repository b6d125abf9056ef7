//! Where the devices of a bench are in its plant.

use std::collections::BTreeMap;

use drivers::accelerator;
use drivers::catalog::Role;
use drivers::plant::{AirId, BusId, Place, Plant};
use reports::event::DeviceId;

use crate::plan::DevicePlan;

/// Each device's place in the plant: supplies and chambers first, then the boards on them, those
/// that nothing feeds on the mains.
pub(super) fn places(
    devices: &[DevicePlan],
    plant: &mut Plant,
    mains: Option<BusId>,
) -> BTreeMap<DeviceId, Place> {
    let mut buses: BTreeMap<DeviceId, BusId> = BTreeMap::new();
    let mut airs: BTreeMap<DeviceId, AirId> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for wired in devices.iter().map(DevicePlan::wired) {
        match wired.role {
            Role::PowerSupply | Role::SolarArraySimulator => {
                let bus = plant.add_bus();
                buses.insert(wired.id, bus);
                places.insert(wired.id, Place::Bus(bus));
            }
            Role::ThermalChamber => {
                let air = plant.add_air();
                airs.insert(wired.id, air);
                places.insert(wired.id, Place::Air(air));
            }
            Role::Attenuator => {
                places.insert(wired.id, Place::Apart);
            }
            Role::ElectronicLoad | Role::PowerAnalyser | Role::Accelerator => {}
        }
    }
    for device in devices {
        if let DevicePlan::Instrument(instrument) = device
            && matches!(
                instrument.wired.role,
                Role::ElectronicLoad | Role::PowerAnalyser
            )
        {
            let bus = instrument.source.and_then(|id| buses.get(&id).copied());
            let bus = bus.or(mains).unwrap_or_else(|| plant.add_bus());
            places.insert(instrument.wired.id, Place::Bus(bus));
        }
        if let DevicePlan::Board(board) = device {
            let bus = board.powered_by.and_then(|id| buses.get(&id).copied());
            let bus = bus.or(mains);
            let air = board.inside.and_then(|id| airs.get(&id).copied());
            let traits = accelerator::board_traits(&board.wired.options);
            let id = plant.add_board(board.wired.name.clone(), bus, air, traits);
            places.insert(board.wired.id, Place::Board(id));
        }
    }
    places
}
