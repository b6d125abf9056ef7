//! One signal of a DBC message, compiled to a window of eight octets, a shift and a mask.
//!
//! Intel signals (`@1`) start at their least significant bit, bit n being bit n % 8 of octet
//! n / 8, and go upwards. Motorola signals (`@0`) start at their most significant bit in the same
//! numbering and go down within an octet and then to the top of the next.

use can_dbc::{ByteOrder, ValueType};

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
    factor: f64,
    offset: f64,
    /// Physical range; all numbers, where the file has the empty range `[0|0]`.
    pub(super) min: f64,
    pub(super) max: f64,
    /// Multiplexer that must have one of these values, by its position in the message.
    pub(super) gate: Option<Gate>,
}

/// When a multiplexed signal is in the frame.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// Position of the multiplexer among the message's signals.
    pub(super) selector: usize,
    /// Values of the multiplexer, both ends included.
    pub(super) values: Vec<(u64, u64)>,
}

impl Signal {
    /// Compiles a signal of a message of `octets` octets.
    pub(super) fn compile(
        signal: &can_dbc::Signal,
        float: bool,
        octets: usize,
    ) -> Result<Signal, &'static str> {
        if signal.size == 0 || signal.size > 64 {
            return Err("has no bits, or more than 64");
        }
        if signal.start_bit >= 64 * 8 {
            return Err("starts behind the longest frame");
        }
        let coding = match (float, signal.size, signal.value_type) {
            (true, 32, _) => Coding::Float32,
            (true, 64, _) => Coding::Float64,
            (true, ..) => return Err("is a float of neither 32 nor 64 bits"),
            (false, _, ValueType::Signed) => Coding::Signed,
            (false, _, ValueType::Unsigned) => Coding::Unsigned,
        };
        let (bits, start) = (signal.size as usize, signal.start_bit as usize);
        let big_endian = signal.byte_order == ByteOrder::BigEndian;
        let lead = if big_endian {
            start / 8 * 8 + 7 - start % 8
        } else {
            start
        };
        let needs = (lead + bits).div_ceil(8);
        if needs > octets {
            return Err("reaches beyond its message");
        }
        // Within eight octets the frame itself is the window.
        let first = needs.saturating_sub(WINDOW);
        let window = lead.checked_sub(first * 8).map(|lead| {
            let shift = if big_endian { 64 - lead - bits } else { lead };
            (first, shift as u32)
        });
        let (min, max) = (number(signal.min), number(signal.max));
        let unlimited = min == 0.0 && max == 0.0;
        Ok(Signal {
            name: signal.name.clone(),
            unit: signal.unit.clone(),
            needs,
            big_endian,
            lead,
            bits: bits as u32,
            window,
            coding,
            factor: signal.factor,
            offset: signal.offset,
            min: if unlimited { f64::MIN } else { min },
            max: if unlimited { f64::MAX } else { max },
            gate: None,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the raw value is the value.
    #[expect(
        clippy::float_cmp,
        reason = "the file writes them as 1 and 0, which are exact"
    )]
    pub(super) fn is_plain_count(&self) -> bool {
        self.coding == Coding::Unsigned && self.factor == 1.0 && self.offset == 0.0
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
        for n in 0..self.bits as usize {
            let (octet, bit) = self.place(n);
            data[octet] = data[octet] & !(1 << bit) | ((raw >> n & 1) as u8) << bit;
        }
    }

    fn mask(&self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }
}

fn number(value: can_dbc::NumericValue) -> f64 {
    match value {
        can_dbc::NumericValue::Uint(value) => value as f64,
        can_dbc::NumericValue::Int(value) => value as f64,
        can_dbc::NumericValue::Double(value) => value,
    }
}
