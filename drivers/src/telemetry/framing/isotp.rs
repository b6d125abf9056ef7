//! ISO-TP (ISO 15765-2, normal addressing, classic CAN): messages of any length in frames of
//! eight octets, paced by the receiver's flow control.
//!
//! This half knows no time: whoever has a clock keeps the separation that the far end asks for,
//! and gives up a transfer that has stopped.

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

#[cfg(test)]
mod tests {
    use super::*;

    fn end(block_size: u8) -> IsoTp {
        IsoTp::new(
            Flow {
                block_size,
                separation: 0,
            },
            100_000,
        )
    }

    /// Sends `content` from one end to another; how many flow controls it took.
    fn transfer(content: &[u8], block_size: u8) -> usize {
        let (mut from, mut to) = (end(0), end(block_size));
        let (mut there, mut back) = (Vec::new(), Vec::new());
        let (mut heard, mut controls, mut octets, mut sent) = (None, 0, 0, 0);
        from.send(content, &mut there);
        while !there.is_empty() {
            for pdu in std::mem::take(&mut there) {
                sent += 8;
                to.push(&pdu, &mut back, |event| match event {
                    Event::Message { content, octets: o } => {
                        heard = Some(content.to_vec());
                        octets = o;
                    }
                    other => panic!("{other:?}"),
                });
            }
            for pdu in std::mem::take(&mut back) {
                controls += 1;
                from.push(&pdu, &mut there, |_| {});
            }
        }
        assert_eq!(heard.as_deref(), Some(content));
        assert_eq!(octets, sent, "every octet is accounted for");
        assert!(!from.is_sending());
        controls
    }

    #[test]
    fn messages_of_every_form_arrive() {
        let content: Vec<u8> = (0..=255).cycle().take(20_000).collect();
        assert_eq!(transfer(&content[..7], 0), 0);
        assert_eq!(transfer(&content[..8], 0), 1);
        // 62 octets: 6 in the first frame, 8 frames of 7: a control and one after each third.
        assert_eq!(transfer(&content[..62], 3), 3);
        assert_eq!(transfer(&content[..4_095], 0), 1);
        assert_eq!(transfer(&content[..4_096], 8), 74);
        assert_eq!(transfer(&content, 0), 1);
    }

    #[test]
    fn frames_have_the_standards_layout() {
        let mut out = Vec::new();
        let mut from = end(0);
        from.send(&[1, 2, 3], &mut out);
        from.send(&[9; 20], &mut out);
        let control = [0x30, 0, 0];
        from.push(&control, &mut out, |_| {});
        let p = PADDING;
        assert_eq!(
            out,
            [
                [0x03, 1, 2, 3, p, p, p, p],
                [0x10, 20, 9, 9, 9, 9, 9, 9],
                [0x21, 9, 9, 9, 9, 9, 9, 9],
                [0x22, 9, 9, 9, 9, 9, 9, 9],
            ]
        );
        out.clear();
        from.send(&[9; 4_096], &mut out);
        assert_eq!(out, [[0x10, 0, 0, 0, 0x10, 0, 9, 9]]);
    }

    #[test]
    fn a_lost_frame_costs_its_message_only() {
        let (mut from, mut to) = (end(0), end(0));
        let (mut there, mut back) = (Vec::new(), Vec::new());
        from.send(&[1; 30], &mut there);
        from.push(&[0x30, 0, 0], &mut there, |_| {});
        there.remove(2);
        from.send(&[5, 6], &mut there);
        let mut told = Vec::new();
        for pdu in &there {
            to.push(pdu, &mut back, |event| told.push(format!("{event:?}")));
        }
        insta::assert_debug_snapshot!(told, @r#"
        [
            "Damaged(Damage { bytes: 24, why: Framing })",
            "Damaged(Damage { bytes: 8, why: Framing })",
            "Message { content: [5, 6], octets: 8 }",
        ]
        "#);
    }

    #[test]
    fn flow_control_waits_overflows_and_separates() {
        let mut out = Vec::new();
        let mut from = end(0);
        from.send(&[1; 30], &mut out);
        out.clear();
        from.push(&[0x31, 0, 0], &mut out, |_| {});
        assert!(out.is_empty() && from.is_sending());
        from.push(&[0x30, 1, 0xf3], &mut out, |_| {});
        assert_eq!((out.len(), from.separation_us()), (1, 300));
        let mut overflow = false;
        from.push(&[0x32, 0, 0], &mut out, |event| {
            overflow |= event == Event::Overflow
        });
        assert!(overflow && !from.is_sending());
        assert_eq!(separation_us(0x7f), 127_000);
        assert_eq!(separation_us(0x80), 127_000);
    }

    #[test]
    fn a_message_beyond_the_limit_is_told_to_overflow() {
        let mut to = IsoTp::new(
            Flow {
                block_size: 0,
                separation: 0,
            },
            100,
        );
        let mut back = Vec::new();
        to.push(&[0x10, 101, 0, 0, 0, 0, 0, 0], &mut back, |event| {
            assert_eq!(event, damaged(8, DamageKind::TooLong));
        });
        assert_eq!(back[0][0], 0x32);
    }
}
