//! What the board sends: messages one after the other, and frames through its controller.

use profiles::time::BenchTime;

use super::csp::{self, Csp};
use super::identifiers::Identifiers;
use super::port::Port;
use super::protocol;
use crate::emulator::Outbox;
use crate::link::can::{CanFrame, CanId};
use crate::telemetry::framing::csp::Packet;
use crate::telemetry::framing::isotp::{Event, IsoTp, Limits, Pdu, Timed};

/// Messages and frames.
pub(super) struct Sender {
    pub(super) port: Port,
    to_board: CanId,
    from_board: CanId,
    transport: Transport,
    /// Frames, and when they leave.
    pdus: Vec<(BenchTime, Pdu)>,
}

enum Transport {
    IsoTp(Timed),
    /// And the port of who asked last.
    Csp(Csp, u8),
}

/// What came of a frame.
pub(super) enum Heard {
    /// It is none of the transport's.
    Other,
    /// More is to come.
    Partly,
    /// A message to the board's handler.
    Message(Vec<u8>),
    /// A packet to another port of the node.
    Packet(Packet),
}

impl Sender {
    pub(super) fn new(identifiers: &Identifiers, csp: Option<Csp>, port: Port) -> Sender {
        Sender {
            port,
            to_board: identifiers.to_board,
            from_board: identifiers.from_board,
            transport: match csp {
                Some(csp) => Transport::Csp(csp, csp::GROUND_PORT),
                None => Transport::IsoTp(Timed::new(
                    IsoTp::new(protocol::FLOW, protocol::MESSAGE_LIMIT),
                    Limits::STANDARD,
                )),
            },
            pdus: Vec::new(),
        }
    }

    /// Sends a frame.
    pub(super) fn frame(&mut self, at: BenchTime, frame: &CanFrame, out: &mut Outbox) {
        self.port.send(at, frame, out);
    }

    /// Sends a message when those before it are gone.
    pub(super) fn send(&mut self, at: BenchTime, message: Vec<u8>, out: &mut Outbox) {
        match &mut self.transport {
            Transport::IsoTp(transport) => {
                transport.send(at, message, &mut self.pdus);
                self.flush(out);
            }
            Transport::Csp(csp, ground_port) => {
                for frame in csp.pack(*ground_port, csp::PORT, message) {
                    self.port.send(at, &frame, out);
                }
            }
        }
    }

    /// Answers a packet to another port than the message handler's.
    pub(super) fn answer(
        &mut self,
        at: BenchTime,
        packet: &Packet,
        content: Vec<u8>,
        out: &mut Outbox,
    ) {
        if let Transport::Csp(csp, _) = &mut self.transport {
            for frame in csp.pack(packet.from_port, packet.port, content) {
                self.port.send(at, &frame, out);
            }
        }
    }

    /// Takes a frame; what the transport owes for it leaves at `reply`.
    pub(super) fn hear(&mut self, reply: BenchTime, frame: &CanFrame, out: &mut Outbox) -> Heard {
        let mut heard = Heard::Partly;
        match &mut self.transport {
            Transport::IsoTp(transport) if frame.id == self.to_board => {
                transport.push(reply, frame.data(), &mut self.pdus, |event| {
                    if let Event::Message { content, .. } = event {
                        heard = Heard::Message(content.to_vec());
                    }
                });
                self.flush(out);
            }
            Transport::Csp(csp, ground_port) if csp.hears().has(frame.id) => {
                // What is no packet is nothing to a node of libcsp's.
                if let Some(Ok(packet)) = csp.unpack(frame) {
                    heard = if packet.port == csp::PORT {
                        *ground_port = packet.from_port;
                        Heard::Message(packet.content)
                    } else {
                        Heard::Packet(packet)
                    };
                }
            }
            Transport::IsoTp(_) | Transport::Csp(..) => heard = Heard::Other,
        }
        heard
    }

    pub(super) fn next_action(&self) -> BenchTime {
        let transport = match &self.transport {
            Transport::IsoTp(transport) => transport.next_action(),
            Transport::Csp(..) => BenchTime::MAX,
        };
        transport.min(self.port.next_action())
    }

    pub(super) fn act(&mut self, at: BenchTime, out: &mut Outbox) {
        self.port.act(at, out);
        if let Transport::IsoTp(transport) = &mut self.transport {
            transport.act(at, &mut self.pdus, |_| {});
        }
        self.flush(out);
    }

    fn flush(&mut self, out: &mut Outbox) {
        for (leaves, pdu) in self.pdus.drain(..) {
            self.port
                .send(leaves, &CanFrame::new(self.from_board, &pdu), out);
        }
    }

    /// Forgets all messages, as when the board is off.
    pub(super) fn restart(&mut self) {
        match &mut self.transport {
            Transport::IsoTp(transport) => transport.restart(),
            Transport::Csp(csp, _) => csp.restart(),
        }
        self.pdus.clear();
        self.port.restart();
    }
}
