//! How full a bus is, second by second.

use super::super::BusFrame;
use super::{BitRates, frame_bits};

/// One second of a bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Seconds since 1970-01-01T00:00:00 UTC, or whatever the times count from.
    pub second: i64,
    /// Frames that ended in it.
    pub frames: u64,
    /// How long they and the intermissions behind them took, in nanoseconds.
    pub busy_ns: u64,
}

impl Second {
    /// The part of the second in which the bus was not idle; above 1 there are more frames than
    /// the bit rate allows.
    pub fn part(&self) -> f64 {
        self.busy_ns as f64 / 1e9
    }
}

/// The load of a bus, from its frames. Times must not go back by more than a second.
#[derive(Clone, Debug)]
pub struct BusLoad {
    rates: BitRates,
    now: Second,
    /// All of them.
    total: Second,
    /// When the first frame began, and the last ended, in nanoseconds.
    span: Option<(i64, i64)>,
    peak: Second,
}

impl BusLoad {
    /// A bus with these bit rates.
    pub fn new(rates: BitRates) -> BusLoad {
        BusLoad {
            rates,
            now: Second::default(),
            total: Second::default(),
            span: None,
            peak: Second::default(),
        }
    }

    /// Takes a frame and its time in microseconds; gives a second that is over.
    pub fn push(&mut self, micros: i64, frame: &BusFrame) -> Option<Second> {
        let bits = frame_bits(frame, |_, _| {})?;
        let busy_ns = self.rates.nanos(bits);
        let second = micros.div_euclid(1_000_000);
        let end = micros.saturating_mul(1_000);
        let (over, begin) = match self.span {
            None => {
                self.now.second = second;
                (None, end.saturating_sub_unsigned(busy_ns))
            }
            Some((begin, _)) if second > self.now.second => (Some(self.close(second)), begin),
            Some((begin, _)) => (None, begin),
        };
        self.span = Some((begin, end));
        self.now.frames += 1;
        self.now.busy_ns += busy_ns;
        over
    }

    /// The second under way, the last one.
    pub fn finish(&mut self) -> Option<Second> {
        self.span?;
        Some(self.close(self.now.second + 1))
    }

    /// The fullest second.
    pub fn peak(&self) -> Second {
        self.peak
    }

    /// The part of the time from the first frame to the last in which the bus was not idle, and
    /// the number of frames; known when it is finished.
    pub fn mean(&self) -> Option<(f64, u64)> {
        let (begin, end) = self.span?;
        let length = end.saturating_sub(begin);
        (length > 0).then(|| (self.total.busy_ns as f64 / length as f64, self.total.frames))
    }

    fn close(&mut self, next: i64) -> Second {
        let over = self.now;
        self.total.frames += over.frames;
        self.total.busy_ns += over.busy_ns;
        if over.busy_ns > self.peak.busy_ns {
            self.peak = over;
        }
        self.now = Second {
            second: next,
            ..Second::default()
        };
        over
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{CanFrame, CanId};
    use super::*;

    #[test]
    fn the_load_is_bits_over_time() {
        let frame = BusFrame::Data(CanFrame::new(CanId::Standard(0x555), &[0xaa; 8]));
        let bits = frame_bits(&frame, |_, _| {}).unwrap().total();
        let mut load = BusLoad::new(BitRates::nominal(500_000));
        for n in 0..1_000 {
            assert_eq!(load.push(n * 1_000, &frame), None);
        }
        let over = load.push(2_500_000, &frame).unwrap();
        assert_eq!((over.second, over.frames), (0, 1_000));
        let part = f64::from(bits) * 1_000.0 / 500_000.0;
        assert!((over.part() - part).abs() < 1e-9);
        assert_eq!(load.finish().unwrap().frames, 1);
        assert_eq!(load.peak(), over);
        let (mean, frames) = load.mean().unwrap();
        assert_eq!(frames, 1_001);
        // From the first bit of the first frame to the end of the last.
        let length = 2.5 + f64::from(bits) / 500_000.0;
        assert!((mean - part * 1.001 / length).abs() < 1e-9);
    }
}
