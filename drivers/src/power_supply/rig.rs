//! A supply under test that feeds a board, for the family's contract.

use profiles::command::{Fault, Switch};
use profiles::option::Options;
use profiles::quantity::{Amperes, Volts, Watts};
use profiles::time::Period;
use tokio::sync::mpsc::{Sender, channel};

use super::{PowerSupply, SupplyLimits};
use crate::clock::Clock;
use crate::emulator::serve;
use crate::link::Link;
use crate::model::{DriverSetup, EmulatorSetup, Model};
use crate::plant::{BoardId, BoardTraits, BusId, Place, Plant, SharedPlant};
use crate::rehearsal::{device, emulator_setup};

pub(super) type Make = Model<dyn PowerSupply>;

/// A supply that feeds a board.
pub(super) struct Rig {
    pub(super) supply: Box<dyn PowerSupply>,
    pub(super) plant: SharedPlant,
    pub(super) bus: BusId,
    pub(super) board: BoardId,
    pub(super) clock: Clock,
    pub(super) faults: Sender<Fault>,
    pub(super) volts: f64,
    pub(super) amps: f64,
}

fn rated(make: &Make, name: &str) -> f64 {
    let rating = make.ratings.iter().find(|rating| rating.name == name);
    rating.expect("every supply rates volts and amps").value
}

pub(super) fn drive(
    make: &Make,
    link: Link,
    clock: Clock,
    options: Options,
) -> Box<dyn PowerSupply> {
    let setup = DriverSetup {
        device: device(),
        link,
        clock,
        options,
    };
    (make.drive)(setup).unwrap()
}

impl Rig {
    pub(super) fn new(make: &Make) -> Rig {
        Rig::with(make, Options::defaults(make.options))
    }

    pub(super) fn with(make: &Make, options: Options) -> Rig {
        let clock = Clock::start();
        let (near, far) = Link::pair(clock, make.pacing);
        Rig::on(make, options, clock, near, far)
    }

    pub(super) fn on(make: &Make, options: Options, clock: Clock, near: Link, far: Link) -> Rig {
        let mut plant = Plant::default();
        let bus = plant.add_bus();
        let traits = BoardTraits {
            min_volts: Volts(1.0),
            harness_ohm: 0.01,
            heat_capacity_j_per_k: 100.0,
            air_w_per_k: 0.5,
            junction_k_per_w: 1.0,
        };
        let board = plant.add_board(device(), Some(bus), None, traits);
        let plant = SharedPlant::new(plant);
        let emulator = (make.emulate)(EmulatorSetup {
            options: options.clone(),
            ..emulator_setup(make.options, Place::Bus(bus))
        });
        let (faults, broken) = channel(4);
        tokio::spawn(serve(emulator, far, broken, clock, plant.clone()));
        Rig {
            supply: drive(make, near, clock, options),
            plant,
            bus,
            board,
            clock,
            faults,
            volts: rated(make, "volts"),
            amps: rated(make, "amps"),
        }
    }

    /// Arms, programs shares of the ratings, and switches on.
    pub(super) async fn feed(&mut self, volts: f64, amps: f64, ceiling: f64) {
        let limits = self.ceiling(ceiling);
        self.supply.protect(limits).await.unwrap();
        self.program(volts, amps).await;
        self.supply.switch(Switch::On).await.unwrap();
        self.wait(500).await;
    }

    pub(super) fn ceiling(&self, share: f64) -> SupplyLimits {
        SupplyLimits {
            volts: Volts(share * self.volts),
            amps: Amperes(self.amps),
        }
    }

    pub(super) async fn program(&mut self, volts: f64, amps: f64) {
        let (volts, amps) = (volts * self.volts, amps * self.amps);
        let programmed = self.supply.program(Volts(volts), Amperes(amps)).await;
        programmed.unwrap();
    }

    pub(super) async fn wait(&self, millis: u32) {
        let until = self.clock.now() + Period::millis(millis);
        self.clock.sleep_until(until).await;
    }

    /// The board draws this share of the supply's power.
    pub(super) fn load(&self, share: f64) {
        let watts = Watts(share * self.volts * self.amps);
        self.plant.lock().draw(self.board, watts);
    }

    /// Volts, amperes and the name of the state of the output.
    pub(super) async fn measure(&mut self) -> (f64, f64, String) {
        let mut readings = Vec::new();
        self.supply.measure(&mut readings).await.unwrap();
        let value = |channel: usize| {
            assert_eq!(usize::from(readings[channel].channel), channel);
            readings[channel].value.as_f64()
        };
        let state = &self.supply.channels()[2].states[value(2) as usize];
        (value(0), value(1), state.to_string())
    }

    pub(super) fn bus_volts(&self) -> f64 {
        let mut plant = self.plant.lock();
        plant.advance(self.clock.now());
        plant.bus(self.bus).volts.0
    }
}
