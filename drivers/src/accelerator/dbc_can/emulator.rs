//! The board's half: ISO-TP messages to what the board does, and its state to frames.

use std::sync::Arc;

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::{open_node, protocol};
use crate::accelerator::board::{Board, Happened, Refusal, Source, source};
use crate::accelerator::role::Question;
use crate::canopen::{Command, Node};
use crate::device::Identity;
use crate::emulator::{Emulator, Outbox};
use crate::link::can::CanFrame;
use crate::model::EmulatorSetup;
use crate::plant::Plant;
use crate::telemetry::dbc::Database;
use crate::telemetry::framing::isotp::{Event, IsoTp, Limits, Pdu, Timed};

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
    /// Its CANopen node, where it has one.
    node: Option<Node>,
}

/// Sends messages one after the other.
struct Sender {
    transport: Timed,
    /// Frames, and when they leave.
    pdus: Vec<(BenchTime, Pdu)>,
    muted: bool,
}

impl DbcCan {
    pub(super) fn new(setup: &EmulatorSetup) -> DbcCan {
        let database = protocol::database();
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
            sender: Sender {
                transport: Timed::new(
                    IsoTp::new(protocol::FLOW, protocol::MESSAGE_LIMIT),
                    Limits::STANDARD,
                ),
                pdus: Vec::new(),
                muted: false,
            },
            node,
        }
    }

    /// Lives until `at` and tells what happened.
    fn live(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        for (then, happened) in self.board.live(at, plant) {
            self.sender.muted = self.board.is_muted(then);
            match happened {
                Happened::Booted(cause) => {
                    self.reports = 0;
                    self.next_report = then.plus_micros(self.period_us());
                    self.sender.restart();
                    self.with_node(then, out, |node, said| node.start(then, said));
                    let message = vec![protocol::BOOTED, cause as u8];
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
        self.sender.muted = self.board.is_muted(at);
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
        if !self.sender.muted {
            for frame in said {
                out.send_at(at, frame.to_bytes());
            }
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
        let known = (protocol::IDENTIFY..=protocol::STOP).contains(&service);
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
            if !self.sender.muted {
                out.send_at(at, CanFrame::new(message.id(), &data).to_bytes());
            }
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
        if frame.id != protocol::TO_BOARD {
            return self.hear_other(at, &frame, plant, out);
        }
        if !self.board.is_up() {
            return;
        }
        let mut message = None;
        let Sender {
            transport, pdus, ..
        } = &mut self.sender;
        let reply = at.plus_micros(REPLY_US);
        transport.push(reply, frame.data(), pdus, |event| {
            if let Event::Message { content, .. } = event {
                message = Some(content.to_vec());
            }
        });
        self.sender.flush(out);
        if let Some(answer) = message.and_then(|message| self.answer(at, &message)) {
            self.sender.send(reply, answer, out);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.board
            .next_action()
            .min(self.next_report)
            .min(self.sender.transport.next_action())
            .min(self.node.as_ref().map_or(BenchTime::MAX, Node::next_action))
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        self.live(at, plant, out);
        let Sender {
            transport, pdus, ..
        } = &mut self.sender;
        transport.act(at, pdus, |_| {});
        self.sender.flush(out);
        self.with_node(at, out, |node, said| node.act(at, said));
        if self.next_report <= at {
            self.report(at, plant, out);
            while self.next_report <= at {
                self.next_report = self.next_report.plus_micros(self.period_us());
            }
        }
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, _: &mut Plant) {
        self.board.inject(at, fault);
    }
}

impl Sender {
    /// Sends a message when those before it are gone.
    fn send(&mut self, at: BenchTime, message: Vec<u8>, out: &mut Outbox) {
        self.transport.send(at, message, &mut self.pdus);
        self.flush(out);
    }

    fn flush(&mut self, out: &mut Outbox) {
        for (leaves, pdu) in self.pdus.drain(..) {
            if !self.muted {
                out.send_at(leaves, CanFrame::new(protocol::FROM_BOARD, &pdu).to_bytes());
            }
        }
    }

    /// Forgets all messages.
    fn restart(&mut self) {
        self.transport.restart();
        self.pdus.clear();
    }
}
