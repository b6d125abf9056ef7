//! The board's half: the reference firmware's parser and answers, word for word, around the board that
//! every make shares.

use std::sync::Arc;

use profiles::command::Fault;
use profiles::option::Options;
use profiles::time::BenchTime;

use super::protocol::{COMMAND_SIZE, Elements, INIT_DONE, READY, TERMINATOR};
use crate::accelerator::board::{Board, Happened, Refusal};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::Plant;

/// From the end of a command to its answer, µs: an interrupt and the main loop.
const REPLY_US: u64 = 200;
/// The one input.
const SLOT: u16 = 0;
/// What the reference firmware says of itself.
const PROFILE: &str = "ULPMark for tinyML Firmware V0.0.1";
/// What `help` lists.
const HELP: &str = "\r\nhelp         : Print this information\r\nname         : Print the name of the \
    device\r\ntimestsamp   : Generate a timetsamp\r\ndb SUBCMD    : Manipulate a generic byte \
    buffer\r\n  load N     : Allocate N bytes and set load counter\r\n  db HH[HH]* : Load 8-bit hex \
    byte(s) until N bytes\r\n  print [N=16] [offset=0]\r\n             : Print N bytes at offset as \
    hex\r\ninfer N [W=0]: Load input, execute N inferences after W warmup loops\r\nresults      : \
    Return the result fp32 vector\r\n";

/// A board with its command line.
pub(super) struct MlperfTiny {
    board: Board,
    elements: Elements,
    model: &'static str,
    edges: bool,
    input_bytes: usize,
    command: Vec<u8>,
    /// A command that came while another was carried out; a later one overwrites it.
    pending: Option<String>,
    buffer: Vec<u8>,
    size: usize,
    run: Option<Run>,
    results: Option<Arc<[u8]>>,
}

/// `infer` under way.
struct Run {
    /// Inferences that are left, warm-up and timed.
    warm_up: u64,
    timed: u64,
    count: u64,
    /// Where the timed ones began, and how long they took so far, µs.
    began: Option<BenchTime>,
    took_us: u64,
}

impl MlperfTiny {
    pub(super) fn new(setup: &EmulatorSetup) -> MlperfTiny {
        let options = &setup.options;
        let board = Board::new(setup);
        MlperfTiny {
            elements: Elements::of(options, setup.network.as_ref()),
            model: model(options),
            edges: options.text("timestamps") == Some("edge"),
            input_bytes: board.input_bytes(),
            board,
            command: Vec::new(),
            pending: None,
            buffer: Vec::new(),
            size: 0,
            run: None,
            results: None,
        }
    }

    fn say(&self, at: BenchTime, text: &str, out: &mut Outbox) {
        if !self.board.is_muted(at) {
            out.send_at(at, format!("{text}\r\n"));
        }
    }

    fn ready(&self, at: BenchTime, out: &mut Outbox) {
        self.say(at, READY, out);
    }

    /// A time stamp: a line, or the edge of a pin, which nobody hears on this line.
    fn timestamp(&self, at: BenchTime, micros: u64, out: &mut Outbox) {
        if !self.edges {
            self.say(at, &format!("m-lap-us-{micros}"), out);
        }
    }

    /// Lives until `at`.
    fn live(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        for (then, happened) in self.board.live(at, plant) {
            match happened {
                Happened::Booted(_) => self.booted(then, out),
                // It knows no such mark.
                Happened::FirstToken(..) => {}
                Happened::Inferred(inference) => {
                    self.results = inference.output;
                    self.inferred(then, u64::from(inference.latency_us), out);
                }
                Happened::GaveUp(refusal) => {
                    self.run = None;
                    self.complain(then, refusal, out);
                    self.ready(then, out);
                }
            }
        }
        if !self.board.is_up() {
            self.run = None;
            self.command.clear();
            self.pending = None;
        }
    }

    fn booted(&mut self, at: BenchTime, out: &mut Outbox) {
        self.run = None;
        self.results = None;
        (self.size, self.pending) = (0, None);
        self.buffer.clear();
        self.command.clear();
        let mode = if self.edges { "energy" } else { "performance" };
        self.say(at, &format!("m-timestamp-mode-{mode}"), out);
        self.say(at, INIT_DONE, out);
        self.ready(at, out);
    }

    /// One inference of `infer` is done.
    fn inferred(&mut self, at: BenchTime, took_us: u64, out: &mut Outbox) {
        let Some(run) = &mut self.run else { return };
        if run.warm_up > 0 {
            run.warm_up -= 1;
        } else {
            run.timed = run.timed.saturating_sub(1);
            run.took_us += took_us;
        }
        self.go_on(at, out);
    }

    /// Begins the next inference of `infer`, or ends it.
    fn go_on(&mut self, at: BenchTime, out: &mut Outbox) {
        let Some(run) = &mut self.run else { return };
        let mut begins = None;
        if run.warm_up == 0 && run.began.is_none() {
            run.began = Some(at);
            begins = Some(run.count);
        }
        let (left, began) = (run.warm_up + run.timed, run.began);
        let ended = began.map(|began| began.as_micros() + run.took_us);
        if let Some(count) = begins {
            self.say(at, "m-warmup-done", out);
            self.say(at, &format!("m-infer-start-{count}"), out);
            self.timestamp(at, at.as_micros(), out);
        }
        if left > 0 {
            if let Err(refusal) = self.board.infer(at, 0, SLOT) {
                self.run = None;
                self.complain(at, refusal, out);
                self.ready(at, out);
            }
            return;
        }
        self.run = None;
        self.timestamp(at, ended.unwrap_or(at.as_micros()), out);
        self.say(at, "m-infer-done", out);
        self.tell_results(at, out);
        self.ready(at, out);
        if let Some(command) = self.pending.take() {
            self.carry_out(at, &command, out);
        }
    }

    fn complain(&self, at: BenchTime, refusal: Refusal, out: &mut Outbox) {
        let text = Refusal::text(u16::from(refusal.code()));
        self.say(at, &format!("e-[{text}]"), out);
    }

    fn tell_results(&self, at: BenchTime, out: &mut Outbox) {
        let results = self.results.as_deref().unwrap_or_default();
        let text = self.elements.write(results);
        self.say(at, &format!("m-results-[{text}]"), out);
    }

    fn carry_out(&mut self, at: BenchTime, command: &str, out: &mut Outbox) {
        let at = at.plus_micros(REPLY_US);
        let mut words = command.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("name"), ..) => self.say(at, "m-name-dut-[Bench]", out),
            (Some("timestamp"), ..) => self.timestamp(at, at.as_micros(), out),
            (Some("profile"), ..) => {
                self.say(at, &format!("m-profile-[{PROFILE}]"), out);
                self.say(at, &format!("m-model-[{}]", self.model), out);
            }
            (Some("help"), ..) => self.say(at, &format!("{PROFILE}\r\n{HELP}"), out),
            (Some("db"), subcommand, argument) => self.buffer(at, (subcommand, argument), out),
            (Some("infer"), count, warm_up) => {
                // It is ready when it is done.
                if self.infer(at, (count, warm_up), out) {
                    return;
                }
            }
            (Some("results"), ..) => self.tell_results(at, out),
            // The firmware would read from nowhere here; ours says nothing.
            (None, ..) => return,
            (Some(other), ..) => self.say(at, &format!("e-[Unknown command: {other}]"), out),
        }
        self.ready(at, out);
    }

    /// `db`: the buffer that holds the input.
    fn buffer(&mut self, at: BenchTime, words: (Option<&str>, Option<&str>), out: &mut Outbox) {
        let told = match words {
            (None, _) => Some("e-[Command 'db' requires a subcommand]".to_owned()),
            (Some("load"), None) => {
                Some("e-[Command 'db load' requires the # of bytes]".to_owned())
            }
            (Some("load"), Some(size)) => Some(self.allocate(size)),
            (Some("print"), _) => {
                let lines = self.buffer.chunks(8).map(|row| {
                    let bytes: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
                    format!("m-buffer-{}", bytes.join("-"))
                });
                Some(lines.collect::<Vec<String>>().join("\r\n"))
            }
            (Some(digits), _) => self.fill(digits),
        };
        if let Some(text) = told {
            self.say(at, &text, out);
        }
    }

    fn allocate(&mut self, size: &str) -> String {
        // As atoi has it: what is no number is zero.
        let size: usize = size.parse().unwrap_or(0);
        if size == 0 {
            return "e-[Command 'db load' must be >0 bytes]".to_owned();
        }
        self.size = size;
        self.buffer.clear();
        if size > self.input_bytes {
            let most = self.input_bytes;
            self.size = 0;
            return format!("Supplied buffer size {size} exceeds maximum of {most}");
        }
        format!("m-[Expecting {size} bytes]")
    }

    /// Takes digits into the buffer; what is left when it is full is disregarded.
    fn fill(&mut self, digits: &str) -> Option<String> {
        if !digits.len().is_multiple_of(2) {
            return Some("e-[Insufficent number of hex digits]".to_owned());
        }
        for pair in digits.as_bytes().chunks(2) {
            let text = std::str::from_utf8(pair).unwrap_or("??");
            let Ok(byte) = u8::from_str_radix(text, 16) else {
                return Some(format!("e-[Invalid hex digit '{text}']"));
            };
            if self.buffer.len() < self.size {
                self.buffer.push(byte);
            }
            if self.buffer.len() == self.size && self.size > 0 {
                return Some("m-load-done".to_owned());
            }
        }
        None
    }

    /// `infer`: whether it began.
    fn infer(
        &mut self,
        at: BenchTime,
        words: (Option<&str>, Option<&str>),
        out: &mut Outbox,
    ) -> bool {
        let number = |word: Option<&str>, default: i64| {
            word.map_or(default, |word| word.parse().unwrap_or(0))
        };
        let (count, warm_up) = (number(words.0, 1), number(words.1, 10));
        if count <= 0 {
            self.say(at, "e-[Inference iterations must be >0]", out);
            return false;
        }
        if warm_up < 0 {
            self.say(at, "e-[Inference warmup must be >=0]", out);
            return false;
        }
        if self.buffer.len() == self.input_bytes {
            // The board has one slot of this length.
            let _loaded: Result<(), _> = self.board.load(SLOT, 0, &self.buffer);
        } else {
            let (has, needs) = (self.buffer.len(), self.input_bytes);
            self.say(
                at,
                &format!("e-[Input db has {has} elements, expected {needs}]"),
                out,
            );
            return false;
        }
        self.say(at, &format!("m-warmup-start-{warm_up}"), out);
        self.run = Some(Run {
            warm_up: warm_up.cast_unsigned(),
            timed: count.cast_unsigned(),
            count: count.cast_unsigned(),
            began: None,
            took_us: 0,
        });
        self.go_on(at, out);
        true
    }
}

/// What the firmware calls the network.
fn model(options: &Options) -> &'static str {
    match options.text("network") {
        Some("mlperf-tiny-ad") => "ad01",
        Some("mlperf-tiny-ic") => "ic01",
        Some("mlperf-tiny-kws") => "kws01",
        Some("mlperf-tiny-sww") => "sww01",
        Some("mlperf-tiny-vww") => "vww01",
        _ => "other",
    }
}

impl Emulator for MlperfTiny {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        self.live(at, plant, out);
        if !self.board.is_up() || self.board.is_muted(at) {
            return;
        }
        for byte in chunk {
            if *byte == TERMINATOR {
                let command = String::from_utf8_lossy(&self.command).into_owned();
                self.command.clear();
                if self.run.is_some() {
                    self.pending = Some(command);
                } else {
                    self.carry_out(at, &command, out);
                }
            } else if self.command.len() < COMMAND_SIZE {
                self.command.push(*byte);
            } else if let Some(last) = self.command.last_mut() {
                // The firmware's position stays on the last character.
                *last = *byte;
            }
        }
    }

    fn next_action(&self) -> BenchTime {
        self.board.next_action()
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        self.live(at, plant, out);
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, _: &mut Plant) {
        self.board.inject(at, fault);
    }
}
