//! ISO-TP (ISO 15765-2, normal addressing, classic CAN): messages of any length in frames of
//! eight octets, paced by the receiver's flow control.
//!
//! This half knows no time: whoever has a clock keeps the separation that the far end asks for,
//! and gives up a transfer that has stopped.

#[cfg(test)]
mod tests;

use profiles::reading::{Damage, DamageKind};

/// The data field of one CAN frame; unused octets are [`PADDING`].
pub type Pdu = [u8; 8];

/// What pads the last frame: bits alternate in pairs, so that no stuff bits are needed.
pub const PADDING: u8 = 0xcc;

/// Longest message whose length fits a first frame's twelve bits.
const LONGEST_SHORT: usize = 0xfff;

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
    /// The far end has no room for the message; it has not been sent.
    Overflow,
    /// Flow control: these octets carry no content.
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
    flow: Flow,
    limit: usize,
    incoming: Option<Incoming>,
    content: Vec<u8>,
    outgoing: Option<Outgoing>,
    separation_us: u32,
}

#[derive(Clone, Copy, Debug)]
struct Incoming {
    length: usize,
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
}

impl IsoTp {
    /// An end that takes messages of up to `limit` octets and asks for `flow`.
    pub fn new(flow: Flow, limit: usize) -> IsoTp {
        IsoTp {
            flow,
            limit,
            incoming: None,
            content: Vec::new(),
            outgoing: None,
            separation_us: 0,
        }
    }

    /// Whether a message is under way to the far end.
    pub fn is_sending(&self) -> bool {
        self.outgoing.is_some()
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
        self.outgoing = None;
        let mut pdu = [PADDING; 8];
        if content.len() <= 7 {
            pdu[0] = content.len() as u8;
            pdu[1..=content.len()].copy_from_slice(content);
            out.push(pdu);
            return;
        }
        let head = if content.len() <= LONGEST_SHORT {
            pdu[..2].copy_from_slice(&(0x1000 | content.len() as u16).to_be_bytes());
            2
        } else {
            pdu[..2].copy_from_slice(&[0x10, 0]);
            pdu[2..6].copy_from_slice(&(content.len() as u32).to_be_bytes());
            6
        };
        pdu[head..].copy_from_slice(&content[..8 - head]);
        out.push(pdu);
        self.outgoing = Some(Outgoing {
            content: content.to_vec(),
            sent: 8 - head,
            sequence: 1,
        });
    }

    /// Takes the data field of one frame.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<Pdu>, mut sink: impl FnMut(Event<'_>)) {
        match data.first().map_or(0xff, |pci| pci >> 4) {
            0 => self.single(data, &mut sink),
            1 => self.first(data, out, &mut sink),
            2 => self.consecutive(data, out, &mut sink),
            3 => self.control(data, out, &mut sink),
            _ => sink(damaged(data.len() as u32, DamageKind::Framing)),
        }
    }

    fn single(&mut self, data: &[u8], sink: &mut impl FnMut(Event<'_>)) {
        self.abandon(sink);
        let length = usize::from(data[0]);
        if length == 0 || length >= data.len() {
            return sink(damaged(data.len() as u32, DamageKind::Framing));
        }
        sink(Event::Message {
            content: &data[1..=length],
            octets: data.len() as u32,
        });
    }

    fn first(&mut self, data: &[u8], out: &mut Vec<Pdu>, sink: &mut impl FnMut(Event<'_>)) {
        self.abandon(sink);
        let octets = data.len() as u32;
        let Ok(data) = Pdu::try_from(data) else {
            return sink(damaged(octets, DamageKind::Framing));
        };
        let short = usize::from(u16::from_be_bytes([data[0] & 0xf, data[1]]));
        let (length, head) = if short == 0 {
            let long = u32::from_be_bytes([data[2], data[3], data[4], data[5]]);
            (long as usize, 6)
        } else {
            (short, 2)
        };
        // A message that a shorter form could carry is a sender's error, and ignored.
        if length <= if head == 6 { LONGEST_SHORT } else { 7 } {
            return sink(damaged(octets, DamageKind::Framing));
        }
        if length > self.limit {
            out.push(flow_control(
                2,
                Flow {
                    block_size: 0,
                    separation: 0,
                },
            ));
            return sink(damaged(octets, DamageKind::TooLong));
        }
        self.content.clear();
        self.content.extend_from_slice(&data[head..]);
        self.incoming = Some(Incoming {
            length,
            sequence: 1,
            block: self.block(),
            octets,
        });
        out.push(flow_control(0, self.flow));
    }

    fn consecutive(&mut self, data: &[u8], out: &mut Vec<Pdu>, sink: &mut impl FnMut(Event<'_>)) {
        let octets = data.len() as u32;
        let Some(mut incoming) = self.incoming.take() else {
            return sink(damaged(octets, DamageKind::Framing));
        };
        let wanted = (incoming.length - self.content.len()).min(7);
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
                out.push(flow_control(0, self.flow));
                self.block()
            }
            left => left.map(|left| left - 1),
        };
        self.incoming = Some(incoming);
    }

    fn control(&mut self, data: &[u8], out: &mut Vec<Pdu>, sink: &mut impl FnMut(Event<'_>)) {
        let octets = data.len() as u32;
        let (Some(outgoing), Some(&[_, block_size, separation])) =
            (&mut self.outgoing, data.first_chunk())
        else {
            return sink(damaged(octets, DamageKind::Framing));
        };
        sink(Event::Control { octets });
        match data[0] & 0xf {
            0 => {
                self.separation_us = separation_us(separation);
                let frames = if block_size == 0 {
                    usize::MAX
                } else {
                    block_size.into()
                };
                if outgoing.consecutive(frames, out) {
                    self.outgoing = None;
                    sink(Event::Sent);
                }
            }
            1 => {}
            _ => {
                self.outgoing = None;
                sink(Event::Overflow);
            }
        }
    }

    /// A new message begins: what had come of the one before it is lost.
    fn abandon(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        if let Some(incoming) = self.incoming.take() {
            sink(damaged(incoming.octets, DamageKind::TooShort));
        }
    }

    fn block(&self) -> Option<u8> {
        Some(self.flow.block_size).filter(|&size| size > 0)
    }
}

impl Outgoing {
    /// Sends up to `frames` consecutive frames; whether that was the last one.
    fn consecutive(&mut self, frames: usize, out: &mut Vec<Pdu>) -> bool {
        let rest = &self.content[self.sent..];
        for part in rest.chunks(7).take(frames) {
            let mut pdu = [PADDING; 8];
            pdu[0] = 0x20 | self.sequence;
            pdu[1..=part.len()].copy_from_slice(part);
            out.push(pdu);
            self.sequence = (self.sequence + 1) & 0xf;
            self.sent += part.len();
        }
        self.sent == self.content.len()
    }
}

fn flow_control(status: u8, flow: Flow) -> Pdu {
    let mut pdu = [PADDING; 8];
    pdu[..3].copy_from_slice(&[0x30 | status, flow.block_size, flow.separation]);
    pdu
}

/// Reserved values mean the longest time, as the standard has it.
fn separation_us(separation: u8) -> u32 {
    match separation {
        0..=0x7f => u32::from(separation) * 1_000,
        0xf1..=0xf9 => u32::from(separation - 0xf0) * 100,
        _ => 127_000,
    }
}

fn damaged(octets: u32, why: DamageKind) -> Event<'static> {
    Event::Damaged(Damage { bytes: octets, why })
}
