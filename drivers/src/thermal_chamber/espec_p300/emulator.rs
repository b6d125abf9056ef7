//! A P-300 as a state machine: lines in, `OK:`, `NA:` or what was asked out, and the air that it
//! conditions.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::refusal;
use super::state::{Mode, State};
use crate::ascii::{Lines, text_of};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::Plant;
use crate::thermal_chamber::cabinet::Cabinet;

/// How often it looks at itself while it conditions the air, µs.
const STEP_US: u64 = 1_000_000;
/// Highest address.
const ADDRESSES: u32 = 16;

/// A controller and its chamber.
pub(super) struct Chamber {
    cabinet: Cabinet,
    /// Address on RS-485. It hears what is addressed to nobody too, as on RS-232.
    address: u32,
    lines: Lines,
    state: State,
    next: BenchTime,
    /// When its latest answer leaves: it answers one command after another.
    busy_until: BenchTime,
}

impl Chamber {
    pub(super) fn new(setup: &EmulatorSetup) -> Chamber {
        let options = &setup.options;
        let cabinet = Cabinet::new(setup);
        let humid = options.text("humidity") != Some("no");
        Chamber {
            address: options.number("address").unwrap_or(1.0) as u32,
            lines: Lines::default(),
            state: State::new(humid, cabinet.is_sensor_open),
            cabinet,
            next: BenchTime::MAX,
            busy_until: BenchTime::ZERO,
        }
    }

    fn catch_up(&mut self, at: BenchTime, plant: &mut Plant) {
        let air = self.cabinet.sensed(plant);
        self.state.advance(at, air);
        self.drive(at, plant);
    }

    fn drive(&mut self, at: BenchTime, plant: &mut Plant) {
        self.cabinet.condition(plant, self.state.target());
        self.next = match self.state.mode {
            Mode::Constant | Mode::Run(_) => at.plus_micros(STEP_US),
            Mode::Off | Mode::Standby => BenchTime::MAX,
        };
    }

    /// Carries out a line and gives what it answers; `None` if it is another's.
    fn carry_out(&mut self, line: &str) -> Option<String> {
        let command = match addressed(line) {
            Ok((Some(address), _)) if address != self.address => return None,
            Ok((_, command)) => command,
            Err(why) => return Some(format!("NA:{why}")),
        };
        let (what, rest) = command.split_once(',').unwrap_or((command, ""));
        let what = what.trim().to_ascii_uppercase();
        let outcome = match what.strip_suffix('?') {
            Some(what) => {
                let rest = rest.trim().to_ascii_uppercase();
                self.state.answer(what.trim_end(), &rest)
            }
            None => self
                .state
                .tell(&what, rest)
                .map(|()| format!("OK:{command}")),
        };
        Some(outcome.unwrap_or_else(|why| format!("NA:{why}")))
    }
}

impl Emulator for Chamber {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if !self.cabinet.hears(at) {
            return;
        }
        self.catch_up(at, plant);
        for line in self.lines.receive(chunk) {
            let answer = match text_of(line) {
                Some(line) => self.carry_out(&line),
                None => Some(format!("NA:{}", refusal::COMMAND)),
            };
            if let Some(answer) = answer {
                self.busy_until = self.cabinet.answers_at(at.max(self.busy_until));
                out.send_at(self.busy_until, format!("{answer}\r\n"));
            }
        }
        self.drive(at, plant);
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

/// The address before a command, `1,TEMP?`, if there is one.
fn addressed(line: &str) -> Result<(Option<u32>, &str), &'static str> {
    let line = line.trim();
    let Some((address, command)) = line.split_once(',') else {
        return Ok((None, line));
    };
    let is_address = !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_digit());
    if !is_address {
        return Ok((None, line));
    }
    let address = address.parse().ok();
    let address = address.filter(|address| (1..=ADDRESSES).contains(address));
    match address {
        Some(address) => Ok((Some(address), command.trim())),
        None => Err(refusal::ADDRESS),
    }
}
