//! ISO-TP (ISO 15765-2:2016): messages of any length in frames of CAN 2.0 or CAN FD, paced by the
//! receiver's flow control.
//!
//! [`IsoTp`] knows no time: whoever has a clock keeps the separation that the far end asks for,
//! and gives up a transfer that has stopped. [`Timed`] does both.

#[cfg(test)]
mod conversations;
mod layout;
#[cfg(test)]
mod tests;
mod timed;

use profiles::reading::{Damage, DamageKind};

pub use layout::{Address, Layout};
use layout::{damaged, separation_us};
pub use timed::{Limits, Stopped, Timed};

use crate::link::can::FD_LENGTHS;

/// The data field of one CAN frame; unused octets are [`PADDING`].
pub type Pdu = Vec<u8>;

/// What pads the last frame: bits alternate in pairs, so that no stuff bits are needed.
pub const PADDING: u8 = 0xcc;

/// Longest message whose length fits a first frame's twelve bits.
const LONGEST_SHORT: usize = 0xfff;
/// How often in a row a receiver may ask a sender to wait (`N_WFTmax` is the receiver's to choose;
/// this sender bears no more).
const MOST_WAITS: u8 = 16;

/// What a receiver asks of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Consecutive frames until the next flow control; 0 for all.
    pub block_size: u8,
    /// Smallest time between consecutive frames, as on the wire: 0 to 127 ms, or 0xF1 to 0xF9
    /// for 100 to 900 µs.
    pub separation: u8,
}

/// What came of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole message.
    Message {
        /// Its content.
        content: &'a [u8],
        /// Octets of all its frames.
        octets: u32,
    },
    /// The far end has been sent the last frame of a message.
    Sent,
    /// The far end has no room for the message, or asks to wait for ever; it has not been sent.
    Overflow,
    /// Flow control, or a frame that is meant for another address: these octets carry no content.
    Control {
        /// How many.
        octets: u32,
    },
    /// Frames that are no message.
    Damaged(Damage),
}

/// One end of a pair of identifiers.
#[derive(Clone, Debug)]
pub struct IsoTp {
    layout: Layout,
    flow: Flow,
    limit: usize,
    incoming: Option<Incoming>,
    content: Vec<u8>,
    outgoing: Option<Outgoing>,
    separation_us: u32,
    /// Whether senders are asked to wait, and whether one was.
    holds: bool,
    held: bool,
}

#[derive(Clone, Copy, Debug)]
struct Incoming {
    length: usize,
    /// Octets of the message in each full frame that is to come.
    part: usize,
    sequence: u8,
    /// Frames left of the block; `None` where the block never ends.
    block: Option<u8>,
    octets: u32,
}

#[derive(Clone, Debug)]
struct Outgoing {
    content: Vec<u8>,
    sent: usize,
    sequence: u8,
    /// How often in a row the far end asked to wait.
    waits: u8,
}

impl IsoTp {
    /// An end that takes messages of up to `limit` octets and asks for `flow`.
    pub fn new(flow: Flow, limit: usize) -> IsoTp {
        IsoTp::with_layout(flow, limit, Layout::CLASSIC)
    }

    /// The same, in other frames.
    pub fn with_layout(flow: Flow, limit: usize, layout: Layout) -> IsoTp {
        IsoTp {
            layout,
            flow,
            limit,
            incoming: None,
            content: Vec::new(),
            outgoing: None,
            separation_us: 0,
            holds: false,
            held: false,
        }
    }

    /// Whether a message is under way from the far end.
    pub fn is_receiving(&self) -> bool {
        self.incoming.is_some()
    }

    /// Forgets the message under way from the far end, and says what is lost.
    pub fn abort_receiving(&mut self) -> Option<Damage> {
        let incoming = self.incoming.take()?;
        Some(Damage {
            bytes: incoming.octets,
            why: DamageKind::TooShort,
        })
    }

    /// Asks senders to wait (`FC.WAIT`) where they would be told to go on.
    pub fn hold(&mut self) {
        self.holds = true;
    }

    /// Asks a sender that waits to wait on. It must hear so before its patience ends.
    pub fn hold_on(&mut self, out: &mut Vec<Pdu>) {
        if self.held && self.incoming.is_some() {
            out.push(self.layout.control(1, self.flow));
        }
    }

    /// Has senders go on, and the one that waits.
    pub fn release(&mut self, out: &mut Vec<Pdu>) {
        self.holds = false;
        if std::mem::take(&mut self.held) && self.incoming.is_some() {
            out.push(self.layout.control(0, self.flow));
        }
    }

    /// Whether a message is under way to the far end.
    pub fn is_sending(&self) -> bool {
        self.outgoing.is_some()
    }

    /// How far the message to the far end is: octets that have left, and waits in a row that were
    /// asked for.
    fn progress(&self) -> Option<(usize, u8)> {
        let outgoing = self.outgoing.as_ref()?;
        Some((outgoing.sent, outgoing.waits))
    }

    /// Octets of the message being received that have not been told.
    pub fn pending(&self) -> u32 {
        self.incoming.map_or(0, |incoming| incoming.octets)
    }

    /// The separation of consecutive frames that the far end asked for last, µs.
    pub fn separation_us(&self) -> u32 {
        self.separation_us
    }

    /// Forgets what is under way in both directions.
    pub fn reset(&mut self) {
        self.incoming = None;
        self.outgoing = None;
    }

    /// Forgets the message under way to the far end.
    pub fn abort_sending(&mut self) {
        self.outgoing = None;
    }

    /// Begins to send a message; one that is under way is given up.
    pub fn send(&mut self, content: &[u8], out: &mut Vec<Pdu>) {
        let (first, sent) = self.layout.begin(content);
        out.push(first);
        self.outgoing = (sent < content.len()).then(|| Outgoing {
            content: content.to_vec(),
            sent,
            sequence: 1,
            waits: 0,
        });
    }

    /// Takes the data field of one frame.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<Pdu>, mut sink: impl FnMut(Event<'_>)) {
        let frame = data.len();
        let octets = frame as u32;
        let Some(data) = self.layout.mine(data) else {
            return sink(Event::Control { octets });
        };
        match data.first().map_or(0xff, |pci| pci >> 4) {
            0 => self.single(data, frame, &mut sink),
            1 => self.first(data, frame, out, &mut sink),
            2 => self.consecutive(data, octets, out, &mut sink),
            3 => self.control(data, octets, out, &mut sink),
            _ => sink(damaged(octets, DamageKind::Framing)),
        }
    }

    fn single(&mut self, data: &[u8], frame: usize, sink: &mut impl FnMut(Event<'_>)) {
        self.abandon(sink);
        let octets = frame as u32;
        // In longer frames the length has an octet of its own.
        let (length, content) = match data {
            [length, content @ ..] if frame <= 8 => (*length, content),
            [0, length, content @ ..] if usize::from(*length) > self.layout.single(8).0 => {
                (*length, content)
            }
            _ => (0, data),
        };
        let length = usize::from(length);
        if length == 0 || length > content.len() {
            return sink(damaged(octets, DamageKind::Framing));
        }
        sink(Event::Message {
            content: &content[..length],
            octets,
        });
    }

    fn first(
        &mut self,
        data: &[u8],
        frame: usize,
        out: &mut Vec<Pdu>,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        self.abandon(sink);
        let octets = frame as u32;
        if frame < 8
            || !FD_LENGTHS
                .iter()
                .any(|&length| usize::from(length) == frame)
        {
            return sink(damaged(octets, DamageKind::Framing));
        }
        let short = usize::from(u16::from_be_bytes([data[0] & 0xf, data[1]]));
        let (length, head) = if short == 0 {
            let long = u32::from_be_bytes([data[2], data[3], data[4], data[5]]);
            (long as usize, 6)
        } else {
            (short, 2)
        };
        // A message that a shorter form could carry is a sender's error, and ignored.
        let shortest = match head {
            6 => LONGEST_SHORT + 1,
            _ => self.layout.shortest_long(frame),
        };
        if length < shortest {
            return sink(damaged(octets, DamageKind::Framing));
        }
        if length > self.limit {
            let none = Flow {
                block_size: 0,
                separation: 0,
            };
            out.push(self.layout.control(2, none));
            return sink(damaged(octets, DamageKind::TooLong));
        }
        self.content.clear();
        self.content.extend_from_slice(&data[head..]);
        self.incoming = Some(Incoming {
            length,
            part: data.len() - 1,
            sequence: 1,
            block: self.block(),
            octets,
        });
        self.go_on(out);
    }

    /// Has the sender go on, or wait.
    fn go_on(&mut self, out: &mut Vec<Pdu>) {
        self.held = self.holds;
        let status = u8::from(self.holds);
        out.push(self.layout.control(status, self.flow));
    }

    fn consecutive(
        &mut self,
        data: &[u8],
        octets: u32,
        out: &mut Vec<Pdu>,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        let Some(mut incoming) = self.incoming.take() else {
            return sink(damaged(octets, DamageKind::Framing));
        };
        let wanted = (incoming.length - self.content.len()).min(incoming.part);
        if data[0] & 0xf != incoming.sequence || data.len() <= wanted {
            return sink(damaged(incoming.octets + octets, DamageKind::Framing));
        }
        self.content.extend_from_slice(&data[1..=wanted]);
        incoming.octets += octets;
        if self.content.len() == incoming.length {
            return sink(Event::Message {
                content: &self.content,
                octets: incoming.octets,
            });
        }
        incoming.sequence = (incoming.sequence + 1) & 0xf;
        incoming.block = match incoming.block {
            Some(1) => {
                self.go_on(out);
                self.block()
            }
            left => left.map(|left| left - 1),
        };
        self.incoming = Some(incoming);
    }

    fn control(
        &mut self,
        data: &[u8],
        octets: u32,
        out: &mut Vec<Pdu>,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        let (Some(outgoing), Some(&[_, block_size, separation])) =
            (&mut self.outgoing, data.first_chunk())
        else {
            return sink(damaged(octets, DamageKind::Framing));
        };
        sink(Event::Control { octets });
        match data[0] & 0xf {
            0 => {
                self.separation_us = separation_us(separation);
                outgoing.waits = 0;
                let frames = if block_size == 0 {
                    usize::MAX
                } else {
                    block_size.into()
                };
                if outgoing.consecutive(frames, self.layout, out) {
                    self.outgoing = None;
                    sink(Event::Sent);
                }
            }
            1 if outgoing.waits < MOST_WAITS => outgoing.waits += 1,
            _ => {
                self.outgoing = None;
                sink(Event::Overflow);
            }
        }
    }

    /// A new message begins: what had come of the one before it is lost.
    fn abandon(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        if let Some(damage) = self.abort_receiving() {
            sink(Event::Damaged(damage));
        }
    }

    fn block(&self) -> Option<u8> {
        Some(self.flow.block_size).filter(|&size| size > 0)
    }
}

impl Outgoing {
    /// Sends up to `frames` consecutive frames; whether that was the last one.
    fn consecutive(&mut self, frames: usize, layout: Layout, out: &mut Vec<Pdu>) -> bool {
        let rest = &self.content[self.sent..];
        for part in rest.chunks(layout.part()).take(frames) {
            out.push(layout.pdu(&[&[0x20 | self.sequence], part]));
            self.sequence = (self.sequence + 1) & 0xf;
            self.sent += part.len();
        }
        self.sent == self.content.len()
    }
}
