//! The plant: the emulated world that emulators share. Supplies feed boards, chambers cool them,
//! boards draw current and warm up.
//!
//! It moves on a fixed grid of [`STEP`]s. What is read is the state at the last grid point, and
//! what is written takes effect in the next step, so that no value depends on who asked first.

mod array;
mod electrical;
mod thermal;

pub use array::Curve;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use profiles::name::DeviceName;
use profiles::quantity::{Amperes, Celsius, Volts, Watts};
use profiles::time::{BenchTime, Period};

/// The grid.
pub const STEP: Period = Period::millis(100);

/// A supply's output and all it feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusId(usize);

/// The air of a chamber and all that stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AirId(usize);

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardId(usize);

/// Where an emulated device is in the plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It drives a bus.
    Bus(BusId),
    /// It conditions a chamber's air.
    Air(AirId),
    /// It is a board.
    Board(BoardId),
    /// It neither feeds nor warms anything.
    Apart,
}

/// What a supply does to its bus.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drive {
    /// Whether the output conducts.
    pub on: bool,
    /// Voltage set point.
    pub volts: Volts,
    /// Current limit.
    pub limit: Amperes,
}

/// What an electronic load takes from its bus.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sink {
    /// Nothing.
    #[default]
    Off,
    /// A constant current.
    Amps(Amperes),
    /// A resistance, Ω.
    Ohms(f64),
    /// A constant power, up to a current.
    Watts {
        /// The power.
        watts: Watts,
        /// Most current.
        most: Amperes,
    },
    /// Whatever it takes to hold the bus down to a voltage, up to a current.
    Volts {
        /// The voltage.
        volts: Volts,
        /// Most current.
        most: Amperes,
    },
}

/// A bus at the last grid point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bus {
    /// Voltage at the supply's terminals.
    pub volts: Volts,
    /// Current out of the supply.
    pub amps: Amperes,
    /// Whether the supply limits the current, or an array has less than its loads ask for.
    pub limiting: bool,
}

/// A board at the last grid point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Board {
    /// Voltage at its input.
    pub volts: Volts,
    /// Current into it.
    pub amps: Amperes,
    /// Temperature of the board.
    pub board: Celsius,
    /// Temperature of the accelerator's junction.
    pub junction: Celsius,
}

/// What a board is, electrically and thermally.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoardTraits {
    /// Below this it draws nothing.
    pub min_volts: Volts,
    /// Resistance of its harness, Ω.
    pub harness_ohm: f64,
    /// Heat capacity, J/K.
    pub heat_capacity_j_per_k: f64,
    /// Conductance to the air, W/K.
    pub air_w_per_k: f64,
    /// From board to junction, K/W.
    pub junction_k_per_w: f64,
}

/// The emulated world.
#[derive(Debug, Default)]
pub struct Plant {
    now: BenchTime,
    buses: Vec<electrical::BusNode>,
    airs: Vec<thermal::AirNode>,
    boards: Vec<BoardNode>,
    /// What the device that now looks sees instead of what is.
    shown: Option<Seen>,
}

/// What instruments see of the plant at one grid point, to be shown to one whose converters are
/// stuck.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    buses: Vec<(Bus, Amperes)>,
    airs: Vec<Celsius>,
}

#[derive(Debug)]
struct BoardNode {
    name: DeviceName,
    bus: Option<BusId>,
    air: Option<AirId>,
    traits: BoardTraits,
    draw: Watts,
    state: Board,
    brown_out: BrownOut,
}

/// A voltage that breaks down for a while.
#[derive(Clone, Copy, Debug)]
struct BrownOut {
    /// The share that is left.
    share: f64,
    until: BenchTime,
}

impl BrownOut {
    const NONE: BrownOut = BrownOut {
        share: 1.0,
        until: BenchTime::ZERO,
    };

    /// The share of a voltage that is left.
    fn left(self, now: BenchTime) -> f64 {
        if now < self.until { self.share } else { 1.0 }
    }
}

/// The most that the terminals of a bus have seen, whatever was commanded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Extremes {
    /// Highest voltage, and when.
    pub volts: (Volts, BenchTime),
    /// Highest current out of the source, and when.
    pub amps: (Amperes, BenchTime),
    /// Highest current into the electronic load, and when.
    pub sunk: (Amperes, BenchTime),
}

impl Plant {
    /// Adds a bus; nothing drives it yet.
    pub fn add_bus(&mut self) -> BusId {
        self.buses.push(electrical::BusNode::default());
        BusId(self.buses.len() - 1)
    }

    /// Adds a chamber at room temperature, switched off.
    pub fn add_air(&mut self) -> AirId {
        self.airs.push(thermal::AirNode::default());
        AirId(self.airs.len() - 1)
    }

    /// Adds a board on a bus and in a chamber, at room temperature. Boards are added up in the
    /// order of their names, whatever the order in which they came.
    pub fn add_board(
        &mut self,
        name: DeviceName,
        bus: Option<BusId>,
        air: Option<AirId>,
        traits: BoardTraits,
    ) -> BoardId {
        let state = Board {
            board: thermal::ROOM,
            junction: thermal::ROOM,
            ..Board::default()
        };
        self.boards.push(BoardNode {
            name,
            bus,
            air,
            traits,
            draw: Watts(0.0),
            state,
            brown_out: BrownOut::NONE,
        });
        BoardId(self.boards.len() - 1)
    }

    /// Moves the plant to the last grid point that is not after `at`.
    pub fn advance(&mut self, at: BenchTime) {
        while self.now + STEP <= at {
            self.now = self.now + STEP;
            electrical::step(self.now, &mut self.buses, &mut self.boards);
            thermal::step(self.now, &mut self.airs, &mut self.boards);
        }
    }

    /// What the supply does to its bus from the next step on.
    pub fn drive(&mut self, bus: BusId, drive: Drive) {
        let node = &mut self.buses[bus.0];
        (node.drive, node.curve) = (drive, None);
    }

    /// The curve on which a source feeds its bus from the next step on.
    pub fn feed(&mut self, bus: BusId, curve: Curve) {
        self.buses[bus.0].curve = Some(curve);
    }

    /// What an electronic load takes from its bus from the next step on.
    pub fn sink(&mut self, bus: BusId, sink: Sink) {
        self.buses[bus.0].sink = sink;
    }

    /// Current into the electronic load of a bus at the last grid point.
    pub fn sunk(&self, bus: BusId) -> Amperes {
        let shown = self.shown.as_ref().map(|seen| seen.buses[bus.0].1);
        shown.unwrap_or(self.buses[bus.0].sunk)
    }

    /// Whether anything is on a bus but its source: a board, or an electronic load.
    pub fn is_loaded(&self, bus: BusId) -> bool {
        let boards = self.boards.iter().any(|board| board.bus == Some(bus));
        boards || self.buses[bus.0].sink != Sink::Off
    }

    /// A bus at the last grid point.
    pub fn bus(&self, bus: BusId) -> Bus {
        let shown = self.shown.as_ref().map(|seen| seen.buses[bus.0].0);
        shown.unwrap_or(self.buses[bus.0].state)
    }

    /// What the chamber does to its air from the next step on; `None`: it is switched off.
    pub fn condition(&mut self, air: AirId, target: Option<Celsius>) {
        self.airs[air.0].target = target;
    }

    /// Temperature of a chamber's air at the last grid point.
    pub fn air(&self, air: AirId) -> Celsius {
        let shown = self.shown.as_ref().map(|seen| seen.airs[air.0]);
        shown.unwrap_or(self.airs[air.0].celsius)
    }

    /// What a board draws from the next step on, while its voltage suffices.
    pub fn draw(&mut self, board: BoardId, watts: Watts) {
        self.boards[board.0].draw = watts;
    }

    /// A board at the last grid point.
    pub fn board(&self, board: BoardId) -> Board {
        self.boards[board.0].state
    }

    /// What instruments see now.
    pub fn seen(&self) -> Seen {
        let buses = self.buses.iter().map(|bus| (bus.state, bus.sunk));
        Seen {
            buses: buses.collect(),
            airs: self.airs.iter().map(|air| air.celsius).collect(),
        }
    }

    /// Shows the device that looks next what was seen before; `None`: what is.
    pub fn show(&mut self, seen: Option<Seen>) {
        self.shown = seen;
    }

    /// The voltage of a source or of a board's input breaks down until then, to this share of it.
    pub fn brown_out(&mut self, place: Place, share: f64, until: BenchTime) {
        let brown_out = BrownOut { share, until };
        match place {
            Place::Bus(bus) => self.buses[bus.0].brown_out = brown_out,
            Place::Board(board) => self.boards[board.0].brown_out = brown_out,
            Place::Air(_) | Place::Apart => {}
        }
    }

    /// A chamber comes only this share of the way from the room's temperature, until then.
    pub fn weaken(&mut self, air: AirId, share: f64, until: BenchTime) {
        self.airs[air.0].weak = Some((until, share));
    }

    /// What is at this place is without power itself: it drives nothing, and takes nothing.
    pub fn power_off(&mut self, place: Place, is_load: bool) {
        match place {
            Place::Bus(bus) if is_load => self.sink(bus, Sink::Off),
            Place::Bus(bus) => self.drive(bus, Drive::default()),
            Place::Air(air) => self.condition(air, None),
            Place::Board(_) | Place::Apart => {}
        }
    }

    /// The most that the terminals of a bus have seen so far.
    pub fn extremes(&self, bus: BusId) -> Extremes {
        self.buses[bus.0].extremes
    }

    /// The lowest and the highest temperature that a chamber's air has had so far.
    pub fn air_extremes(&self, air: AirId) -> (Celsius, Celsius) {
        self.airs[air.0].extremes
    }

    /// Whether the source of a bus is switched on, whatever comes out of it.
    pub fn is_driven(&self, bus: BusId) -> bool {
        let bus = &self.buses[bus.0];
        match &bus.curve {
            Some(curve) => curve.open_circuit_volts() > 0.0,
            None => bus.drive.on,
        }
    }

    /// Whether the electronic load of a bus is switched on.
    pub fn is_sinking(&self, bus: BusId) -> bool {
        self.buses[bus.0].sink != Sink::Off
    }

    /// The temperature that a chamber is to reach, if it is switched on.
    pub fn air_target(&self, air: AirId) -> Option<Celsius> {
        self.airs[air.0].target
    }
}

/// The plant as several emulators hold it.
#[derive(Clone, Debug, Default)]
pub struct SharedPlant(Arc<Mutex<Plant>>);

impl SharedPlant {
    /// A plant to share.
    pub fn new(plant: Plant) -> SharedPlant {
        SharedPlant(Arc::new(Mutex::new(plant)))
    }

    /// The plant, for one call of one emulator.
    pub fn lock(&self) -> MutexGuard<'_, Plant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
