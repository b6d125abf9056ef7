//! A S!MPAC controller as a state machine: ASCII-2 and SIMSERV in, and the air that it conditions.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::simserv::{self, FIELD};
use super::state::{KEPT, State};
use super::{CHANNELS, decimal};
use crate::ascii::{Lines, text_of};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::Plant;
use crate::thermal_chamber::cabinet::Cabinet;

/// How often gradients and programs move on by themselves, µs.
const STEP_US: u64 = 1_000_000;
/// Answers to what it is told: done, and not. The second is assumed.
const DONE: &str = "0";
const NOT_DONE: &str = "1";
/// What the controller says about the messages that it takes.
const DESCRIPTION: &str = "ASCII-2 PROTOCOL CONFIGURATION\n\
    Example of an ASCII E-String:\n\
    $01E CV01 CV02 SV01 SV02 DO00 .. DO31 <CR>\n\
    CV01  value min:  -40.0   value max:  130.0   Temperature\n\
    DO01  Start\n\
    Example of an ASCII I-String:\n\
    $01I<CR>\n\
    CV01 nominal, actual; CV02 nominal, actual; SV01; SV02; Pt100 1 to 4; DO00 .. DO31";

/// A controller and its chamber.
pub(super) struct Chamber {
    cabinet: Cabinet,
    address: u32,
    lines: Lines,
    state: State,
    next: BenchTime,
    busy_until: BenchTime,
    /// Whether LF follows the CR of who asks, as far as is known, and whether the last byte was CR.
    asked_with_lf: bool,
    after_cr: bool,
}

impl Chamber {
    pub(super) fn new(setup: &EmulatorSetup) -> Chamber {
        let cabinet = Cabinet::new(setup);
        Chamber {
            address: setup.options.number("address").unwrap_or(1.0) as u32,
            lines: Lines::default(),
            state: State::new(cabinet.is_sensor_open, cabinet.is_door_open),
            cabinet,
            next: BenchTime::MAX,
            busy_until: BenchTime::ZERO,
            asked_with_lf: false,
            after_cr: false,
        }
    }

    fn catch_up(&mut self, at: BenchTime, plant: &mut Plant) {
        let air = self.cabinet.sensed(plant);
        self.state.advance(at, air);
        self.cabinet.condition(plant, self.state.target());
        self.next = if self.state.moves() {
            at.plus_micros(STEP_US)
        } else {
            BenchTime::MAX
        };
    }

    fn carry_out(&mut self, line: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let is_simserv = |line: &Vec<u8>| {
            line.contains(&FIELD) || (line.len() == 5 && line.iter().all(u8::is_ascii_digit))
        };
        if let Some(line) = line.as_ref().filter(|line| is_simserv(line)) {
            return Some(simserv::answer(&mut self.state, line));
        }
        let line = text_of(line)?;
        self.ascii(line.trim()).map(String::into_bytes)
    }

    /// `$01I`. What is not addressed to it is not answered; address 00 is whoever is there.
    fn ascii(&mut self, line: &str) -> Option<String> {
        let rest = line.strip_prefix('$')?;
        let (address, rest) = rest.split_at_checked(2)?;
        let address: u32 = address.parse().ok()?;
        if address != self.address && address != 0 {
            return None;
        }
        let (command, rest) = rest.split_at_checked(1)?;
        let done = |is_done| if is_done { DONE } else { NOT_DONE }.to_owned();
        Some(match command {
            "I" if rest.is_empty() => self.told(),
            "?" if rest.is_empty() => DESCRIPTION.to_owned(),
            "E" => done(self.set(rest)),
            "U" => done(numbers(rest).is_some_and(|n| self.state.set_gradients(&n).is_ok())),
            "P" => {
                let number = rest.trim().parse().ok();
                done(number.is_some_and(|number| self.state.run(number).is_ok()))
            }
            _ => format!("'{line}' is an unknown command."),
        })
    }

    /// Set points and measurements, then the digital channels.
    fn told(&self) -> String {
        let state = &self.state;
        let [second, first_set, second_set] = state.kept;
        let values = [
            state.in_force(),
            state.actual(),
            second,
            0.0,
            first_set,
            second_set,
            0.0,
            0.0,
            0.0,
            0.0,
        ];
        let values: Vec<String> = values.into_iter().map(decimal).collect();
        let channels = state.digital.iter().enumerate();
        let digital: String = channels
            .map(|(index, &on)| {
                let on = if index == super::START {
                    state.is_running()
                } else {
                    on
                };
                if on { '1' } else { '0' }
            })
            .collect();
        format!("{} {digital}", values.join(" "))
    }

    /// ` 0023.0 0000.0 0000.0 0000.0 0100…`: set points, perhaps fewer, and perhaps the digital
    /// channels. Without them nothing is switched.
    fn set(&mut self, text: &str) -> bool {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let is_digital = |word: &&str| {
            (4..=CHANNELS).contains(&word.len()) && word.bytes().all(|b| matches!(b, b'0' | b'1'))
        };
        let digital: Option<Vec<bool>> = words
            .pop_if(|word| is_digital(&&**word))
            .map(|word| word.bytes().map(|bit| bit == b'1').collect());
        let Some(values) = numbers(&words.join(" ")) else {
            return false;
        };
        if values.len() > 1 + KEPT + CHANNELS {
            return false;
        }
        self.state.set(&values, digital.as_deref()).is_ok()
    }
}

impl Emulator for Chamber {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if !self.cabinet.hears(at) {
            return;
        }
        self.catch_up(at, plant);
        // It ends its answers as it is asked; a line may tear CR and LF apart.
        if chunk.contains(&b'\n') {
            self.asked_with_lf = true;
        } else if self.after_cr {
            self.asked_with_lf = false;
        }
        self.after_cr = chunk.last() == Some(&b'\r');
        let end: &[u8] = if self.asked_with_lf { b"\r\n" } else { b"\r" };
        for line in self.lines.receive(chunk) {
            if let Some(mut answer) = self.carry_out(line) {
                answer.extend_from_slice(end);
                self.busy_until = self.cabinet.answers_at(at.max(self.busy_until));
                out.send_at(self.busy_until, answer);
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

/// Numbers between blanks; `None` if one is none, or there is none.
fn numbers(text: &str) -> Option<Vec<f64>> {
    let numbers: Option<Vec<f64>> = text
        .split_whitespace()
        .map(|word| word.parse().ok().filter(|number: &f64| number.is_finite()))
        .collect();
    numbers.filter(|numbers| !numbers.is_empty())
}
