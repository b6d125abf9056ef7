//! When a controller is too faulty to be on its bus (ISO 11898-1:2015, 12.1.4, "Fault confinement").

use profiles::time::BenchTime;

/// Counts above this make a controller error passive.
const PASSIVE_ABOVE: u16 = 127;
/// A count of errors while sending above this takes it off the bus.
const OFF_ABOVE: u16 = 255;
/// What an error while sending counts.
const SENDING: u16 = 8;
/// A passive receiver that heard well counts as one of these again (12.1.4.2, h: 119 to 127).
const HEARD_WELL: u16 = 119;
/// Sequences of recessive bits that it must see before it is back (12.1.4.3).
const SEQUENCES: u64 = 128;
/// Recessive bits of a sequence: what ends a frame has as many (acknowledge delimiter, end of
/// frame, intermission).
const RECESSIVE_BITS: u64 = 11;

/// What a controller may do on its bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusState {
    /// Everything.
    Active,
    /// It does not destroy what it takes for wrong, and waits longer between its frames.
    Passive,
    /// Nothing.
    Off,
}

/// The two error counters of a controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    /// Errors while sending (TEC).
    pub sending: u16,
    /// Errors while receiving (REC).
    pub receiving: u16,
}

impl Confinement {
    /// What it may do.
    pub fn state(self) -> BusState {
        match (self.sending, self.receiving) {
            (sending, _) if sending > OFF_ABOVE => BusState::Off,
            (sending, receiving) if sending.max(receiving) > PASSIVE_ABOVE => BusState::Passive,
            _ => BusState::Active,
        }
    }

    /// It sent a frame.
    pub fn sent(&mut self) {
        self.sending = self.sending.saturating_sub(1);
    }

    /// What it sent was destroyed.
    pub fn not_sent(&mut self) {
        self.sending += SENDING;
    }

    /// It heard a frame.
    pub fn heard(&mut self) {
        self.receiving = match self.receiving {
            count if count > PASSIVE_ABOVE => HEARD_WELL,
            count => count.saturating_sub(1),
        };
    }

    /// What it heard was destroyed by another.
    pub fn not_heard(&mut self) {
        self.receiving = (self.receiving + 1).min(OFF_ABOVE);
    }
}

/// A controller that was told to come back, and looks for silence on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    bit_rate: u32,
    /// Sequences that it still has to see.
    left: u64,
    /// Up to when they are counted.
    counted: BenchTime,
}

impl Recovery {
    /// It is told at `at`, on a bus of so many bits per second.
    pub fn new(at: BenchTime, bit_rate: u32) -> Recovery {
        Recovery {
            bit_rate,
            left: SEQUENCES,
            counted: at,
        }
    }

    /// When it is back, if nothing more is on the bus.
    pub fn done_at(&self) -> BenchTime {
        self.counted
            .plus_micros(self.micros(self.left * RECESSIVE_BITS))
    }

    /// A frame of so many bits ended at `at`: what silence was before it counts, and its end.
    pub fn heard(&mut self, at: BenchTime, bits: u32) {
        let quiet = at
            .micros_since(self.counted)
            .saturating_sub(self.micros(bits.into()));
        let sequences = quiet * u64::from(self.bit_rate) / 1_000_000 / RECESSIVE_BITS;
        self.left = self.left.saturating_sub(sequences + 1);
        self.counted = self.counted.max(at);
    }

    fn micros(&self, bits: u64) -> u64 {
        (bits * 1_000_000).div_ceil(self.bit_rate.max(1).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_two_destroyed_frames_take_a_controller_off_the_bus() {
        let mut controller = Confinement::default();
        let mut states = Vec::new();
        for _ in 0..32 {
            controller.not_sent();
            states.push(controller.state());
        }
        // 128 is passive, 256 is off.
        assert_eq!(states[14], BusState::Active);
        assert_eq!(states[15], BusState::Passive);
        assert_eq!((states[30], states[31]), (BusState::Passive, BusState::Off));
    }

    #[test]
    fn good_frames_make_up_for_bad_ones() {
        let mut controller = Confinement::default();
        controller.not_sent();
        (0..9).for_each(|_| controller.sent());
        assert_eq!(controller, Confinement::default());
        (0..200).for_each(|_| controller.not_heard());
        assert_eq!(controller.state(), BusState::Passive);
        controller.heard();
        assert_eq!(controller.state(), BusState::Active);
        // Receiving alone never takes it off.
        (0..1_000).for_each(|_| controller.not_heard());
        assert_eq!(controller.state(), BusState::Passive);
    }

    #[test]
    fn a_quiet_bus_takes_it_back_after_1408_bits_and_a_busy_one_after_128_frames() {
        let at = BenchTime::from_millis(10);
        let recovery = Recovery::new(at, 1_000_000);
        assert_eq!(recovery.done_at().micros_since(at), 1_408);
        let mut recovery = Recovery::new(at, 1_000_000);
        let (mut now, mut frames) = (at, 0);
        while recovery.done_at() > now {
            now = now.plus_micros(111);
            recovery.heard(now, 111);
            frames += 1;
        }
        assert_eq!(frames, 128);
        // Half of the time is silence: ten sequences between two frames.
        let mut recovery = Recovery::new(at, 1_000_000);
        let (mut now, mut frames) = (at, 0);
        while recovery.done_at() > now {
            now = now.plus_micros(221);
            recovery.heard(now, 111);
            frames += 1;
        }
        assert_eq!(frames, 12);
    }
}
