//! The board's half: telecommands to what the board does, and its state to telemetry.

use std::collections::BTreeMap;
use std::sync::Arc;

use profiles::command::{Fault, PowerMode};
use profiles::time::BenchTime;

use super::protocol;
use crate::accelerator::board::{Board, Happened, Health, OnboardClock, Refusal, Source, source};
use crate::device::Identity;
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::Plant;
use crate::telemetry::ccsds::line::Line;
use crate::telemetry::ccsds::packet::{PacketType, TcPacket, TmPacket};
use crate::telemetry::ccsds::plan::Plan;
use crate::telemetry::ccsds::pus::{self, Kind, MemoryArea, RequestId};
use crate::telemetry::ccsds::time::Time;

/// From the end of a telecommand to the start of its answer, µs: a task switch and a DMA set-up.
const REPLY_US: u64 = 500;

/// A board with its packet handler.
pub(super) struct CcsdsSerial {
    board: Board,
    line: Line,
    sender: Sender,
    sources: Vec<Source>,
    next_report: BenchTime,
    /// The request whose inference is under way.
    inferring: Option<RequestId>,
    dump: Option<Dump>,
    /// Between the segments of a dump, µs: as long as one is on the line, so that housekeeping
    /// gets in between.
    segment_us: u64,
}

/// An output on its way down, segment by segment.
struct Dump {
    request: RequestId,
    memory: u16,
    output: Arc<[u8]>,
    start: usize,
    end: usize,
    next: BenchTime,
}

/// Numbers telemetry packets and puts them on the line.
struct Sender {
    line: Line,
    plan: Arc<Plan>,
    housekeeping: usize,
    count: u16,
    messages: BTreeMap<Kind, u16>,
    muted: bool,
    clock: OnboardClock,
    /// Makes the time code of µs since the epoch.
    time: fn(u64) -> Time,
}

impl CcsdsSerial {
    pub(super) fn new(setup: &EmulatorSetup) -> CcsdsSerial {
        let plan = protocol::plan();
        let sources = plan
            .channels()
            .iter()
            .map(|channel| source(&channel.name))
            .collect();
        let baud = setup.options.number("baud").unwrap_or(3e6).max(1.0);
        let segment_bits = (protocol::PACKET_LIMIT * 10) as f64;
        CcsdsSerial {
            board: Board::new(setup),
            line: protocol::line(&setup.options, PacketType::Telecommand),
            sender: Sender {
                line: protocol::line(&setup.options, PacketType::Telemetry),
                housekeeping: plan
                    .packet("housekeeping")
                    .expect("the board's dictionary has this packet"),
                plan,
                count: 0,
                messages: BTreeMap::new(),
                muted: false,
                clock: OnboardClock::new(&setup.options),
                time: match setup.options.text("time_code") {
                    Some("cuc") => Time::seconds_and_fraction,
                    _ => Time::days_and_millis,
                },
            },
            sources,
            next_report: BenchTime::MAX,
            inferring: None,
            dump: None,
            segment_us: (segment_bits / baud * 1e3).ceil() as u64 * 1_000,
        }
    }

    /// Lives until `at` and tells what happened.
    fn live(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        for (then, happened) in self.board.live(at, plant) {
            self.sender.muted = self.board.is_muted(then);
            match happened {
                Happened::Booted(cause) => {
                    self.sender.count = 0;
                    self.sender.messages.clear();
                    self.inferring = None;
                    self.dump = None;
                    self.next_report = then.plus_micros(self.period_us());
                    let [high, low] = protocol::BOOTED.to_be_bytes();
                    let event = [high, low, cause as u8];
                    self.sender.send(then, pus::EVENT, &event, out);
                }
                Happened::FirstToken(query, slot, micros) => {
                    let mut source = Vec::new();
                    protocol::write_first_token((query, slot, micros), &mut source);
                    self.sender.send(then, protocol::FIRST_TOKEN, &source, out);
                }
                Happened::Inferred(inference) => {
                    let length = inference.output.as_ref().map_or(0, |output| output.len());
                    let mut source = Vec::new();
                    protocol::write_inference(&inference, length as u32, &mut source);
                    self.sender.send(then, protocol::INFERRED, &source, out);
                    self.close(then, (pus::COMPLETED, None), out);
                }
                Happened::GaveUp(refusal) => {
                    self.close(then, (pus::NOT_COMPLETED, Some(refusal)), out);
                }
            }
        }
        self.sender.muted = self.board.is_muted(at);
        if !self.board.is_up() {
            self.next_report = BenchTime::MAX;
            self.dump = None;
        }
    }

    /// Reports on the request whose inference was under way.
    fn close(&mut self, at: BenchTime, outcome: (Kind, Option<Refusal>), out: &mut Outbox) {
        if let Some(request) = self.inferring.take() {
            self.sender.verify(at, outcome, request, out);
        }
    }

    fn period_us(&self) -> u64 {
        self.board.settings().report_millis * 1_000
    }

    fn carry_out(&mut self, at: BenchTime, packet: &[u8], out: &mut Outbox) {
        // A telecommand that does not check is not known to be one; it is only counted.
        let Ok(packet) = TcPacket::read(packet) else {
            let _: Result<(), _> = self.board.tally(Err(Refusal::Malformed));
            return;
        };
        let reply = at.plus_micros(REPLY_US);
        let request = RequestId::of(packet.apid, packet.count);
        let known = [pus::PING, pus::LOAD, pus::DUMP, pus::PERFORM];
        if !known.contains(&(packet.service, packet.subtype)) {
            let _: Result<(), _> = self.board.tally(Err(Refusal::Unknown));
            return self.sender.verify(
                reply,
                (pus::NOT_ACCEPTED, Some(Refusal::Unknown)),
                request,
                out,
            );
        }
        self.sender
            .verify(reply, (pus::ACCEPTED, None), request, out);
        let done = match (packet.service, packet.subtype) {
            pus::LOAD => self.load(packet.application),
            pus::DUMP => self.dump(at, request, packet.application),
            pus::PERFORM => self.perform(at, request, packet.application, out),
            _ => {
                self.sender.send(reply, pus::ALIVE, &[], out);
                Ok(true)
            }
        };
        match done {
            Ok(true) => self
                .sender
                .verify(reply, (pus::COMPLETED, None), request, out),
            Ok(false) => {}
            Err(refusal) => {
                self.sender
                    .verify(reply, (pus::NOT_COMPLETED, Some(refusal)), request, out);
            }
        }
    }

    fn load(&mut self, application: &[u8]) -> Result<bool, Refusal> {
        let area = pus::read_area(application).ok_or(Refusal::Malformed);
        let area = self.board.tally(area)?;
        let slot = slot(area.memory, protocol::INPUT_MEMORY);
        let slot = self.board.tally(slot)?;
        self.board.load(slot, area.start, area.octets)?;
        Ok(true)
    }

    /// Begins to dump an output; a dump under way is given up.
    fn dump(
        &mut self,
        at: BenchTime,
        request: RequestId,
        application: &[u8],
    ) -> Result<bool, Refusal> {
        let asked = pus::read_dump(application).ok_or(Refusal::Malformed);
        let (memory, start, length) = self.board.tally(asked)?;
        let slot = slot(memory, protocol::OUTPUT_MEMORY);
        let slot = self.board.tally(slot)?;
        let output = self.board.output(slot)?;
        let start = start as usize;
        if start > output.len() {
            return self.board.tally(Err(Refusal::OutOfBounds));
        }
        self.dump = Some(Dump {
            request,
            memory,
            start,
            end: start.saturating_add(length as usize).min(output.len()),
            output,
            next: at.plus_micros(REPLY_US).ceil_millis(),
        });
        Ok(false)
    }

    /// Sends the next segment of a dump, or that it is complete.
    fn send_segment(&mut self, at: BenchTime, out: &mut Outbox) {
        let Some(dump) = self.dump.as_mut().filter(|dump| dump.next <= at) else {
            return;
        };
        let end = dump.end.min(dump.start + protocol::SEGMENT);
        let mut source = Vec::with_capacity(MemoryArea::OVERHEAD + protocol::SEGMENT);
        let area = MemoryArea {
            memory: dump.memory,
            start: dump.start as u32,
            octets: &dump.output[dump.start..end],
        };
        area.write(&mut source);
        self.sender.send(at, pus::DUMPED, &source, out);
        dump.start = end;
        dump.next = at.plus_micros(self.segment_us);
        if end == dump.end {
            let request = dump.request;
            self.dump = None;
            self.sender.verify(at, (pus::COMPLETED, None), request, out);
        }
    }

    /// Whether the function is complete at once.
    fn perform(
        &mut self,
        at: BenchTime,
        request: RequestId,
        application: &[u8],
        out: &mut Outbox,
    ) -> Result<bool, Refusal> {
        let function = pus::read_function(application).ok_or(Refusal::Malformed);
        let function = self.board.tally(function)?;
        match (function.name, function.argument(1), function.argument(2)) {
            (protocol::IDENTIFY, ..) => {
                let mut source = Vec::new();
                protocol::write_identity(&identity(), &mut source);
                let reply = at.plus_micros(REPLY_US);
                self.sender.send(reply, protocol::IDENTITY, &source, out);
                Ok(true)
            }
            (protocol::INFER, Some(query), Some(slot)) => {
                let slot = u16::try_from(slot).map_err(|_| Refusal::NoSuchSlot);
                let slot = self.board.tally(slot)?;
                self.board.infer(at, query, slot)?;
                self.inferring = Some(request);
                Ok(false)
            }
            (protocol::MODE, Some(mode @ 0..=1), _) => {
                let modes = [PowerMode::Full, PowerMode::Reduced];
                self.board.set_mode(at, modes[mode as usize]);
                Ok(true)
            }
            (protocol::STOP, ..) => {
                self.board.stop(at);
                self.inferring = None;
                Ok(true)
            }
            _ => self.board.tally(Err(Refusal::Unknown)),
        }
    }
}

fn slot(memory: u16, kind: u16) -> Result<u16, Refusal> {
    if memory & protocol::MEMORY_KIND == kind {
        Ok(memory & !protocol::MEMORY_KIND)
    } else {
        Err(Refusal::OutOfBounds)
    }
}

fn identity() -> Identity {
    Identity {
        maker: "Bench".to_owned(),
        model: "CCSDS-EO1".to_owned(),
        serial: "0001".to_owned(),
        firmware: "1.0".to_owned(),
    }
}

impl Emulator for CcsdsSerial {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        self.live(at, plant, out);
        let mut packets = Vec::new();
        self.line.push(chunk, |told| {
            packets.push(told.map(|(packet, _)| packet.to_vec()));
        });
        for packet in packets {
            // A board without power hears nothing, and bytes that are no packet say nothing.
            if let Ok(packet) = packet
                && self.board.is_up()
            {
                self.carry_out(at, &packet, out);
            }
        }
    }

    fn next_action(&self) -> BenchTime {
        let segment = self.dump.as_ref().map_or(BenchTime::MAX, |dump| dump.next);
        self.board.next_action().min(self.next_report).min(segment)
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        self.live(at, plant, out);
        self.send_segment(at, out);
        if self.next_report <= at {
            let health = self.board.health(at, plant);
            self.sender.report(at, &self.sources, &health, out);
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
    /// Numbers a packet and sends it, unless the transmitter is silent.
    fn send(&mut self, at: BenchTime, kind: Kind, source: &[u8], out: &mut Outbox) {
        let message = self.messages.entry(kind).or_default();
        let packet = TmPacket {
            apid: protocol::APID,
            count: self.count,
            service: kind.0,
            subtype: kind.1,
            message: *message,
            destination: 0,
            time: (self.time)(self.clock.micros(at)),
            source,
        };
        *message = message.wrapping_add(1);
        self.count = (self.count + 1) & 0x3fff;
        if !self.muted {
            let (mut bytes, mut chunk) = (Vec::new(), Vec::new());
            packet.write(&mut bytes);
            self.line.wrap(&bytes, &mut chunk);
            out.send_at(at, chunk);
        }
    }

    /// Reports success, or failure with its code.
    fn verify(
        &mut self,
        at: BenchTime,
        (kind, failure): (Kind, Option<Refusal>),
        request: RequestId,
        out: &mut Outbox,
    ) {
        let mut source = Vec::new();
        let code = failure.map(|refusal| refusal.code().into());
        pus::write_verification(request, code, &mut source);
        self.send(at, kind, &source, out);
    }

    fn report(&mut self, at: BenchTime, sources: &[Source], health: &Health, out: &mut Outbox) {
        let values: Vec<f64> = sources.iter().map(|source| source(health)).collect();
        let mut source = Vec::new();
        self.plan.encode(self.housekeeping, &values, &mut source);
        self.send(at, pus::HOUSEKEEPING, &source, out);
    }
}
