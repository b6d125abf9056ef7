//! One signal of a DBC message, compiled to a window of eight octets, a shift and a mask.
//!
//! Intel signals (`@1`) start at their least significant bit, bit n being bit n % 8 of octet
//! n / 8, and go upwards. Motorola signals (`@0`) start at their most significant bit in the same
//! numbering and go down within an octet and then to the top of the next.

use super::file::SignalText;

/// Octets of a window.
const WINDOW: usize = 8;

/// A raw value as its coding has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Raw {
    /// Without a sign.
    Unsigned(u64),
    /// In two's complement.
    Signed(i64),
    /// IEEE 754, of 32 or 64 bits.
    Float(f64),
}

impl Raw {
    /// Its 64 bits, with the sign spread over all of them.
    pub(super) fn bits(self) -> u64 {
        match self {
            Raw::Unsigned(raw) => raw,
            Raw::Signed(raw) => raw.cast_unsigned(),
            Raw::Float(raw) => raw.to_bits(),
        }
    }

    /// The nearest real number.
    pub fn as_f64(self) -> f64 {
        match self {
            Raw::Unsigned(raw) => raw as f64,
            Raw::Signed(raw) => raw as f64,
            Raw::Float(raw) => raw,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Unsigned,
    Signed,
    Float32,
    Float64,
}

/// A signal.
#[derive(Clone, Debug)]
pub struct Signal {
    pub(super) name: String,
    pub(super) unit: String,
    /// Octets that a frame must have for the signal to be in it.
    pub(super) needs: usize,
    big_endian: bool,
    /// Bits before the signal, in the order in which octets are loaded.
    lead: usize,
    bits: u32,
    /// First octet of its window and bits of that to the right of it; `None` where eight octets
    /// do not hold the signal, which happens in CAN FD frames only.
    window: Option<(usize, u32)>,
    coding: Coding,
    pub(super) factor: f64,
    pub(super) offset: f64,
    /// Physical range; all numbers, where the file has the empty range `[0|0]`.
    pub(super) min: f64,
    pub(super) max: f64,
    /// Multiplexer that must have one of these values, by its position in the message.
    pub(super) gate: Option<Gate>,
    /// Names of raw values (`VAL_`).
    pub(super) names: Vec<(i64, String)>,
}

/// When a multiplexed signal is in the frame.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// Position of the multiplexer among the message's signals.
    pub(super) selector: usize,
    /// Values of the multiplexer, both ends included.
    pub(super) values: Vec<(u64, u64)>,
}

impl Gate {
    /// Whether this value of the multiplexer puts the signal into the frame.
    pub(super) fn has(&self, bits: u64) -> bool {
        self.values
            .iter()
            .any(|&(low, high)| (low..=high).contains(&bits))
    }
}

impl Signal {
    /// Compiles a signal of a message of `octets` octets.
    pub(super) fn compile(signal: &SignalText<'_>, octets: usize) -> Result<Signal, String> {
        let bits = signal.bits;
        if !(1..=64).contains(&bits) {
            return Err(format!("has {bits} bits, expected 1 to 64"));
        }
        if signal.start >= 64 * 8 {
            let start = signal.start;
            return Err(format!(
                "starts at bit {start}, expected one of a frame's 512"
            ));
        }
        let coding = match (signal.value_type, bits, signal.signed) {
            (1, 32, _) => Coding::Float32,
            (2, 64, _) => Coding::Float64,
            (1 | 2, ..) => {
                let wants = 32 * signal.value_type;
                return Err(format!("is a float of {bits} bits, expected {wants}"));
            }
            (_, _, true) => Coding::Signed,
            (_, _, false) => Coding::Unsigned,
        };
        let (start, big_endian) = (signal.start, signal.big_endian);
        let lead = if big_endian {
            start / 8 * 8 + 7 - start % 8
        } else {
            start
        };
        let needs = (lead + bits).div_ceil(8);
        if needs > octets {
            return Err(format!(
                "reaches to octet {needs}, beyond its message, expected at most octet {octets}"
            ));
        }
        // Within eight octets the frame itself is the window.
        let first = needs.saturating_sub(WINDOW);
        let window = lead.checked_sub(first * 8).map(|lead| {
            let shift = if big_endian { 64 - lead - bits } else { lead };
            (first, shift as u32)
        });
        let unlimited = signal.min == 0.0 && signal.max == 0.0;
        Ok(Signal {
            name: signal.name.to_owned(),
            unit: signal.unit.to_owned(),
            needs,
            big_endian,
            lead,
            bits: bits as u32,
            window,
            coding,
            factor: signal.factor,
            offset: signal.offset,
            min: if unlimited { f64::MIN } else { signal.min },
            max: if unlimited { f64::MAX } else { signal.max },
            gate: None,
            names: signal
                .names
                .iter()
                .map(|&(value, name)| (value, name.to_owned()))
                .collect(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its unit, empty if it has none.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The name of a raw value, if it has one.
    pub fn name_of(&self, raw: Raw) -> Option<&str> {
        let raw = match raw {
            Raw::Unsigned(raw) => raw.cast_signed(),
            Raw::Signed(raw) => raw,
            Raw::Float(_) => return None,
        };
        let named = self.names.iter().find(|(value, _)| *value == raw);
        named.map(|(_, name)| name.as_str())
    }

    /// The raw value of a name.
    pub fn named(&self, name: &str) -> Option<i64> {
        let named = self.names.iter().find(|(_, other)| other == name);
        named.map(|(value, _)| *value)
    }

    /// Whether the raw value is the value.
    pub(super) fn is_plain_count(&self) -> bool {
        self.coding == Coding::Unsigned && self.is_unscaled()
    }

    pub(super) fn coding(&self) -> Coding {
        self.coding
    }

    pub(super) fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// First octet of its window, and bits of that to the right of it.
    pub(super) fn window(&self) -> Option<(usize, u32)> {
        self.window
    }

    /// Factor and offset.
    pub fn scale(&self) -> (f64, f64) {
        (self.factor, self.offset)
    }

    /// Whether the raw value is the value, with or without a sign.
    #[expect(
        clippy::float_cmp,
        reason = "the file writes them as 1 and 0, which are exact"
    )]
    pub(super) fn is_unscaled(&self) -> bool {
        self.factor == 1.0 && self.offset == 0.0
    }

    /// Bits before it, in the order in which its octets are read.
    pub(super) fn lead(&self) -> usize {
        self.lead
    }

    pub(super) fn bits(&self) -> u32 {
        self.bits
    }

    /// Its bits; `None` if the frame is too short to have them all.
    pub(super) fn bits_of(&self, data: &[u8]) -> Option<u64> {
        if data.len() < self.needs {
            return None;
        }
        let Some((first, shift)) = self.window else {
            return Some((0..self.bits as usize).rev().fold(0, |bits, n| {
                let (octet, bit) = self.place(n);
                bits << 1 | u64::from(data[octet] >> bit & 1)
            }));
        };
        let rest = &data[first..];
        let octets = rest.first_chunk::<WINDOW>().copied().unwrap_or_else(|| {
            let mut octets = [0; WINDOW];
            octets[..rest.len()].copy_from_slice(rest);
            octets
        });
        let window = if self.big_endian {
            u64::from_be_bytes(octets)
        } else {
            u64::from_le_bytes(octets)
        };
        Some(window >> shift & self.mask())
    }

    /// Octet and bit in it where bit `n` of the signal is, counted from the least significant.
    fn place(&self, n: usize) -> (usize, usize) {
        if self.big_endian {
            let at = self.lead + self.bits as usize - 1 - n;
            (at / 8, 7 - at % 8)
        } else {
            let at = self.lead + n;
            (at / 8, at % 8)
        }
    }

    /// Its raw value; `None` if the frame is too short to have all of it.
    pub fn raw(&self, data: &[u8]) -> Option<Raw> {
        let bits = self.bits_of(data)?;
        Some(match self.coding {
            Coding::Unsigned => Raw::Unsigned(bits),
            Coding::Signed => {
                let unused = 64 - self.bits;
                Raw::Signed((bits << unused).cast_signed() >> unused)
            }
            Coding::Float32 => Raw::Float(f64::from(f32::from_bits(bits as u32))),
            Coding::Float64 => Raw::Float(f64::from_bits(bits)),
        })
    }

    /// The value in the signal's unit.
    pub fn physical(&self, raw: Raw) -> f64 {
        raw.as_f64() * self.factor + self.offset
    }

    /// The value in the signal's unit, if raw value, factor and offset are whole numbers: it is
    /// then known beyond the 53 bits of a real number.
    pub fn exact(&self, raw: Raw) -> Option<i128> {
        /// Whole numbers up to here are exact, and their products with 64 bits do not overflow.
        const MOST: f64 = 9_007_199_254_740_992.0;
        let whole = |number: f64| {
            (number.trunc().to_bits() == number.to_bits() && number.abs() < MOST)
                .then_some(number as i128)
        };
        let raw = match raw {
            Raw::Unsigned(raw) => i128::from(raw),
            Raw::Signed(raw) => i128::from(raw),
            Raw::Float(_) => return None,
        };
        Some(raw * whole(self.factor)? + whole(self.offset)?)
    }

    /// Whether the value is one that the file allows; rounding of the factor is not held against
    /// it.
    pub(super) fn allows(&self, physical: f64) -> bool {
        let slack = self.factor.abs() * 1e-6;
        (self.min - slack..=self.max + slack).contains(&physical)
    }

    /// Puts the value that is nearest to `physical` into the frame.
    pub(super) fn write(&self, physical: f64, data: &mut [u8]) {
        let number = (physical.clamp(self.min, self.max) - self.offset) / self.factor;
        let raw = match self.coding {
            Coding::Unsigned => (number.round() as u64).min(self.mask()),
            Coding::Signed => {
                let most = (self.mask() >> 1).cast_signed();
                (number.round() as i64)
                    .clamp(-most - 1, most)
                    .cast_unsigned()
            }
            Coding::Float32 => u64::from((number as f32).to_bits()),
            Coding::Float64 => number.to_bits(),
        };
        self.put(raw, data);
    }

    /// Puts its bits into the frame, which must be long enough.
    pub(super) fn put(&self, bits: u64, data: &mut [u8]) {
        for n in 0..self.bits as usize {
            let (octet, bit) = self.place(n);
            data[octet] = data[octet] & !(1 << bit) | ((bits >> n & 1) as u8) << bit;
        }
    }

    pub(super) fn mask(&self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }
}
