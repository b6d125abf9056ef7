//! The board's CAN controller: whether what it sends gets onto the bus, and how it leaves the bus
//! and comes back.

use bytes::Bytes;
use profiles::time::{BenchTime, Period};

use crate::emulator::Outbox;
use crate::link::can::bus::{BitRates, BusState, Confinement, Recovery, frame_bits};
use crate::link::can::{BusFrame, CanFrame, CanId, Classes, ErrorFrame};

/// From bus-off to when the firmware tells the controller to come back, µs: what Linux' drivers are
/// mostly told too (`restart-ms 100`).
const RESTART_US: u64 = 100_000;
/// Bits of a frame up to where it is destroyed: its first bit of data (11-bit identifier).
const TRIED_BITS: u64 = 19;
/// Error flag, error delimiter and intermission.
const ERROR_BITS: u64 = 6 + 8 + 3;
/// What an error passive sender waits longer.
const SUSPEND_BITS: u64 = 8;
/// What the others' controllers tell of a destroyed frame: a stuff error (`CAN_ERR_PROT_STUFF`).
const STUFF_ERROR: u8 = 0x04;
/// How far ahead it fills the bus.
const FILL: Period = Period::millis(1);
/// Content of the frames that a board babbles with.
const BABBLE: [u8; 8] = [0x55; 8];

/// The controller.
#[derive(Debug)]
pub(super) struct Port {
    bit_rate: u32,
    /// Its transmitter is silent, and nobody notices.
    pub(super) muted: bool,
    confinement: Confinement,
    /// Up to when everything that it sends is destroyed.
    broken_until: BenchTime,
    off: Option<Off>,
    /// The frame that it fills the bus with, and until when.
    babble: Option<(CanFrame, BenchTime)>,
    /// Up to when it has filled it, and when it does so again.
    filled: BenchTime,
    fills_at: BenchTime,
}

/// A controller that is off the bus.
#[derive(Clone, Copy, Debug)]
enum Off {
    /// Until the firmware has it come back.
    Until(BenchTime),
    /// It looks for silence.
    Recovering(Recovery),
}

impl Port {
    pub(super) fn new(bit_rate: u32) -> Port {
        Port {
            bit_rate,
            muted: false,
            confinement: Confinement::default(),
            broken_until: BenchTime::ZERO,
            off: None,
            babble: None,
            filled: BenchTime::ZERO,
            fills_at: BenchTime::MAX,
        }
    }

    /// Everything that it sends is destroyed until then.
    pub(super) fn break_until(&mut self, until: BenchTime) {
        self.broken_until = until;
    }

    /// It fills the bus until then.
    pub(super) fn babble_until(&mut self, at: BenchTime, until: BenchTime, id: CanId) {
        self.babble = Some((CanFrame::new(id, &BABBLE), until));
        self.filled = at.ceil_millis();
        self.fills_at = self.filled;
    }

    /// The board starts anew, and its controller with it.
    pub(super) fn restart(&mut self) {
        self.confinement = Confinement::default();
        self.off = None;
        self.babble = None;
        self.fills_at = BenchTime::MAX;
    }

    /// Sends a frame, if it gets onto the bus.
    pub(super) fn send(&mut self, at: BenchTime, frame: &CanFrame, out: &mut Outbox) {
        if self.muted || self.off.is_some() {
            return;
        }
        if at >= self.broken_until {
            self.confinement.sent();
            return out.send_at(at, frame.to_bytes());
        }
        // It tries again and again, which nobody's better identifier can keep it from for long.
        let mut now = at;
        while self.confinement.state() != BusState::Off {
            let passive = self.confinement.state() == BusState::Passive;
            let suspend = if passive { SUSPEND_BITS } else { 0 };
            now = now.plus_micros(self.micros(TRIED_BITS + ERROR_BITS + suspend));
            self.confinement.not_sent();
        }
        out.send_at(at, destroyed());
        self.off = Some(Off::Until(now.plus_micros(RESTART_US)));
    }

    /// A frame was on the bus; whether the board hears it.
    pub(super) fn hears(&mut self, at: BenchTime, frame: &CanFrame) -> bool {
        match &mut self.off {
            None => self.confinement.heard(),
            Some(Off::Until(_)) => {}
            Some(Off::Recovering(recovery)) => {
                let bits = frame_bits(&BusFrame::Data(*frame), |_, _| {});
                recovery.heard(at, bits.unwrap_or_default().total());
            }
        }
        self.off.is_none()
    }

    /// When it next does something by itself, in whole milliseconds.
    pub(super) fn next_action(&self) -> BenchTime {
        let back = match self.off {
            None => BenchTime::MAX,
            Some(Off::Until(at)) => at.ceil_millis(),
            Some(Off::Recovering(recovery)) => recovery.done_at().ceil_millis(),
        };
        back.min(self.fills_at)
    }

    /// Does what is due.
    pub(super) fn act(&mut self, at: BenchTime, out: &mut Outbox) {
        match self.off {
            Some(Off::Until(then)) if then <= at => {
                self.off = Some(Off::Recovering(Recovery::new(then, self.bit_rate)));
            }
            Some(Off::Recovering(recovery)) if recovery.done_at() <= at => {
                self.off = None;
                self.confinement = Confinement::default();
            }
            _ => {}
        }
        if let Some((frame, until)) = self.babble
            && self.fills_at <= at
        {
            self.fill(at, &frame, until, out);
        }
    }

    /// One frame behind the other, for one step of time.
    fn fill(&mut self, at: BenchTime, frame: &CanFrame, until: BenchTime, out: &mut Outbox) {
        let bits = frame_bits(&BusFrame::Data(*frame), |_, _| {}).unwrap_or_default();
        let length = (BitRates::nominal(self.bit_rate).nanos(bits) / 1_000).max(1);
        let end = until.min(at + FILL);
        self.filled = self.filled.max(at);
        while self.filled < end {
            self.send(self.filled, frame, out);
            self.filled = self.filled.plus_micros(length);
        }
        self.fills_at = at + FILL;
        if self.filled >= until {
            self.babble = None;
            self.fills_at = BenchTime::MAX;
        }
    }

    fn micros(&self, bits: u64) -> u64 {
        (bits * 1_000_000).div_ceil(self.bit_rate.max(1).into())
    }
}

/// What others hear of a frame that was destroyed.
fn destroyed() -> Bytes {
    let mut detail = [0; 8];
    detail[2] = STUFF_ERROR;
    let classes = Classes(Classes::PROTOCOL.0 | Classes::BUS_ERROR.0);
    ErrorFrame { classes, detail }.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: CanId = CanId::Standard(0x100);

    fn sent(port: &mut Port, millis: u64) -> Vec<(BenchTime, BusFrame)> {
        let mut out = Outbox::default();
        let at = BenchTime::from_millis(millis);
        while port.next_action() <= at {
            let then = port.next_action();
            port.act(then, &mut out);
        }
        port.send(at, &CanFrame::new(ID, &[1]), &mut out);
        let sent = out.take().into_iter();
        sent.map(|(at, chunk)| (at, BusFrame::from_bytes(&chunk).unwrap()))
            .collect()
    }

    #[test]
    fn a_broken_sender_leaves_the_bus_and_comes_back_after_its_restart_and_128_silences() {
        let mut port = Port::new(1_000_000);
        port.break_until(BenchTime::from_millis(150));
        // The first frame is destroyed 32 times, which the others see; then it is off.
        let told = sent(&mut port, 10);
        assert!(matches!(told[..], [(_, BusFrame::Error(_))]), "{told:?}");
        assert!(!port.hears(BenchTime::from_millis(20), &CanFrame::new(ID, &[])));
        assert_eq!(sent(&mut port, 50), []);
        // 16 tries of 36 bits, 16 of 44, the restart, and 1408 bits: back at 112.688 ms.
        assert_eq!(sent(&mut port, 112), []);
        let told = sent(&mut port, 113);
        assert!(
            matches!(told[..], [(_, BusFrame::Error(_))]),
            "still broken: {told:?}"
        );
        // Off again until 215.69 ms.
        assert_eq!(sent(&mut port, 215), []);
        let told = sent(&mut port, 216);
        assert!(matches!(told[..], [(_, BusFrame::Data(_))]), "{told:?}");
        assert!(port.hears(BenchTime::from_millis(217), &CanFrame::new(ID, &[])));
    }

    #[test]
    fn babbling_fills_the_bus_and_ends() {
        let mut port = Port::new(1_000_000);
        let (begin, end) = (BenchTime::from_millis(5), BenchTime::from_millis(1_005));
        port.babble_until(begin, end, ID);
        let frames = sent(&mut port, 2_000);
        let mut micros = 0;
        for pair in frames.windows(2) {
            let bits = frame_bits(&pair[0].1, |_, _| {}).unwrap().total();
            micros += u64::from(bits);
            assert!(pair[1].0 >= pair[0].0);
        }
        assert!(
            (999_800..=1_000_200).contains(&micros),
            "{micros} µs of a second"
        );
        assert_eq!(port.next_action(), BenchTime::MAX);
    }
}
