//! What a P-300 does: its modes, its alarms, and the programs that it plays.

use profiles::time::BenchTime;

use super::memory::Memory;
use super::pattern::{End, Pattern};
use super::{MARGIN, REACH, refusal};
use crate::thermal_chamber::calendar::Calendar;
use crate::thermal_chamber::program::{Leg, Player, Program, Way};

/// Alarm: the sensor's wire is broken.
const BURN_OUT: u8 = 0;
/// Alarm: the air is above the upper limit.
const TOO_HOT: u8 = 1;
/// Alarm: the air is below the lower limit.
const TOO_COLD: u8 = 2;
/// Humidity of the room, %.
const ROOM_HUMIDITY: f64 = 45.0;
/// Time constant of humidity towards its set point, s.
const HUMIDITY_S: f64 = 240.0;

/// What the controller does.
#[derive(Debug)]
pub(super) enum Mode {
    Off,
    Standby,
    Constant,
    Run(Box<Run>),
}

/// A program that runs.
#[derive(Debug)]
pub(super) struct Run {
    /// Its number; `None` for one that was told in one line.
    pub(super) number: Option<usize>,
    pub(super) pattern: Pattern,
    pub(super) player: Player,
    /// Whether it is over and holds its last step.
    pub(super) is_over: bool,
}

/// A set point and its limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) set: f64,
    pub(super) high: f64,
    pub(super) low: f64,
}

/// The controller.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a state of its own; none excludes another"
)]
pub(super) struct State {
    /// Whether it controls humidity too.
    pub(super) humid: bool,
    pub(super) mode: Mode,
    pub(super) temperature: Setting,
    pub(super) humidity: Setting,
    pub(super) humidity_on: bool,
    /// What the sensors say.
    pub(super) air: f64,
    pub(super) damp: f64,
    pub(super) is_sensor_open: bool,
    pub(super) alarms: Vec<u8>,
    /// Whether the air has been within its limits since it is conditioned.
    was_within: bool,
    pub(super) refrigeration: u8,
    pub(super) relays: u16,
    pub(super) key_protect: bool,
    pub(super) mask: String,
    /// Alarm and change of state, for the service request.
    pub(super) requests: [bool; 2],
    pub(super) calendar: Calendar,
    pub(super) network: String,
    pub(super) memory: Memory,
    pub(super) now: BenchTime,
}

impl State {
    pub(super) fn new(humid: bool, is_sensor_open: bool) -> State {
        State {
            humid,
            mode: Mode::Standby,
            temperature: Setting {
                set: 23.0,
                high: REACH[1] + MARGIN,
                low: REACH[0] - MARGIN,
            },
            humidity: Setting {
                set: 50.0,
                high: 100.0,
                low: 0.0,
            },
            humidity_on: false,
            air: 23.0,
            damp: ROOM_HUMIDITY,
            is_sensor_open,
            alarms: Vec::new(),
            was_within: false,
            refrigeration: 9,
            relays: 0,
            key_protect: false,
            mask: "00000000".to_owned(),
            requests: [false; 2],
            calendar: Calendar::default(),
            network: "192.168.0.1,255.255.255.0,0.0.0.0".to_owned(),
            memory: Memory::new(humid),
            now: BenchTime::ZERO,
        }
    }

    /// Moves on to `at`, at which the sensor says `air`.
    pub(super) fn advance(&mut self, at: BenchTime, air: f64) {
        let seconds = at.micros_since(self.now) as f64 / 1e6;
        self.now = self.now.max(at);
        self.air = air;
        let step = match &mut self.mode {
            Mode::Run(run) if !run.is_over => {
                let plays = run.player.advance(at, air);
                run.pattern
                    .steps
                    .get(run.player.leg())
                    .map_or(plays, |step| {
                        if let Some(humidity) = step.humidity {
                            self.humidity.set = humidity;
                        }
                        self.humidity_on = step.humidity.is_some();
                        self.relays = step.relays;
                        plays
                    })
            }
            _ => true,
        };
        if !step {
            self.end_of_program();
        }
        let goal = match self.humidity_target() {
            Some(humidity) => humidity,
            None => ROOM_HUMIDITY,
        };
        self.damp += (goal - self.damp) * (1.0 - (-seconds / HUMIDITY_S).exp());
        self.watch();
    }

    /// Where the air is driven to, °C; `None`: nowhere.
    pub(super) fn target(&self) -> Option<f64> {
        self.is_conditioning().then(|| self.set_point())
    }

    /// The set point that is in force.
    pub(super) fn set_point(&self) -> f64 {
        match &self.mode {
            Mode::Run(run) => run.player.set_point(),
            Mode::Off | Mode::Standby | Mode::Constant => self.temperature.set,
        }
    }

    pub(super) fn humidity_target(&self) -> Option<f64> {
        let on = self.humid && self.humidity_on && self.is_conditioning();
        on.then_some(self.humidity.set)
    }

    pub(super) fn is_conditioning(&self) -> bool {
        matches!(self.mode, Mode::Constant | Mode::Run(_))
    }

    /// The number of the program that runs.
    pub(super) fn running(&self) -> Option<usize> {
        match &self.mode {
            Mode::Run(run) => run.number,
            Mode::Off | Mode::Standby | Mode::Constant => None,
        }
    }

    /// `RUN`; in detail `RUN PAUSE`, `RMT RUN`.
    pub(super) fn mode_told(&self, detail: bool) -> &'static str {
        match &self.mode {
            Mode::Off => "OFF",
            Mode::Standby => "STANDBY",
            Mode::Constant => "CONSTANT",
            Mode::Run(_) if !detail => "RUN",
            Mode::Run(run) => match (run.number, run.is_over, run.player.is_held()) {
                (Some(_), true, _) => "RUN END HOLD",
                (Some(_), false, true) => "RUN PAUSE",
                (Some(_), false, false) => "RUN",
                (None, true, _) => "RMT RUN END HOLD",
                (None, false, true) => "RMT RUN PAUSE",
                (None, false, false) => "RMT RUN",
            },
        }
    }

    /// Goes into a mode in which no program runs.
    pub(super) fn enter(&mut self, mode: Mode) -> Result<(), &'static str> {
        let starts = matches!(mode, Mode::Constant | Mode::Run(_));
        if starts && !self.alarms.is_empty() {
            return Err(refusal::NOT_READY);
        }
        if starts && !self.is_conditioning() {
            self.was_within = false;
        }
        if matches!(mode, Mode::Off) {
            // Switching it off takes back what the alarms hold.
            self.alarms.clear();
        }
        self.mode = mode;
        self.requests[1] = true;
        self.watch();
        Ok(())
    }

    /// Runs a program from a step on, both counted from 1.
    pub(super) fn run(&mut self, number: usize, step: usize) -> Result<(), &'static str> {
        let pattern = self.memory.get(number).cloned().ok_or(refusal::NO_DATA)?;
        if step == 0 || step > pattern.steps.len() {
            return Err(refusal::RANGE);
        }
        let before = &pattern.before[0];
        let from = if before.mode == "SV" {
            before.value
        } else {
            self.air
        };
        let player = Player::new(pattern.program(), step - 1, from, self.now);
        self.enter(Mode::Run(Box::new(Run {
            number: Some(number),
            pattern,
            player,
            is_over: false,
        })))
    }

    /// Runs a program of one step that was told in one line: from a temperature, perhaps to
    /// another.
    pub(super) fn run_remote(
        &mut self,
        pattern: Pattern,
        from: f64,
        to: f64,
        minutes: u32,
    ) -> Result<(), &'static str> {
        let leg = Leg {
            target: Some(to),
            way: Way::Ramp,
            seconds: f64::from(minutes) * 60.0,
            within: None,
            pauses: false,
        };
        let program = Program {
            legs: vec![leg],
            returns: Vec::new(),
        };
        let player = Player::new(program, 0, from, self.now);
        self.enter(Mode::Run(Box::new(Run {
            number: None,
            pattern,
            player,
            is_over: false,
        })))
    }

    /// Ends the program as it says, or as it is told.
    pub(super) fn end_in(&mut self, end: End) -> Result<(), &'static str> {
        match end {
            End::Off => self.enter(Mode::Off),
            End::Standby => self.enter(Mode::Standby),
            End::Constant => self.enter(Mode::Constant),
            End::Run(number) => self.run(number, 1),
            End::Hold => {
                if let Mode::Run(run) = &mut self.mode {
                    run.is_over = true;
                    self.requests[1] = true;
                }
                Ok(())
            }
        }
    }

    fn end_of_program(&mut self) {
        let end = match &self.mode {
            Mode::Run(run) => run.pattern.end,
            Mode::Off | Mode::Standby | Mode::Constant => return,
        };
        if self.end_in(end).is_err() {
            self.mode = Mode::Standby;
        }
    }

    /// Alarms stop the chamber. The limits count once the air has been within them.
    fn watch(&mut self) {
        let Setting { high, low, .. } = self.temperature;
        let within = (low..=high).contains(&self.air);
        let alarm = if self.is_sensor_open {
            Some(BURN_OUT)
        } else if !self.is_conditioning() || !self.was_within {
            None
        } else if self.air > high {
            Some(TOO_HOT)
        } else if self.air < low {
            Some(TOO_COLD)
        } else {
            None
        };
        self.was_within |= within && self.is_conditioning();
        if let Some(alarm) = alarm {
            if !self.alarms.contains(&alarm) {
                self.alarms.push(alarm);
                self.requests[0] = true;
            }
            if self.is_conditioning() {
                self.mode = Mode::Standby;
                self.requests[1] = true;
            }
        }
    }
}
