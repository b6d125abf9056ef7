//! A circulator as a state machine: three set points of which one counts, while it runs.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::REACH;
use crate::ascii::{Lines, text_of};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::Plant;
use crate::thermal_chamber::cabinet::{Cabinet, effort};

/// What the sensor reads when its wire is broken, °C. Assumed; the status tells of it too.
const OPEN: f64 = 999.99;

/// A status that something wrong left behind: code and words (Magio MX manual, p. 91; CF manuals,
/// "Error messages").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    SensorAlarm,
    InvalidCommand,
    NotAllowed,
    TooSmall,
    TooLarge,
    BeyondLimits,
}

impl Wrong {
    fn text(self) -> &'static str {
        match self {
            Wrong::SensorAlarm => "-05 WORKING SENSOR ALARM",
            Wrong::InvalidCommand => "-08 INVALID COMMAND",
            Wrong::NotAllowed => "-09 COMMAND NOT ALLOWED IN CURRENT OPERATING MODE",
            Wrong::TooSmall => "-10 VALUE TOO SMALL",
            Wrong::TooLarge => "-11 VALUE TOO LARGE",
            Wrong::BeyondLimits => "-13 VALUE EXCEEDS TEMPERATURE LIMITS",
        }
    }
}

/// A circulator and what it tempers.
pub(super) struct Circulator {
    cabinet: Cabinet,
    lines: Lines,
    controller: Controller,
    recovery_us: u64,
    /// Before this it hears nothing.
    deaf_until: BenchTime,
    busy_until: BenchTime,
}

/// What the controller remembers.
struct Controller {
    is_remote: bool,
    runs: bool,
    set_points: [f64; 3],
    /// Which of them counts.
    chosen: usize,
    /// Warnings of high and low temperature, °C.
    limits: [f64; 2],
    /// Pressure stage of the pump, 1 to 4.
    pump: u8,
    /// What it has not told yet.
    wrong: Option<Wrong>,
    bath: f64,
    is_sensor_open: bool,
}

impl Circulator {
    pub(super) fn new(setup: &EmulatorSetup) -> Circulator {
        let options = &setup.options;
        let cabinet = Cabinet::new(setup);
        let recovery = options.number("recovery").unwrap_or(0.2);
        Circulator {
            lines: Lines::default(),
            controller: Controller {
                is_remote: options.text("control") != Some("manual"),
                runs: false,
                set_points: [23.0; 3],
                chosen: 0,
                limits: [REACH[1], REACH[0]],
                pump: 1,
                wrong: None,
                bath: 23.0,
                is_sensor_open: cabinet.is_sensor_open,
            },
            cabinet,
            recovery_us: (recovery * 1e6).round() as u64,
            deaf_until: BenchTime::ZERO,
            busy_until: BenchTime::ZERO,
        }
    }

    fn catch_up(&mut self, plant: &mut Plant) {
        self.controller.bath = self.cabinet.sensed(plant);
        self.cabinet.condition(plant, self.controller.target());
    }

    fn carry_out(&mut self, at: BenchTime, line: Option<Vec<u8>>, out: &mut Outbox) {
        let line = text_of(line).unwrap_or_default();
        let line = line.trim().to_ascii_uppercase();
        if let Some(order) = line.strip_prefix("OUT_") {
            self.deaf_until = at.plus_micros(self.recovery_us);
            if let Err(wrong) = self.controller.tell(order) {
                self.controller.wrong = Some(wrong);
            }
        } else if let Some(answer) = self.controller.answer(&line) {
            self.busy_until = self.cabinet.answers_at(at.max(self.busy_until));
            out.send_at(self.busy_until, format!("{answer}\n"));
        } else {
            self.controller.wrong = Some(Wrong::InvalidCommand);
        }
    }
}

impl Emulator for Circulator {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if !self.cabinet.hears(at) {
            return;
        }
        self.catch_up(plant);
        for line in self.lines.receive(chunk) {
            // What comes while it is busy with the last setting is lost.
            if at >= self.deaf_until {
                self.carry_out(at, line, out);
            }
        }
        self.catch_up(plant);
    }

    fn next_action(&self) -> BenchTime {
        BenchTime::MAX
    }

    fn act(&mut self, _at: BenchTime, _plant: &mut Plant, _out: &mut Outbox) {}

    fn inject(&mut self, at: BenchTime, fault: &Fault, _plant: &mut Plant) {
        if self.cabinet.fall_silent(at, fault) {
            self.lines.forget();
        }
    }
}

impl Controller {
    fn target(&self) -> Option<f64> {
        self.runs.then(|| self.set_points[self.chosen])
    }

    /// The answer to a question; nothing is answered to what is none.
    fn answer(&mut self, line: &str) -> Option<String> {
        let answer = match line {
            "VERSION" => "JULABO FP50-HE VERSION 2.1".to_owned(),
            "STATUS" => self.status().to_owned(),
            "IN_PV_00" | "IN_PV_03" if self.is_sensor_open => format!("{OPEN:.2}"),
            "IN_PV_00" | "IN_PV_03" => format!("{:.2}", self.bath),
            "IN_PV_01" => {
                let effort = self
                    .target()
                    .map_or(0.0, |target| effort(target, self.bath));
                format!("{:.0}", effort * 100.0)
            }
            "IN_SP_00" | "IN_SP_01" | "IN_SP_02" => {
                format!("{:.2}", self.set_points[set_point(&line[3..])?])
            }
            "IN_SP_03" => format!("{:.2}", self.limits[0]),
            "IN_SP_04" => format!("{:.2}", self.limits[1]),
            "IN_SP_07" => self.pump.to_string(),
            "IN_MODE_01" => self.chosen.to_string(),
            // No self-tuning, the internal sensor.
            "IN_MODE_02" | "IN_MODE_04" => "0".to_owned(),
            "IN_MODE_05" => u8::from(self.runs).to_string(),
            _ => return None,
        };
        Some(answer)
    }

    fn status(&mut self) -> &'static str {
        match (self.wrong.take(), self.is_remote, self.runs) {
            (Some(wrong), ..) => wrong.text(),
            _ if self.is_sensor_open => Wrong::SensorAlarm.text(),
            (None, false, false) => "00 MANUAL STOP",
            (None, false, true) => "01 MANUAL START",
            (None, true, false) => "02 REMOTE STOP",
            (None, true, true) => "03 REMOTE START",
        }
    }

    fn tell(&mut self, order: &str) -> Result<(), Wrong> {
        let (what, value) = order.split_once(' ').ok_or(Wrong::InvalidCommand)?;
        let value = value.trim().parse::<f64>().ok();
        let value = value.filter(|value| value.is_finite());
        let value = value.ok_or(Wrong::InvalidCommand)?;
        if !self.is_remote {
            return Err(Wrong::NotAllowed);
        }
        match what {
            "MODE_01" => self.chosen = within(value, 0.0, 2.0)? as usize,
            "MODE_05" => self.runs = within(value, 0.0, 1.0)? >= 1.0,
            "SP_00" | "SP_01" | "SP_02" => {
                let place = set_point(what).ok_or(Wrong::InvalidCommand)?;
                self.set_points[place] = within(value, REACH[0], REACH[1])?;
                // It is stored all the same.
                let [high, low] = self.limits;
                if !(low..=high).contains(&value) {
                    return Err(Wrong::BeyondLimits);
                }
            }
            "SP_03" => self.limits[0] = within(value, REACH[0], REACH[1])?,
            "SP_04" => self.limits[1] = within(value, REACH[0], REACH[1])?,
            "SP_07" => self.pump = within(value, 1.0, 4.0)? as u8,
            _ => return Err(Wrong::InvalidCommand),
        }
        Ok(())
    }
}

fn set_point(what: &str) -> Option<usize> {
    ["SP_00", "SP_01", "SP_02"]
        .iter()
        .position(|name| *name == what)
}

fn within(value: f64, min: f64, max: f64) -> Result<f64, Wrong> {
    if value < min {
        Err(Wrong::TooSmall)
    } else if value > max {
        Err(Wrong::TooLarge)
    } else {
        Ok(value)
    }
}
