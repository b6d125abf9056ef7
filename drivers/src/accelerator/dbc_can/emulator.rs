//! The board's half: messages to what the board does, and its state to frames.

use std::sync::Arc;

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::csp::Csp;
use super::identifiers::Identifiers;
use super::port::Port;
use super::protocol::Part;
use super::sender::{Heard, Sender};
use super::{open_node, protocol, services};
use crate::accelerator::board::{Board, Happened, Refusal, Source, pacing, source};
use crate::accelerator::role::Question;
use crate::canopen::{Command, Node};
use crate::device::Identity;
use crate::emulator::{Emulator, Outbox};
use crate::link::Pacing;
use crate::link::can::{CanFrame, CanId};
use crate::model::EmulatorSetup;
use crate::plant::Plant;
use crate::telemetry::dbc::Database;
use crate::telemetry::framing::csp::Packet;

/// From the end of a request to the start of its answer, µs: an interrupt and a task switch.
const REPLY_US: u64 = 500;
/// Messages with each report.
const CYCLIC: [&str; 3] = ["ACC_POWER", "ACC_TEMP", "ACC_STATUS"];
/// The multiplexed message, its pages, and reports from one to the next.
const COUNTERS: (&str, u64, u64) = ("ACC_COUNTERS", 2, 5);

/// A board with its message handler.
pub(super) struct DbcCan {
    board: Board,
    database: Arc<Database>,
    sources: Vec<Source>,
    next_report: BenchTime,
    reports: u64,
    sender: Sender,
    babble: CanId,
    /// Its CANopen node, where it has one.
    node: Option<Node>,
}

impl DbcCan {
    pub(super) fn new(setup: &EmulatorSetup) -> DbcCan {
        let identifiers = Identifiers::new(&setup.options);
        let database = Arc::clone(&identifiers.database);
        let Pacing::Can { bit_rate } = pacing(super::MODEL.pacing, &setup.options) else {
            panic!("the model is one of CAN");
        };
        let node = open_node::number(&setup.options)
            .map(|number| open_node::node(number, &identity(), database.channels()));
        let sources = database
            .channels()
            .iter()
            .map(|channel| source(&channel.name))
            .collect();
        DbcCan {
            board: Board::new(setup),
            database,
            sources,
            next_report: BenchTime::MAX,
            reports: 0,
            sender: Sender::new(
                &identifiers,
                Csp::board(&setup.options),
                Port::new(bit_rate),
            ),
            babble: identifiers.babble,
            node,
        }
    }

    /// Lives until `at` and tells what happened.
    fn live(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        for (then, happened) in self.board.live(at, plant) {
            self.sender.port.muted = self.board.is_muted(then);
            match happened {
                Happened::Booted(cause) => {
                    self.reports = 0;
                    self.next_report = then.plus_micros(self.period_us());
                    self.sender.restart();
                    self.with_node(then, out, |node, said| node.start(then, said));
                    let message = vec![protocol::BOOTED, cause as u8];
                    self.sender.send(then, message, out);
                }
                Happened::FirstToken(query, slot, micros) => {
                    let message = protocol::write_first_token((query, slot, micros));
                    self.sender.send(then, message, out);
                }
                Happened::Inferred(inference) => {
                    let message = protocol::write_inference(&inference);
                    self.sender.send(then, message, out);
                }
                Happened::GaveUp(refusal) => {
                    let message = vec![protocol::REFUSAL, protocol::INFER, refusal.code()];
                    self.sender.send(then, message, out);
                }
            }
        }
        self.sender.port.muted = self.board.is_muted(at);
        if !self.board.is_up() {
            self.next_report = BenchTime::MAX;
            self.sender.restart();
            if let Some(node) = &mut self.node {
                node.stop();
            }
        }
    }

    /// Has the node do something, and sends what it says.
    fn with_node<T>(
        &mut self,
        at: BenchTime,
        out: &mut Outbox,
        does: impl FnOnce(&mut Node, &mut Vec<CanFrame>) -> T,
    ) -> Option<T> {
        let node = self.node.as_mut()?;
        let mut said = Vec::new();
        let done = does(node, &mut said);
        for frame in &said {
            self.sender.frame(at, frame, out);
        }
        Some(done)
    }

    /// A frame that is not for the board's message handler: for its node, if it has one.
    fn hear_other(&mut self, at: BenchTime, frame: &CanFrame, plant: &Plant, out: &mut Outbox) {
        if self.node.is_none() || !self.board.is_up() {
            return;
        }
        let health = self.board.health(at, plant);
        let now: Vec<f64> = self.sources.iter().map(|source| source(&health)).collect();
        let told = self.with_node(at.plus_micros(REPLY_US), out, |node, said| {
            open_node::tell(&mut node.values, now.into_iter());
            node.hear(at, frame, said)
        });
        if told.flatten() == Some(Command::ResetNode) {
            self.board.inject(at, &Fault::Reset);
        }
    }

    fn period_us(&self) -> u64 {
        self.board.settings().report_millis * 1_000
    }

    /// What the board answers; nothing yet to what takes time.
    fn answer(&mut self, at: BenchTime, message: &[u8]) -> Option<Vec<u8>> {
        let service = message.first().copied().unwrap_or_default();
        if let Some(part) = protocol::read_part(message) {
            let answered = self.part(&part);
            let refused = |refusal: Refusal| vec![protocol::REFUSAL, service, refusal.code()];
            return Some(answered.unwrap_or_else(refused));
        }
        let known = (protocol::IDENTIFY..=protocol::FETCH_PART).contains(&service);
        let question = protocol::read_question(message).ok_or(if known {
            Refusal::Malformed
        } else {
            Refusal::Unknown
        });
        let answered = self
            .board
            .tally(question)
            .and_then(|question| self.carry_out(at, &question));
        match answered {
            Ok(answer) => answer,
            Err(refusal) => Some(vec![protocol::REFUSAL, service, refusal.code()]),
        }
    }

    fn part(&mut self, part: &Part<'_>) -> Result<Vec<u8>, Refusal> {
        Ok(match *part {
            Part::Load(slot, offset, octets) => {
                self.board.load(slot, offset, octets)?;
                let next = offset + octets.len() as u32;
                protocol::write_part_answer(&Part::Load(slot, next, &[]))
            }
            Part::Fetch(slot, offset) | Part::Fetched(slot, _, offset, _) => {
                let output = self.board.output(slot)?;
                let start = (offset as usize).min(output.len());
                let end = output.len().min(start + protocol::PART);
                let (total, octets) = (output.len() as u32, &output[start..end]);
                protocol::write_part_answer(&Part::Fetched(slot, total, offset, octets))
            }
        })
    }

    /// A packet to a port that libcsp keeps for itself.
    fn served(&mut self, at: BenchTime, packet: &Packet, plant: &Plant, out: &mut Outbox) {
        let Identity {
            model, firmware, ..
        } = identity();
        let uptime_s = self.board.health(at, plant).uptime_s;
        match services::serve(packet, [&model, &model, &firmware], uptime_s) {
            services::Does::Answers(content) => {
                self.sender
                    .answer(at.plus_micros(REPLY_US), packet, content, out);
            }
            services::Does::Resets => self.board.inject(at, &Fault::Reset),
            services::Does::Nothing => {}
        }
    }

    fn carry_out(
        &mut self,
        at: BenchTime,
        question: &Question,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let done = |service| vec![protocol::ANSWER | service];
        let of_slot = |service, slot: u16| {
            let [high, low] = slot.to_be_bytes();
            vec![protocol::ANSWER | service, high, low]
        };
        Ok(Some(match question {
            Question::Identify => protocol::write_identity(&identity()),
            Question::LoadInput { slot, bytes } => {
                self.board.load(*slot, 0, bytes)?;
                of_slot(protocol::LOAD, *slot)
            }
            Question::Infer { query, slot } => {
                self.board.infer(at, *query, *slot)?;
                return Ok(None);
            }
            Question::FetchOutput { slot } => {
                let output = self.board.output(*slot)?;
                let mut message = of_slot(protocol::FETCH, *slot);
                message.extend_from_slice(&output);
                message
            }
            Question::Mode(mode) => {
                self.board.set_mode(at, *mode);
                done(protocol::MODE)
            }
            Question::Stop => {
                self.board.stop(at);
                done(protocol::STOP)
            }
        }))
    }

    /// Frames of one report.
    fn report(&mut self, at: BenchTime, plant: &Plant, out: &mut Outbox) {
        let health = self.board.health(at, plant);
        let values: Vec<f64> = self.sources.iter().map(|source| source(&health)).collect();
        let (counters, pages, every) = COUNTERS;
        let mut frame = |name: &str, counter: u64, page: u64| {
            let message = self.database.named(name);
            let message = message.expect("the board's own DBC file has this message");
            let data = message.encode(&values, counter, page);
            self.sender
                .frame(at, &CanFrame::new(message.id(), &data), out);
        };
        for name in CYCLIC {
            frame(name, self.reports, 0);
        }
        if self.reports.is_multiple_of(every) {
            let turn = self.reports / every;
            frame(counters, turn, turn % pages);
        }
        self.reports += 1;
    }
}

fn identity() -> Identity {
    Identity {
        maker: "Bench".to_owned(),
        model: "CAN-KWS1".to_owned(),
        serial: "0001".to_owned(),
        firmware: "1.0".to_owned(),
    }
}

impl Emulator for DbcCan {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        self.live(at, plant, out);
        let Some(frame) = CanFrame::from_bytes(chunk) else {
            return;
        };
        if !self.sender.port.hears(at, &frame) {
            return;
        }
        let reply = at.plus_micros(REPLY_US);
        let is_up = self.board.is_up();
        // A board that is off hears nothing; its node is off with it.
        let heard = if is_up {
            self.sender.hear(reply, &frame, out)
        } else {
            Heard::Partly
        };
        match heard {
            Heard::Partly => {}
            Heard::Other => self.hear_other(at, &frame, plant, out),
            Heard::Packet(packet) => self.served(at, &packet, plant, out),
            Heard::Message(message) => {
                if let Some(answer) = self.answer(at, &message) {
                    self.sender.send(reply, answer, out);
                }
            }
        }
    }

    fn next_action(&self) -> BenchTime {
        self.board
            .next_action()
            .min(self.next_report)
            .min(self.sender.next_action())
            .min(self.node.as_ref().map_or(BenchTime::MAX, Node::next_action))
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        self.live(at, plant, out);
        self.sender.act(at, out);
        self.with_node(at, out, |node, said| node.act(at, said));
        if self.next_report <= at {
            self.report(at, plant, out);
            while self.next_report <= at {
                self.next_report = self.next_report.plus_micros(self.period_us());
            }
        }
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, _: &mut Plant) {
        let after = |millis: &u32| at.plus_micros(u64::from(*millis) * 1_000);
        match fault {
            Fault::BusOff { millis } => self.sender.port.break_until(after(millis)),
            Fault::Babble { millis } if self.board.is_up() => {
                self.sender
                    .port
                    .babble_until(at, after(millis), self.babble);
            }
            fault => self.board.inject(at, fault),
        }
    }
}
