//! A simulator under test that feeds a board, for the family's contract.

use profiles::command::{Fault, Switch};
use profiles::option::Options;
use profiles::physics::array_curve::ArrayPoints;
use profiles::quantity::{Amperes, Volts, Watts};
use profiles::time::Period;
use tokio::sync::mpsc::{Sender, channel};

use super::{ArrayLimits, SolarArraySimulator};
use crate::clock::Clock;
use crate::emulator::serve;
use crate::link::Link;
use crate::model::{DriverSetup, EmulatorSetup, Model};
use crate::plant::{BoardId, BoardTraits, Bus, BusId, Place, Plant, SharedPlant};
use crate::rehearsal::{device, emulator_setup};

type Make = Model<dyn SolarArraySimulator>;

/// A simulator that feeds a board.
pub(super) struct Rig {
    pub(super) array: Box<dyn SolarArraySimulator>,
    pub(super) plant: SharedPlant,
    pub(super) bus: BusId,
    pub(super) board: BoardId,
    pub(super) clock: Clock,
    pub(super) faults: Sender<Fault>,
    pub(super) limits: ArrayLimits,
}

pub(super) fn rated(make: &Make) -> ArrayLimits {
    let value = |name: &str| {
        let rating = make.ratings.iter().find(|rating| rating.name == name);
        rating.expect("every simulator rates it").value
    };
    ArrayLimits {
        volts: Volts(value("volts")),
        amps: Amperes(value("amps")),
        watts: Watts(value("watts")),
    }
}

/// A curve that every make can do: shares of the ratings, with its knee at 0.87 and 0.93.
pub(super) fn curve(make: &Make, volts: f64, amps: f64) -> ArrayPoints {
    let limits = rated(make);
    ArrayPoints {
        isc: Amperes(amps * limits.amps.0),
        imp: Amperes(0.93 * amps * limits.amps.0),
        voc: Volts(volts * limits.volts.0),
        vmp: Volts(0.87 * volts * limits.volts.0),
    }
}

pub(super) fn drive(
    make: &Make,
    link: Link,
    clock: Clock,
    options: Options,
) -> Box<dyn SolarArraySimulator> {
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
            min_volts: Volts(10.0),
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
            array: drive(make, near, clock, options),
            plant,
            bus,
            board,
            clock,
            faults,
            limits: rated(make),
        }
    }

    /// Arms, programs a curve and switches on.
    pub(super) async fn feed(&mut self, points: &ArrayPoints) {
        self.array.protect(self.limits).await.unwrap();
        self.array.program(points).await.unwrap();
        self.array.switch(Switch::On).await.unwrap();
        self.wait(500).await;
    }

    pub(super) async fn wait(&self, millis: u32) {
        let until = self.clock.now() + Period::millis(millis);
        self.clock.sleep_until(until).await;
    }

    pub(super) fn load(&self, watts: f64) {
        self.plant.lock().draw(self.board, Watts(watts));
    }

    /// Volts, amperes and the name of the state of the output.
    pub(super) async fn measure(&mut self) -> (f64, f64, String) {
        let mut readings = Vec::new();
        self.array.measure(&mut readings).await.unwrap();
        let value = |channel: usize| {
            assert_eq!(usize::from(readings[channel].channel), channel);
            readings[channel].value.as_f64()
        };
        let state = &self.array.channels()[2].states[value(2) as usize];
        (value(0), value(1), state.to_string())
    }

    pub(super) fn bus(&self) -> Bus {
        let mut plant = self.plant.lock();
        plant.advance(self.clock.now());
        plant.bus(self.bus)
    }
}
