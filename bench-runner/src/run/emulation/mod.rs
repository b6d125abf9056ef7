//! Emulation: the plant, an emulator at the far end of each link in memory, and emulators that
//! are published for other processes.

mod places;
mod upsets;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use drivers::accelerator;
use drivers::catalog::{self, Role};
use drivers::clock::Clock;
use drivers::emulator::{Emulator, Played, Surroundings, serve};
use drivers::error::LinkError;
use drivers::link::can::bus::BitRates;
use drivers::link::{
    CanSpec, LineSpec, Link, LinkFaults, LinkSpec, Pacing, QemuMode, Socket, Trouble, party,
};
use drivers::model::EmulatorSetup;
use drivers::plant::{Drive, Place, Plant, SharedPlant};
use profiles::command::Fault;
use profiles::quantity::{Amperes, Volts};
use profiles::seed::Seed;
use reports::event::DeviceId;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use self::places::places;
use self::upsets::Upsets;
use super::station::Happenings;
use super::way::{Door, doors};
use crate::plan::{DevicePlan, Plan, Wired};

/// Faults that may wait for one emulator.
const FAULT_QUEUE: usize = 16;

/// What feeds published boards that no supply feeds: 28 V, and more current than any board takes.
const MAINS: Drive = Drive {
    on: true,
    volts: Volts(28.0),
    limit: Amperes(100.0),
};

/// The near end of a device's link, and the way to break what is at the far end.
#[derive(Debug)]
pub(super) struct Near {
    pub(super) link: Link,
    /// To open it again.
    pub(super) door: Door,
    pub(super) faults: Sender<Fault>,
}

/// The emulated world around the devices of a run: what there really is at their terminals, whatever
/// was told and heard.
#[derive(Clone, Debug)]
pub struct World {
    /// The plant.
    pub plant: SharedPlant,
    /// Where each device is in it.
    pub places: BTreeMap<DeviceId, Place>,
}

/// What a run starts with.
pub(super) struct Started {
    /// The near ends.
    pub(super) nears: BTreeMap<DeviceId, Near>,
    /// The devices whose line cannot be opened, with the reason.
    pub(super) absent: BTreeMap<DeviceId, String>,
    /// What is around the emulated ones.
    pub(super) world: World,
}

/// Opens each device's line, or starts an emulator for it where the link is memory.
pub(super) async fn start(plan: &Plan, clock: Clock, happenings: &Happenings) -> Started {
    let mut bench = Bench::new(&plan.devices, plan.seed, clock, None);
    bench.upsets = Upsets::of(plan, happenings);
    let (mut nears, mut absent) = (BTreeMap::new(), BTreeMap::new());
    let mut doors = doors(&plan.devices, clock);
    let mut buses = buses(&plan.devices, clock);
    for wired in plan.devices.iter().map(DevicePlan::wired) {
        let (faults, broken) = mpsc::channel(FAULT_QUEUE);
        let ends = buses.remove(&wired.id);
        // The end of a bus cannot be pulled out: it is one of many.
        let socket = ends.is_none().then(|| Socket::new(clock, wired.pacing));
        let door = doors.remove(&wired.id);
        let door = door.unwrap_or_else(|| Door::Memory(socket.clone()));
        let link = match &door {
            Door::Memory(_) if is_live(wired) => match wired.link.qemu() {
                Some(spec) => {
                    let link = Link::start(spec, clock).await;
                    link.map(|link| bench.faulty(wired, link))
                }
                None => Err(LinkError::Closed),
            },
            Door::Memory(_) => {
                let ends = ends.unwrap_or_else(|| Link::pair(clock, wired.pacing));
                Ok(bench.emulate(wired, ends, socket, broken))
            }
            Door::Line(..) | Door::Bus(_) => door.open(clock).await,
        };
        match link {
            Ok(link) => {
                nears.insert(wired.id, Near { link, door, faults });
            }
            Err(error) => {
                absent.insert(wired.id, format!("{}: {error}", wired.name));
            }
        }
    }
    let world = World {
        plant: bench.plant,
        places: bench.places,
    };
    Started {
        nears,
        absent,
        world,
    }
}

/// Whether a board is firmware that runs in real time, at a line of its own.
fn is_live(wired: &Wired) -> bool {
    let spec = wired.link.qemu();
    spec.is_some_and(|spec| spec.mode == QemuMode::Live)
}

/// The ends of buses in memory: each device has one for its driver and one for its emulator, and all
/// hear each other.
fn buses(devices: &[DevicePlan], clock: Clock) -> BTreeMap<DeviceId, (Link, Link)> {
    let mut buses: BTreeMap<&str, Vec<&Wired>> = BTreeMap::new();
    for wired in devices.iter().map(DevicePlan::wired) {
        if let LinkSpec::Bus(name) = &wired.link {
            buses.entry(name).or_default().push(wired);
        }
    }
    let mut ends = BTreeMap::new();
    for sharing in buses.into_values() {
        let Some(Pacing::Can { bit_rate }) = sharing.first().map(|wired| wired.pacing) else {
            continue;
        };
        let rates = BitRates::nominal(bit_rate);
        let mut nodes = Link::can_bus(clock, rates, 2 * sharing.len()).into_iter();
        for wired in sharing {
            ends.extend(nodes.next().zip(nodes.next()).map(|two| (wired.id, two)));
        }
    }
    ends
}

/// Emulators that other processes reach, until this is dropped.
#[derive(Debug)]
pub struct Published {
    /// The devices that are served.
    pub served: Vec<String>,
    tasks: JoinSet<()>,
    // An emulator whose faults end has ended itself.
    faults: Vec<Sender<Fault>>,
}

/// How emulators are published. Those that speak CAN are behind an adapter at their port (slcan), or
/// a server at their socket (socketcand), unless an interface is given for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// What leads to those that speak bytes.
    pub lines: Lines,
    /// The interface on which those are found that speak CAN.
    pub bus: Option<CanSpec>,
    /// How many times faster than real their world is.
    pub speed: u32,
}

/// What leads to emulators that speak bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Pseudo-terminals; `FOLDER/DEVICE` is a symbolic link to the serial port.
    Ports,
    /// TCP ports of this machine; `FOLDER/DEVICE` is a file with the address.
    Sockets,
}

/// Plays every device of a bench, each at an end of its own that is found in `folder`. A board
/// that no supply feeds has power of its own, for there is nobody to switch it on.
///
/// # Errors
/// If an end cannot be made.
pub async fn publish(
    devices: &[DevicePlan],
    seed: Seed,
    folder: &Path,
    endpoints: &Endpoints,
) -> Result<Published, LinkError> {
    let clock = Clock::start_fine().times(endpoints.speed);
    let bench = Bench::new(devices, seed, clock, Some(MAINS));
    let mut published = Published {
        served: Vec::new(),
        tasks: JoinSet::new(),
        faults: Vec::new(),
    };
    for sharing in trunks(devices) {
        let mut emulators = Vec::new();
        for wired in sharing {
            if let Some(emulator) = bench.emulator(wired) {
                published.served.push(wired.name.to_string());
                emulators.push((wired, emulator));
            }
        }
        let wired: Vec<&Wired> = emulators.iter().map(|(wired, _)| *wired).collect();
        let links = ends(&wired, folder, endpoints, clock).await?;
        for ((_, emulator), link) in emulators.into_iter().zip(links) {
            let (faults, broken) = mpsc::channel(FAULT_QUEUE);
            let plant = bench.plant.clone();
            published.tasks.spawn(async move {
                // Without its line an emulator has nobody to tell that it failed.
                let _line_failed = serve(emulator, link, broken, clock, plant).await;
            });
            published.faults.push(faults);
        }
    }
    Ok(published)
}

/// The devices by the lines that they are on: mostly one on each.
fn trunks(devices: &[DevicePlan]) -> Vec<Vec<&Wired>> {
    let mut trunks: Vec<Vec<&Wired>> = Vec::new();
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for wired in devices.iter().map(DevicePlan::wired) {
        let place = match wired.link.line() {
            Some(line) => *ends.entry(line.far_end()).or_insert(trunks.len()),
            None => trunks.len(),
        };
        match trunks.get_mut(place) {
            Some(sharing) => sharing.push(wired),
            None => trunks.push(vec![wired]),
        }
    }
    trunks
}

/// The far ends of devices on one line, which each of their names in the folder leads to.
async fn ends(
    sharing: &[&Wired],
    folder: &Path,
    endpoints: &Endpoints,
    clock: Clock,
) -> Result<Vec<Link>, LinkError> {
    let Some((first, others)) = sharing.split_first() else {
        return Ok(Vec::new());
    };
    let path = |wired: &Wired| folder.join(wired.name.as_str());
    let mut links = Vec::new();
    if let Pacing::Can { bit_rate } = first.pacing {
        // Each board has a controller of its own.
        for wired in sharing {
            let path = path(wired);
            links.push(match (&endpoints.bus, endpoints.lines) {
                (Some(bus), _) => Link::open(&LineSpec::Can(bus.clone()), clock).await?,
                (None, Lines::Ports) => Link::publish_slcan(&path, clock, bit_rate)?,
                (None, Lines::Sockets) => Link::publish_socketcand(&path, clock, bit_rate).await?,
            });
        }
        return Ok(links);
    }
    let mut trunk = match endpoints.lines {
        Lines::Ports => Link::publish_pty(&path(first), clock, first.pacing)?,
        Lines::Sockets => Link::publish_tcp(&path(first), clock, first.pacing).await?,
    };
    for wired in others {
        trunk.publish_also(&path(wired))?;
    }
    let echo = first.manners.echo;
    if sharing.len() == 1 && !echo {
        return Ok(vec![trunk]);
    }
    Ok(party(trunk, sharing.len(), echo).await)
}

/// The plant, and each device's place in it.
struct Bench {
    plant: SharedPlant,
    places: BTreeMap<DeviceId, Place>,
    seed: Seed,
    clock: Clock,
    upsets: Upsets,
}

impl Bench {
    fn new(devices: &[DevicePlan], seed: Seed, clock: Clock, mains: Option<Drive>) -> Bench {
        let mut plant = Plant::default();
        let mains = mains.map(|mains| {
            let bus = plant.add_bus();
            plant.drive(bus, mains);
            bus
        });
        let places = places(devices, &mut plant, mains);
        Bench {
            plant: SharedPlant::new(plant),
            places,
            seed,
            clock,
            upsets: Upsets::default(),
        }
    }

    /// Starts an emulator at the far end of a link in memory, and returns the near end.
    fn emulate(
        &self,
        wired: &Wired,
        (near, far): (Link, Link),
        socket: Option<Socket>,
        broken: Receiver<Fault>,
    ) -> Link {
        let stream = |purpose| self.seed.stream(wired.name.as_str(), purpose);
        let over = Arc::new(OnceLock::new());
        if let Some(anew) = self.maker(wired, &over)
            && let Some(emulator) = anew()
            && let Some(&place) = self.places.get(&wired.id)
        {
            let surroundings = Surroundings {
                place,
                is_load: wired.role == Role::ElectronicLoad,
                socket,
                trouble: Trouble::new(stream("trouble")),
                anew: Box::new(move || anew().expect("what was made once is made again")),
            };
            let played = Played::new(emulator, far).in_surroundings(surroundings);
            tokio::spawn(played.serve(broken, self.clock, self.plant.clone()));
        }
        self.faulty(wired, near.with_trouble(over))
    }

    /// The same link, with the faults that the wiring asks for.
    fn faulty(&self, wired: &Wired, near: Link) -> Link {
        match wired.faults {
            (0.0, 0.0) => near,
            (drop, flip) => {
                let stream = self.seed.stream(wired.name.as_str(), "link faults");
                near.with_faults(LinkFaults::new(drop, flip, stream))
            }
        }
    }

    fn emulator(&self, wired: &Wired) -> Option<Box<dyn Emulator>> {
        self.maker(wired, &Arc::default()).and_then(|make| make())
    }

    /// What makes a device's emulator, as it is when its power comes. Firmware that can go on no more
    /// says why in `over`; live firmware plays itself.
    fn maker(
        &self,
        wired: &Wired,
        over: &Arc<OnceLock<String>>,
    ) -> Option<impl Fn() -> Option<Box<dyn Emulator>> + Send + use<>> {
        let (role, model, seed) = (wired.role, wired.model, self.seed);
        let (device, options) = (wired.name.clone(), wired.options.clone());
        let network = wired.network.as_ref().map(|file| Arc::clone(&file.network));
        let place = *self.places.get(&wired.id)?;
        if is_live(wired) {
            return None;
        }
        let (firmware, over) = (wired.link.qemu().cloned(), Arc::clone(over));
        let witness = self.upsets.witness(wired.id);
        Some(move || {
            let setup = EmulatorSetup {
                device: device.clone(),
                seed,
                options: options.clone(),
                place,
                network: network.clone(),
            };
            match &firmware {
                None => catalog::emulate(role, model, setup),
                Some(spec) => Some(accelerator::firmware(spec, &setup, &over, witness.clone())),
            }
        })
    }
}
