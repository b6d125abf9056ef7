//! What a S!MPAC controller remembers and does, whatever protocol asks.

use profiles::time::BenchTime;

use super::{CHANNELS, REACH, START};
use crate::thermal_chamber::program::{Leg, Player, Program, Way};

/// What a broken Pt100 reads, °C: full scale of the input. Assumed.
const FULL_SCALE: f64 = 850.0;
/// Values behind the temperature that are merely kept: a second control variable, and two set
/// values.
pub(super) const KEPT: usize = 3;

/// Why it does not take something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// The controller.
#[derive(Debug)]
pub(super) struct State {
    pub(super) now: BenchTime,
    /// What the sensor says, °C.
    pub(super) air: f64,
    /// The set point that was told, °C.
    pub(super) nominal: f64,
    pub(super) kept: [f64; KEPT],
    pub(super) digital: [bool; CHANNELS],
    /// Gradients of the set point upwards and downwards, K/min; 0: none.
    pub(super) gradients: [f64; 2],
    player: Option<Player>,
    /// The program that runs; 0: none.
    pub(super) program: u32,
    pub(super) is_sensor_open: bool,
    pub(super) is_door_open: bool,
}

impl State {
    pub(super) fn new(is_sensor_open: bool, is_door_open: bool) -> State {
        State {
            now: BenchTime::ZERO,
            air: 23.0,
            nominal: 23.0,
            kept: [0.0; KEPT],
            digital: [false; CHANNELS],
            gradients: [0.0; 2],
            player: None,
            program: 0,
            is_sensor_open,
            is_door_open,
        }
    }

    /// Moves on to `at`, at which the sensor says `air`.
    pub(super) fn advance(&mut self, at: BenchTime, air: f64) {
        self.now = at;
        self.air = air;
        if let Some(player) = &mut self.player
            && !player.advance(at, air)
        {
            self.player = None;
            if self.program > 0 {
                // Its end stops the chamber.
                self.program = 0;
                self.digital[START] = false;
            }
        }
    }

    /// Whether something moves by itself.
    pub(super) fn moves(&self) -> bool {
        self.player.is_some()
    }

    /// What is told as measured, °C.
    pub(super) fn actual(&self) -> f64 {
        if self.is_sensor_open {
            FULL_SCALE
        } else {
            self.air
        }
    }

    /// The set point that is in force, in the middle of a gradient or a program too.
    pub(super) fn in_force(&self) -> f64 {
        let player = self.player.as_ref();
        player.map_or(self.nominal, Player::set_point)
    }

    pub(super) fn is_running(&self) -> bool {
        self.digital[START] && !self.is_alarmed()
    }

    /// A broken sensor and an open door stop the chamber.
    pub(super) fn is_alarmed(&self) -> bool {
        self.is_sensor_open || self.is_door_open
    }

    /// Where the air is driven to, °C; `None`: nowhere.
    pub(super) fn target(&self) -> Option<f64> {
        self.is_running().then(|| self.in_force())
    }

    /// Takes set points and, where they are told, digital channels.
    pub(super) fn set(&mut self, values: &[f64], digital: Option<&[bool]>) -> Result<(), Refused> {
        let Some((&nominal, rest)) = values.split_first() else {
            return Err(Refused);
        };
        if !(REACH[0]..=REACH[1]).contains(&nominal) {
            return Err(Refused);
        }
        for (kept, value) in self.kept.iter_mut().zip(rest) {
            *kept = *value;
        }
        let was_running = self.digital[START];
        if let Some(digital) = digital {
            self.digital = [false; CHANNELS];
            for (kept, on) in self.digital.iter_mut().zip(digital) {
                *kept = *on;
            }
        }
        self.go_to(nominal, was_running);
        Ok(())
    }

    /// Goes to a set point, by the gradient of its direction if there is one: from the set point
    /// that is in force, or from the air when the chamber starts.
    pub(super) fn go_to(&mut self, nominal: f64, was_running: bool) {
        let from = if was_running {
            self.in_force()
        } else {
            self.air
        };
        self.program = 0;
        self.nominal = nominal;
        self.player = None;
        let rate = self.gradients[usize::from(nominal < from)];
        if self.digital[START] && rate > 0.0 {
            let leg = Leg {
                target: Some(nominal),
                way: Way::Rate(rate),
                seconds: 0.0,
                within: None,
                pauses: false,
            };
            self.play(vec![leg], from);
        }
    }

    /// Gradients up and down, K/min. The other two are of humidity.
    pub(super) fn set_gradients(&mut self, values: &[f64]) -> Result<(), Refused> {
        let &[up, down, _, _] = values else {
            return Err(Refused);
        };
        let fits = |rate: f64| (0.0..=100.0).contains(&rate);
        if !fits(up) || !fits(down) {
            return Err(Refused);
        }
        self.gradients = [up, down];
        let (nominal, running) = (self.nominal, self.digital[START]);
        if running && self.program == 0 {
            self.go_to(nominal, true);
        }
        Ok(())
    }

    /// Starts a program, or stops the one that runs with 0. There is one at its panel: a cycle
    /// between -20 °C and 60 °C, half an hour at each.
    pub(super) fn run(&mut self, number: u32) -> Result<(), Refused> {
        match number {
            0 => {
                self.player = None;
                self.program = 0;
                self.digital[START] = false;
                Ok(())
            }
            1 => {
                let leg = |target, way, minutes: f64| Leg {
                    target,
                    way,
                    seconds: minutes * 60.0,
                    within: None,
                    pauses: false,
                };
                let legs = vec![
                    leg(Some(-20.0), Way::Ramp, 30.0),
                    leg(None, Way::Step, 30.0),
                    leg(Some(60.0), Way::Ramp, 30.0),
                    leg(None, Way::Step, 30.0),
                ];
                self.digital[START] = true;
                self.program = 1;
                self.play(legs, self.air);
                Ok(())
            }
            _ => Err(Refused),
        }
    }

    fn play(&mut self, legs: Vec<Leg>, from: f64) {
        let program = Program {
            legs,
            returns: Vec::new(),
        };
        self.player = Some(Player::new(program, 0, from, self.now));
    }
}
