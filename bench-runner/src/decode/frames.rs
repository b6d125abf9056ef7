//! Stuffed frames: a line for each frame, with its octets and what they say.

use std::collections::BTreeMap;

use drivers::telemetry::framing::sensor::{NoSensorPacket, Payload, SensorPacket};
use drivers::telemetry::framing::split::{Piece, Splitter};
use drivers::telemetry::framing::stuffing::{Stuffing, frame_check};

use super::{Counts, Json, LONGEST};

/// What frames hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A packet of a sensor node, with a CRC-16 of its own.
    Sensor,
    /// A port and a command, then data.
    Kiss,
    /// Address, control, data, and a frame check sequence.
    Hdlc,
}

/// A stream of frames.
#[derive(Debug)]
pub(super) struct Frames {
    splitter: Splitter,
    teller: Teller,
}

#[derive(Debug)]
struct Teller {
    stuffing: Stuffing,
    content: Content,
    decoded: Vec<u8>,
    frames: u64,
    states: BTreeMap<&'static str, u64>,
    notes: bool,
}

impl Frames {
    pub(super) fn new(stuffing: Stuffing, content: Content, notes: bool) -> Frames {
        Frames {
            splitter: Splitter::new(stuffing.delimiter(), LONGEST),
            teller: Teller {
                stuffing,
                content,
                decoded: Vec::new(),
                frames: 0,
                states: BTreeMap::new(),
                notes,
            },
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Json) {
        let Frames { splitter, teller } = self;
        splitter.push(chunk, |piece| teller.frame(&piece, out));
    }

    /// What stands behind the last delimiter is an unfinished frame: it is counted, but no frame.
    pub(super) fn finish(&mut self, out: &mut Json) {
        if !self.teller.notes {
            return;
        }
        out.line(|line| {
            line.plain("frames").unsigned(self.teller.frames);
            for (state, count) in &self.teller.states {
                line.plain(state).unsigned(*count);
            }
            line.plain("tail_bytes").unsigned(self.splitter.pending());
        });
    }

    pub(super) fn counts(&self) -> Counts {
        let good = self.teller.states.get("ok").copied().unwrap_or(0);
        Counts {
            good,
            bad: self.teller.frames - good,
            skipped: self.splitter.pending(),
            lost: 0,
            clock: None,
        }
    }
}

impl Teller {
    fn frame(&mut self, piece: &Piece<'_>, out: &mut Json) {
        // Of a frame that is too long, only the beginning was kept.
        let whole = piece.length == piece.octets.len() as u64;
        let decoded = self.stuffing.decode(piece.octets, &mut self.decoded);
        let decoded = decoded.ok().filter(|_| whole);
        let number = self.frames;
        let mut state = "bad_frame";
        out.line(|line| {
            line.plain("i").unsigned(number);
            line.plain("off").unsigned(piece.offset);
            line.plain("enc_len").unsigned(piece.length);
            let Some(decoded) = decoded else {
                line.plain("st").text(state);
                return;
            };
            state = match self.content {
                Content::Sensor => sensor(decoded, line),
                Content::Kiss => kiss(decoded, line),
                Content::Hdlc => hdlc(decoded, line),
            };
        });
        self.frames += 1;
        *self.states.entry(state).or_default() += 1;
    }
}

fn state_and_octets(state: &'static str, decoded: &[u8], line: &mut Json) -> &'static str {
    line.plain("st").text(state);
    line.plain("hex").hex(decoded.iter().copied());
    state
}

fn sensor(decoded: &[u8], line: &mut Json) -> &'static str {
    let packet = match SensorPacket::read(decoded) {
        Ok(packet) => packet,
        Err(NoSensorPacket::Short) => return state_and_octets("short", decoded, line),
        Err(NoSensorPacket::Checksum) => return state_and_octets("bad_crc", decoded, line),
    };
    state_and_octets("ok", decoded, line);
    line.plain("type").unsigned(u64::from(packet.kind));
    line.plain("seq").unsigned(u64::from(packet.count));
    line.plain("t_ms").unsigned(u64::from(packet.millis));
    let Some(payload) = packet.payload else {
        line.plain("f").null();
        return "ok";
    };
    line.plain("f").object(|told| match payload {
        Payload::Inertial {
            acceleration,
            rate,
            centi_celsius,
        } => {
            let mut axes = |name, axes: [i16; 3]| {
                told.plain(name).array(|told| {
                    for axis in axes {
                        told.signed(i64::from(axis));
                    }
                });
            };
            axes("acc", acceleration);
            axes("gyro", rate);
            told.plain("temp_centi").signed(i64::from(centi_celsius));
        }
        Payload::Power { volts, amps, state } => {
            told.plain("volt").real(f64::from(volts));
            told.plain("amp").real(f64::from(amps));
            told.plain("state").unsigned(u64::from(state));
        }
        Payload::Data(octets) => {
            told.plain("n").unsigned(octets.len() as u64);
            told.plain("data").hex(octets.iter().copied());
        }
        Payload::Text(text) => told.plain("text").text(text),
    });
    "ok"
}

/// The first octet is the port in its high half and the command in its low half.
fn kiss(decoded: &[u8], line: &mut Json) -> &'static str {
    let Some((first, data)) = decoded.split_first() else {
        return state_and_octets("short", decoded, line);
    };
    state_and_octets("ok", decoded, line);
    let command = match first & 15 {
        0 => "data",
        1 => "tx_delay",
        2 => "persistence",
        3 => "slot_time",
        4 => "tx_tail",
        5 => "full_duplex",
        6 => "set_hardware",
        15 => "return",
        _ => "unknown",
    };
    line.plain("port").unsigned(u64::from(first >> 4));
    line.plain("command").text(command);
    line.plain("f")
        .object(|told| told.plain("data").hex(data.iter().copied()));
    "ok"
}

fn hdlc(decoded: &[u8], line: &mut Json) -> &'static str {
    let Some((covered, sum)) = decoded.split_last_chunk::<2>() else {
        return state_and_octets("short", decoded, line);
    };
    let [address, control, data @ ..] = covered else {
        return state_and_octets("short", decoded, line);
    };
    if frame_check(covered).to_le_bytes() != *sum {
        return state_and_octets("bad_crc", decoded, line);
    }
    state_and_octets("ok", decoded, line);
    line.plain("address").unsigned(u64::from(*address));
    line.plain("control").unsigned(u64::from(*control));
    line.plain("f")
        .object(|told| told.plain("data").hex(data.iter().copied()));
    "ok"
}
