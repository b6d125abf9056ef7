//! A Thermotron controller as a state machine: a manual set point that counts once it runs.

use profiles::command::Fault;
use profiles::option::Options;
use profiles::time::BenchTime;

use super::{Dialect, REACH, mode};
use crate::ascii::{Lines, text_of};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::Plant;
use crate::thermal_chamber::cabinet::{Cabinet, effort};
use crate::thermal_chamber::program::{Leg, Player, Program, Way};

/// How often a ramp moves on by itself, µs.
const STEP_US: u64 = 1_000_000;
/// How long it takes to start anew, µs.
const INIT_US: u64 = 3_000_000;
/// Deviation at which an alarm is told, K.
const DEVIATION: f64 = 5.0;
/// Answers of an 8200 to what it is told: done, not in this mode, no such command, out of range.
/// The first is Thermotron's; the others are assumed.
const DONE: &str = "0";
const NOT_NOW: &str = "1";
const UNKNOWN: &str = "2";
const OUT_OF_RANGE: &str = "3";

/// A controller and its chamber.
pub(super) struct Chamber {
    cabinet: Cabinet,
    dialect: Dialect,
    lines: Lines,
    controller: Controller,
    recovery_us: u64,
    /// Before this it hears nothing.
    deaf_until: BenchTime,
    busy_until: BenchTime,
    next: BenchTime,
}

/// What the controller remembers.
struct Controller {
    dialect: Dialect,
    mode: u16,
    /// The set point that is in force.
    set_point: f64,
    /// The set point that was told, for the next run.
    told: f64,
    /// Rate of manual ramps, K/min; 0: none.
    rate: f64,
    ramp: Option<Player>,
    auxiliaries: u8,
    air: f64,
    now: BenchTime,
    is_sensor_open: bool,
    is_door_open: bool,
}

/// What becomes of a line.
enum Outcome {
    Answer(String),
    /// It was told something.
    Told(&'static str),
}

impl Chamber {
    pub(super) fn new(setup: &EmulatorSetup) -> Chamber {
        let options: &Options = &setup.options;
        let dialect = Dialect::of(options);
        let cabinet = Cabinet::new(setup);
        let recovery = options.number("recovery").unwrap_or(0.9);
        Chamber {
            dialect,
            lines: Lines::default(),
            controller: Controller {
                dialect,
                mode: mode::STOP,
                set_point: 23.0,
                told: 23.0,
                rate: 0.0,
                ramp: None,
                auxiliaries: 0,
                air: 23.0,
                now: BenchTime::ZERO,
                is_sensor_open: cabinet.is_sensor_open,
                is_door_open: cabinet.is_door_open,
            },
            cabinet,
            recovery_us: match dialect {
                Dialect::Old => (recovery * 1e6).round() as u64,
                Dialect::New => 0,
            },
            deaf_until: BenchTime::ZERO,
            busy_until: BenchTime::ZERO,
            next: BenchTime::MAX,
        }
    }

    fn catch_up(&mut self, at: BenchTime, plant: &mut Plant) {
        self.controller.air = self.cabinet.sensed(plant);
        self.controller.now = at;
        self.controller.advance();
        self.cabinet.condition(plant, self.controller.target());
        self.next = match self.controller.ramp {
            Some(_) => at.plus_micros(STEP_US),
            None => BenchTime::MAX,
        };
    }

    fn carry_out(&mut self, at: BenchTime, line: Option<Vec<u8>>, out: &mut Outbox) {
        let line = text_of(line).unwrap_or_default();
        let line = line.trim().to_ascii_uppercase();
        let answer = match self.controller.hear(&line) {
            Outcome::Answer(answer) => Some(answer),
            Outcome::Told(outcome) => {
                let init = line == "INIT";
                self.deaf_until = at.plus_micros(if init { INIT_US } else { self.recovery_us });
                (self.dialect == Dialect::New).then(|| outcome.to_owned())
            }
        };
        if let Some(answer) = answer {
            self.busy_until = self.cabinet.answers_at(at.max(self.busy_until));
            out.send_at(self.busy_until, format!("{answer}\r\n"));
        }
    }
}

impl Emulator for Chamber {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if !self.cabinet.hears(at) {
            return;
        }
        self.catch_up(at, plant);
        for line in self.lines.receive(chunk) {
            // What comes while it is busy with the last command is lost.
            if at >= self.deaf_until {
                self.carry_out(at, line, out);
            }
        }
        self.catch_up(at, plant);
    }

    fn next_action(&self) -> BenchTime {
        self.next
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, _out: &mut Outbox) {
        self.catch_up(at, plant);
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, _plant: &mut Plant) {
        if self.cabinet.fall_silent(at, fault) {
            self.lines.forget();
        }
    }
}

impl Controller {
    fn advance(&mut self) {
        if let Some(ramp) = &mut self.ramp {
            ramp.hold(self.mode != mode::MANUAL);
            if !ramp.advance(self.now, self.air) {
                self.ramp = None;
            }
        }
    }

    fn target(&self) -> Option<f64> {
        (self.mode != mode::STOP).then(|| self.in_force())
    }

    fn in_force(&self) -> f64 {
        self.ramp.as_ref().map_or(self.set_point, Player::set_point)
    }

    fn hear(&mut self, line: &str) -> Outcome {
        match line.split_once('?') {
            Some((what, "")) => Outcome::Answer(self.answer(what)),
            Some(_) => Outcome::Told(UNKNOWN),
            None => {
                let (what, value) = line.split_once(',').unwrap_or((line, ""));
                Outcome::Told(self.tell(what.trim(), value.trim()))
            }
        }
    }

    fn answer(&self, what: &str) -> String {
        let is_sensed = !self.is_sensor_open;
        match what {
            "IDEN" if self.dialect == Dialect::New => "THERMOTRON 8200".to_owned(),
            "IDEN" => "THERMOTRON 3800".to_owned(),
            // Full scale of the input, as a broken wire is measured.
            "PVAR1" if !is_sensed => "999.9".to_owned(),
            "PVAR1" => format!("{:.1}", self.air),
            "SETP1" => format!("{:.1}", self.set_point),
            "DEVN1" => format!("{:.1}", self.air - self.in_force()),
            "MRMP1" => format!("{:.1}", self.rate),
            "THTL1" => {
                let effort = self.target().map_or(0.0, |target| effort(target, self.air));
                format!("{:.0}", effort * 100.0)
            }
            "MODE" => self.mode.to_string(),
            "AUXE1" => self.auxiliaries.to_string(),
            "CCHR1" => "C".to_owned(),
            "ALRM1" => self.alarms().to_string(),
            // Channels that are not fitted.
            _ if ["PVAR", "SETP", "DEVN", "THTL", "ALRM", "AUXE"]
                .iter()
                .any(|known| what.strip_prefix(known).is_some_and(is_channel)) =>
            {
                "0".to_owned()
            }
            _ => UNKNOWN.to_owned(),
        }
    }

    /// Bits: 0 low deviation, 1 high deviation, 4 low process, 5 high process.
    fn alarms(&self) -> u8 {
        let deviation = self.target().map_or(0.0, |target| self.air - target);
        let bits = [
            (0, deviation < -DEVIATION),
            (1, deviation > DEVIATION),
            (4, self.air < REACH[0] - 2.0),
            (5, self.is_sensor_open || self.air > REACH[1] + 2.0),
        ];
        bits.iter()
            .fold(0, |alarms, &(bit, on)| alarms | u8::from(on) << bit)
    }

    fn tell(&mut self, what: &str, value: &str) -> &'static str {
        let number = value
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite());
        match (what, value) {
            ("SETP1", _) => match number {
                Some(told) if (REACH[0]..=REACH[1]).contains(&told) => {
                    self.told = told;
                    // Later controllers that run take it at once.
                    if self.dialect == Dialect::New && self.mode == mode::MANUAL {
                        self.go();
                    }
                    DONE
                }
                _ => OUT_OF_RANGE,
            },
            ("MRMP1", _) => match number {
                Some(rate) if (0.0..=100.0).contains(&rate) => {
                    self.rate = rate;
                    DONE
                }
                _ => OUT_OF_RANGE,
            },
            ("AUXE1", _) => match value.parse() {
                Ok(bits) => {
                    self.auxiliaries = bits;
                    DONE
                }
                Err(_) => OUT_OF_RANGE,
            },
            // An open door and a broken sensor hold the chamber stopped.
            ("RUNM", "") if self.is_door_open || self.is_sensor_open => NOT_NOW,
            ("RUNM", "") => {
                self.mode = mode::MANUAL;
                self.go();
                DONE
            }
            ("HOLD", "") if self.mode == mode::MANUAL => {
                self.mode = mode::HOLD;
                DONE
            }
            ("RESM", "") if self.mode == mode::HOLD => {
                self.mode = mode::MANUAL;
                DONE
            }
            ("HOLD" | "RESM", "") => NOT_NOW,
            ("STOP" | "INIT", "") => {
                self.mode = mode::STOP;
                self.ramp = None;
                DONE
            }
            _ => UNKNOWN,
        }
    }

    /// Puts the set point that was told in force, by a ramp from the air if one is set.
    fn go(&mut self) {
        let is_new = (self.set_point - self.told).abs() > 0.0;
        self.set_point = self.told;
        self.ramp = (is_new && self.rate > 0.0).then(|| {
            let leg = Leg {
                target: Some(self.told),
                way: Way::Rate(self.rate),
                seconds: 0.0,
                within: None,
                pauses: false,
            };
            let program = Program {
                legs: vec![leg],
                returns: Vec::new(),
            };
            Player::new(program, 0, self.air, self.now)
        });
    }
}

fn is_channel(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
