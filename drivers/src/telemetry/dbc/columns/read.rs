//! One signal of many frames.

use super::super::Message;
use super::super::signal::{Coding, Signal};
use super::gathered::Rows;

/// Bits of the whole numbers that a real number holds.
const EXACT_BITS: u32 = 53;

/// The values of a signal.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// In the signal's unit.
    Real(Vec<f64>),
    /// Whole numbers of more than 53 bits, which no real number holds.
    Signed(Vec<i64>),
    /// The same without a sign.
    Unsigned(Vec<u64>),
}

/// The values of a signal in many frames of its message.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The values that are there, in the order of the frames.
    pub numbers: Numbers,
    /// Stretches of frames with (true) and without (false) the signal, and so for each frame.
    pub present: Vec<(usize, bool)>,
}

impl Column {
    /// A place for the values of `signal`.
    pub fn of(signal: &Signal) -> Column {
        let numbers = match signal.coding() {
            Coding::Unsigned if signal.is_plain_count() && signal.bits() > EXACT_BITS => {
                Numbers::Unsigned(Vec::new())
            }
            Coding::Signed if signal.is_unscaled() && signal.bits() > EXACT_BITS => {
                Numbers::Signed(Vec::new())
            }
            _ => Numbers::Real(Vec::new()),
        };
        Column {
            numbers,
            present: Vec::new(),
        }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        match &mut self.numbers {
            Numbers::Real(values) => values.clear(),
            Numbers::Signed(values) => values.clear(),
            Numbers::Unsigned(values) => values.clear(),
        }
        self.present.clear();
    }

    /// Adds frames without the signal.
    pub fn skip(&mut self, frames: usize) {
        self.note(frames, false);
    }

    fn note(&mut self, frames: usize, there: bool) {
        match self.present.last_mut() {
            _ if frames == 0 => {}
            Some((length, last)) if *last == there => *length += frames,
            _ => self.present.push((frames, there)),
        }
    }

    /// Adds the values of signal number `at` of `message` in `rows`.
    pub fn read(&mut self, message: &Message, at: usize, rows: &Rows) {
        let signal = &message.signals()[at];
        let is_everywhere = signal.gate.is_none() && rows.lengths.is_empty();
        let Some((first, shift)) = signal.window().filter(|_| is_everywhere) else {
            return self.read_each(message, signal, rows);
        };
        self.note(rows.len(), true);
        let window = Window {
            rows,
            first,
            big_endian: signal.is_big_endian(),
        };
        let (mask, unused) = (signal.mask(), 64 - signal.bits());
        let (factor, offset) = signal.scale();
        match (&mut self.numbers, signal.coding()) {
            (Numbers::Real(values), Coding::Unsigned) if unused > 0 => {
                // Below 64 bits a number is the same with and without a sign, and one with a sign
                // is turned into a real number by one instruction.
                window.append(values, |word| {
                    let raw = (word >> shift & mask).cast_signed();
                    raw as f64 * factor + offset
                });
            }
            (Numbers::Real(values), Coding::Unsigned) => {
                window.append(values, |word| word as f64 * factor + offset);
            }
            (Numbers::Real(values), Coding::Signed) => window.append(values, |word| {
                let raw = (word >> shift << unused).cast_signed() >> unused;
                raw as f64 * factor + offset
            }),
            (Numbers::Real(values), Coding::Float32) => window.append(values, |word| {
                let raw = f32::from_bits((word >> shift) as u32);
                f64::from(raw) * factor + offset
            }),
            (Numbers::Real(values), Coding::Float64) => window.append(values, |word| {
                f64::from_bits(word >> shift) * factor + offset
            }),
            (Numbers::Unsigned(values), _) => window.append(values, |word| word >> shift & mask),
            (Numbers::Signed(values), _) => window.append(values, |word| {
                (word >> shift << unused).cast_signed() >> unused
            }),
        }
    }

    /// The same for signals that are in some of the frames only, or in no window of eight octets.
    fn read_each(&mut self, message: &Message, signal: &Signal, rows: &Rows) {
        for (n, octets) in rows.octets.chunks_exact(rows.stride).enumerate() {
            let length = rows
                .lengths
                .get(n)
                .map_or(rows.stride, |&length| length.into());
            let data = &octets[..length];
            let raw = signal.raw(data);
            let raw = raw.filter(|_| signal.gate.is_none() || message.selected(signal, data, 0));
            self.note(1, raw.is_some());
            let Some(raw) = raw else {
                continue;
            };
            match &mut self.numbers {
                Numbers::Real(values) => values.push(signal.physical(raw)),
                Numbers::Signed(values) => values.push(raw.bits().cast_signed()),
                Numbers::Unsigned(values) => values.push(raw.bits()),
            }
        }
    }
}

/// Eight octets of each frame.
struct Window<'a> {
    rows: &'a Rows,
    first: usize,
    big_endian: bool,
}

impl Window<'_> {
    fn append<T>(&self, values: &mut Vec<T>, value: impl Fn(u64) -> T) {
        let octets = &self.rows.octets[..];
        let (eights, _) = octets.as_chunks::<8>();
        let first = self.first;
        if self.rows.stride == 8 {
            if self.big_endian {
                values.extend(eights.iter().map(|&eight| value(u64::from_be_bytes(eight))));
            } else {
                values.extend(eights.iter().map(|&eight| value(u64::from_le_bytes(eight))));
            }
            return;
        }
        let frames = octets.chunks_exact(self.rows.stride);
        let words = frames.map(|frame| {
            let eight = frame[first..].first_chunk::<8>().copied();
            eight.unwrap_or_default()
        });
        if self.big_endian {
            values.extend(words.map(|eight| value(u64::from_be_bytes(eight))));
        } else {
            values.extend(words.map(|eight| value(u64::from_le_bytes(eight))));
        }
    }
}
