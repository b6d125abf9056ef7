//! An emulated Lawicel adapter: what it answers to each command, and which frames pass.
//!
//! After the manual of the CANUSB, version 1.0: settings are made while the channel is closed,
//! frames pass while it is open, and every command is answered by CR or BEL.

use super::codec::{BEL, CR, Said, SlcanDecoder, write_frame};
use crate::link::can::BusFrame;

/// Bit rates of `S0` to `S8`, bit/s.
pub(super) const RATES: [u32; 9] = [
    10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000,
];
/// Version of hardware and firmware, and the serial number.
const VERSION: &str = "V1013";
const SERIAL: &str = "NA123";
/// `F`: a bus error, and an error passive controller.
const MISUNDERSTOOD: u8 = 0xa0;

/// What an adapter does with what it heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// It answers.
    Answer(Vec<u8>),
    /// It sends a frame, and answers when it is on the bus.
    Send(BusFrame, Vec<u8>),
}

/// The adapter.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the switches of the device, each set by its own command"
)]
pub(super) struct Adapter {
    decoder: SlcanDecoder,
    /// The bus that it stands at.
    bus_rate: u32,
    /// What it was set to.
    rate: Option<u32>,
    open: bool,
    listens_only: bool,
    stamps: bool,
    /// Something was on the bus that it did not understand.
    misunderstood: bool,
    /// It tries to send what nobody understands.
    stuck: bool,
}

impl Adapter {
    pub(super) fn new(bus_rate: u32) -> Adapter {
        Adapter {
            decoder: SlcanDecoder::default(),
            bus_rate,
            rate: None,
            open: false,
            listens_only: false,
            stamps: false,
            misunderstood: false,
            stuck: false,
        }
    }

    /// Octets came on its serial line.
    pub(super) fn hear(&mut self, octets: &[u8], acts: &mut Vec<Act>) {
        let mut said = Vec::new();
        self.decoder.push(octets, |what| said.push(what));
        for what in said {
            match what {
                Said::Frame(frame, None) => self.send(frame, acts),
                Said::Line(line) => acts.push(Act::Answer(self.obey(&line))),
                // An empty line is answered by one: clients empty the buffer so.
                Said::Done => acts.push(Act::Answer(vec![CR])),
                Said::Refused => {}
                Said::Frame(_, Some(_)) | Said::Noise(_) => acts.push(Act::Answer(vec![BEL])),
            }
        }
    }

    fn send(&mut self, frame: BusFrame, acts: &mut Vec<Act>) {
        if !self.open || self.listens_only || matches!(frame, BusFrame::Error(_)) {
            return acts.push(Act::Answer(vec![BEL]));
        }
        if !self.understands() {
            // Nobody acknowledges, and so it is tried for ever.
            self.stuck = true;
            return;
        }
        let extended = matches!(frame.id(), Some(crate::link::can::CanId::Extended(_)));
        let sent = if extended { b'Z' } else { b'z' };
        acts.push(Act::Send(frame, vec![sent, CR]));
    }

    fn understands(&self) -> bool {
        self.rate == Some(self.bus_rate)
    }

    /// A frame was on the bus; its line, if it passes.
    pub(super) fn pass(&mut self, frame: &BusFrame, millis: u64) -> Option<Vec<u8>> {
        if !self.open {
            return None;
        }
        if !self.understands() {
            self.misunderstood = true;
            return None;
        }
        let mut line = Vec::new();
        let stamp = self.stamps.then_some((millis % 60_000) as u16);
        write_frame(frame, stamp, &mut line);
        Some(line)
    }

    /// The answer to a command.
    fn obey(&mut self, line: &str) -> Vec<u8> {
        let done = self.done(line);
        match done {
            Some(text) => {
                let mut answer = text.into_bytes();
                answer.push(CR);
                answer
            }
            None => vec![BEL],
        }
    }

    fn done(&mut self, line: &str) -> Option<String> {
        let nothing = || Some(String::new());
        let (command, rest) = line.split_at(1);
        match (command, rest) {
            ("S", digit) if !self.open => {
                let rate = RATES.get(digit.parse::<usize>().ok()?)?;
                self.rate = Some(*rate);
                nothing()
            }
            ("O" | "L", "") if !self.open && self.rate.is_some() => {
                self.open = true;
                self.listens_only = command == "L";
                nothing()
            }
            ("C", "") if self.open => {
                self.open = false;
                self.stuck = false;
                nothing()
            }
            ("Z", "0" | "1") if !self.open => {
                self.stamps = rest == "1";
                nothing()
            }
            // Acceptance code and mask, of eight digits; everything passes here.
            ("M" | "m", mask) if !self.open && mask.len() == 8 => nothing(),
            // The second bit rate of CAN FD, in Mbit/s.
            // Data rates of CAN FD; and frames are told at once, not only when asked for.
            ("Y", "1" | "2" | "4" | "5" | "8") | ("X", "1") if !self.open => nothing(),
            ("V", "") => Some(VERSION.to_owned()),
            ("N", "") => Some(SERIAL.to_owned()),
            ("F", "") if self.open => {
                let flags = if self.misunderstood || self.stuck {
                    MISUNDERSTOOD
                } else {
                    0
                };
                self.misunderstood = false;
                Some(format!("F{flags:02X}"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::can::{CanFrame, CanId};

    fn answers(adapter: &mut Adapter, octets: &[u8]) -> String {
        let mut acts = Vec::new();
        adapter.hear(octets, &mut acts);
        let told = acts.into_iter().flat_map(|act| match act {
            Act::Answer(answer) => answer,
            Act::Send(frame, answer) => {
                [format!("<{}>", frame.data().len()).into_bytes(), answer].concat()
            }
        });
        String::from_utf8(told.collect())
            .unwrap()
            .replace('\x07', "!")
            .replace('\r', ".")
    }

    #[test]
    fn it_answers_as_the_manual_says() {
        let mut adapter = Adapter::new(500_000);
        // Not open yet: no frames, no status. Not set up yet: not opened.
        assert_eq!(answers(&mut adapter, b"\r\rC\rO\rt1230\rF\r"), "..!!!!");
        assert_eq!(
            answers(&mut adapter, b"V\rN\rS9\rS6\rZ1\rO\r"),
            "V1013.NA123.!..."
        );
        // Open: settings are refused, frames pass.
        assert_eq!(
            answers(&mut adapter, b"S6\rZ0\rO\rt1232AABB\rT000001230\r"),
            "!!!<2>z.<0>Z."
        );
        let frame = BusFrame::Data(CanFrame::new(CanId::Standard(0x10), &[1]));
        assert_eq!(adapter.pass(&frame, 61_000).unwrap(), b"t01010103E8\r");
        assert_eq!(answers(&mut adapter, b"F\rC\rq\r"), "F00..!");
        assert_eq!(adapter.pass(&frame, 0), None);
        assert_eq!(answers(&mut adapter, b"L\rt1230\r"), ".!");
    }

    #[test]
    fn at_another_bit_rate_nothing_is_understood() {
        let mut adapter = Adapter::new(500_000);
        assert_eq!(answers(&mut adapter, b"S5\rO\rt1230\rF\rF\r"), "..FA0.FA0.");
        let frame = BusFrame::Data(CanFrame::new(CanId::Standard(0x10), &[]));
        assert_eq!(adapter.pass(&frame, 0), None);
        assert_eq!(answers(&mut adapter, b"F\r"), "FA0.");
    }
}
