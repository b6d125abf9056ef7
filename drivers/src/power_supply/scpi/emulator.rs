//! A described supply as a state machine: the lines of its description, and beside them the words
//! of most SCPI supplies.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::description::Description;
use super::output::Output;
use super::words::words;
use super::{RATED_AMPS, RATED_VOLTS};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::{BusId, Place, Plant, STEP, Sink};
use crate::scpi::responder::Responder;
use crate::scpi::status::{Status, text_of};

/// Longest line.
const LONGEST_LINE: usize = 1_024;

/// A supply on a bus.
pub(super) struct Supply {
    words: Description,
    responder: Responder,
    output: Output,
    place: Option<BusId>,
    load_ohm: Option<f64>,
    latency_us: u64,
    muted_until: BenchTime,
    /// When the protections look at the bus next.
    looks_at: BenchTime,
    line: Vec<u8>,
}

impl Supply {
    pub(super) fn new(setup: &EmulatorSetup) -> Supply {
        let words = Description::new(&setup.options);
        let number = |name, default| setup.options.number(name).unwrap_or(default);
        Supply {
            responder: Responder::new(words.example()).on_a_bus(LONGEST_LINE),
            words,
            output: Output::new(
                number("rated_volts", RATED_VOLTS),
                number("rated_amps", RATED_AMPS),
                setup.seed.stream(setup.device.as_str(), "noise"),
            ),
            place: match setup.place {
                Place::Bus(bus) => Some(bus),
                _ => None,
            },
            load_ohm: setup.options.number("load_ohm"),
            latency_us: (number("latency", 0.010) * 1e6).round() as u64,
            muted_until: BenchTime::ZERO,
            looks_at: BenchTime::MAX,
            line: Vec::new(),
        }
    }

    /// What a line answers, without its end: by the description, or else as most supplies do.
    fn hear(&mut self, line: &[u8]) -> String {
        let text = String::from_utf8_lossy(line);
        if let Some(answer) = self.described(text.trim()) {
            return answer;
        }
        let mut whole = line.to_vec();
        whole.push(b'\n');
        let output = &mut self.output;
        let answer = self.responder.receive(&whole, words(), |call, _, reply| {
            output.carry_out(call, reply)
        });
        answer.trim_end().to_owned()
    }

    /// What the description says of a line; `None` if it is none of its.
    fn described(&mut self, line: &str) -> Option<String> {
        let words = &self.words;
        let is = |told: &str| !told.is_empty() && told.trim().eq_ignore_ascii_case(line);
        let (output, status) = (&mut self.output, &mut self.responder.status);
        if let Some(values) = words.set.read(line).filter(|_| !words.set.is_empty()) {
            return Some(done(output.set(Some(values[0]), Some(values[1])), status));
        }
        if let Some(&[volts]) = words.set_volts.read(line).as_deref() {
            return Some(done(output.set(Some(volts), None), status));
        }
        if let Some(&[amps]) = words.set_amps.read(line).as_deref() {
            return Some(done(output.set(None, Some(amps)), status));
        }
        if let Some(&[volts]) = words.protect.read(line).as_deref() {
            return Some(done(output.protect(volts), status));
        }
        if let Some(&[state]) = words.over_current_set.read(line).as_deref() {
            output.over_current_trips = state != 0.0;
            return Some(String::new());
        }
        if is(&words.on) || is(&words.off) {
            output.on = is(&words.on);
            return Some(String::new());
        }
        if is(&words.clear) {
            output.clear();
            return Some(String::new());
        }
        if is(&words.remote) {
            return Some(String::new());
        }
        let state = |state: bool| {
            let on = words.on_answers.first().map_or("1", String::as_str);
            let off = if on.eq_ignore_ascii_case("on") {
                "OFF"
            } else {
                "0"
            };
            if state { on } else { off }.to_owned()
        };
        if is(&words.output_query) {
            return Some(state(output.on));
        }
        if is(&words.tripped_query) {
            return Some(state(output.is_tripped()));
        }
        let [volts, amps] = output.settings();
        for (question, number) in [
            (&words.volts_query, volts),
            (&words.amps_query, amps),
            (&words.protect_query, output.over_voltage),
        ] {
            if is(question) {
                return Some(format!("{number:.4}"));
            }
        }
        let questions = [&words.measure_volts, &words.measure_amps];
        if let Some(which) = questions.iter().position(|question| is(question)) {
            return Some(format!("{:.4}", output.measured()[which]));
        }
        if is(&words.identity_query) {
            return Some(words.example());
        }
        if is(&words.error_query) {
            let code = status.take_error();
            return Some(format!("{code:+},\"{}\"", text_of(code)));
        }
        None
    }

    fn settle(&mut self, at: BenchTime, plant: &mut Plant) {
        self.output.guard(at, &mut self.responder.status);
        if let Some(bus) = self.place {
            plant.drive(bus, self.output.drive());
            if let Some(ohm) = self.load_ohm.take() {
                plant.sink(bus, Sink::Ohms(ohm));
            }
        }
        self.looks_at = if self.output.is_feeding() {
            at + STEP
        } else {
            BenchTime::MAX
        };
    }

    fn look(&mut self, plant: &Plant) {
        if let Some(bus) = self.place {
            self.output.bus = plant.bus(bus);
        }
    }
}

impl Emulator for Supply {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        self.look(plant);
        let mut answers = String::new();
        for &byte in chunk {
            if byte != self.words.end() {
                // Too long a line is cut, and refused by its rest.
                if self.line.len() <= LONGEST_LINE {
                    self.line.push(byte);
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let answer = self.hear(&line);
            self.output.guard(at, &mut self.responder.status);
            if !answer.is_empty() {
                answers.push_str(&answer);
                answers.push_str(self.words.terminator);
            }
        }
        self.settle(at, plant);
        if !answers.is_empty() {
            out.send_at(at.plus_micros(self.latency_us), answers);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.looks_at
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, _out: &mut Outbox) {
        if at < self.looks_at {
            return;
        }
        self.look(plant);
        self.settle(at, plant);
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, plant: &mut Plant) {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
                self.responder.forget();
                self.line.clear();
            }
            Fault::OverVoltageTrip => {
                self.output.trip_over_voltage();
                self.settle(at, plant);
            }
            _ => {}
        }
    }
}

/// Nothing is answered; an error goes into the queue.
fn done(outcome: Result<(), i16>, status: &mut Status) -> String {
    if let Err(code) = outcome {
        status.error(code);
    }
    String::new()
}
