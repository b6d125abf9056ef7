//! A node: network management, its heartbeat, a server of service data, and process data that it
//! sends with each SYNC.

use profiles::time::BenchTime;

use super::{Command, Dictionary, Field, HEARTBEAT, NMT, SDO_ANSWER, SDO_REQUEST, SYNC, Server};
use super::{State, TPDO, heartbeat, pack};
use crate::link::can::{CanFrame, CanId};

/// The heartbeat's period, ms (CiA 301, 7.5.2.17).
const PERIOD: super::Key = (0x1017, 0);
/// Longest value that may be written, octets.
const LONGEST: usize = 4_096;

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    id: u8,
    state: State,
    server: Server,
    /// What its first process data object holds.
    mapping: Vec<Field>,
    next_heartbeat: BenchTime,
    /// Its values.
    pub values: Dictionary,
}

impl Node {
    /// A node with these values, whose process data object holds what `mapping` says. It adds the
    /// objects that describe both.
    pub fn new(id: u8, mut values: Dictionary, mapping: Vec<Field>, heartbeat_ms: u16) -> Node {
        values.set_writable(PERIOD, heartbeat_ms.to_le_bytes());
        let cob = u32::from(TPDO) + u32::from(id);
        values.set((0x1800, 0), [2]);
        values.set((0x1800, 1), cob.to_le_bytes());
        // Type 1: with each SYNC.
        values.set((0x1800, 2), [1]);
        values.set((0x1a00, 0), [mapping.len() as u8]);
        for (subindex, field) in (1..).zip(&mapping) {
            values.set((0x1a00, subindex), field.word().to_le_bytes());
        }
        Node {
            id,
            state: State::Initialising,
            server: Server::new(LONGEST),
            mapping,
            next_heartbeat: BenchTime::MAX,
            values,
        }
    }

    /// It starts: says so once, and is pre-operational.
    pub fn start(&mut self, at: BenchTime, out: &mut Vec<CanFrame>) {
        out.push(self.frame(HEARTBEAT, &heartbeat(State::Initialising)));
        self.state = State::PreOperational;
        self.server = Server::new(LONGEST);
        self.schedule(at);
    }

    /// It is off.
    pub fn stop(&mut self) {
        self.state = State::Initialising;
        self.next_heartbeat = BenchTime::MAX;
    }

    /// Its state.
    pub fn state(&self) -> State {
        self.state
    }

    /// When its next heartbeat is due.
    pub fn next_action(&self) -> BenchTime {
        self.next_heartbeat
    }

    /// Sends the heartbeats that are due.
    pub fn act(&mut self, at: BenchTime, out: &mut Vec<CanFrame>) {
        if self.next_heartbeat <= at {
            out.push(self.frame(HEARTBEAT, &heartbeat(self.state)));
            self.schedule(at);
        }
    }

    /// Takes a frame, and answers it. Tells the command that starts the node anew, which is for
    /// the device around it to carry out.
    pub fn hear(
        &mut self,
        at: BenchTime,
        frame: &CanFrame,
        out: &mut Vec<CanFrame>,
    ) -> Option<Command> {
        let CanId::Standard(id) = frame.id else {
            return None;
        };
        if self.state == State::Initialising {
            return None;
        }
        let serves = self.state != State::Stopped;
        match id {
            NMT => match Command::read(frame.data(), self.id)? {
                Command::Start => self.state = State::Operational,
                Command::Stop => self.state = State::Stopped,
                Command::EnterPreOperational => self.state = State::PreOperational,
                Command::ResetNode => return Some(Command::ResetNode),
                Command::ResetCommunication => self.start(at, out),
            },
            SYNC if self.state == State::Operational => {
                if let Ok(data) = pack(&self.mapping, &self.values) {
                    out.push(self.frame(TPDO, &data));
                }
            }
            id if id == SDO_REQUEST + u16::from(self.id) && serves => {
                let (answer, written) = self.server.answer(frame.data(), &mut self.values);
                out.extend(answer.map(|data| self.frame(SDO_ANSWER, &data)));
                if written == Some(PERIOD) {
                    self.schedule(at);
                }
            }
            _ => {}
        }
        None
    }

    fn frame(&self, base: u16, data: &[u8]) -> CanFrame {
        CanFrame::new(CanId::Standard(base + u16::from(self.id)), data)
    }

    /// A period of zero is none.
    fn schedule(&mut self, at: BenchTime) {
        let period = self.values.get(PERIOD).unwrap_or_default();
        let millis = match period {
            [low, high] => u16::from_le_bytes([*low, *high]),
            _ => 0,
        };
        self.next_heartbeat = match millis {
            0 => BenchTime::MAX,
            millis => at.plus_micros(u64::from(millis) * 1_000).ceil_millis(),
        };
    }
}
