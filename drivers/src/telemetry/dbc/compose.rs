//! Values to frames: the way back, for whoever sends.

use super::message::Message;
use super::signal::{Coding, Raw, Signal};

/// A value that cannot be sent.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ComposeError {
    /// The message has no such signal.
    #[error("message {message} has no signal `{signal}`")]
    NoSignal {
        /// The message.
        message: String,
        /// What was asked for.
        signal: String,
    },
    /// The value is neither a number nor one of the signal's names.
    #[error("`{value}` is no value of {signal}, expected a number{}", or_names(.names))]
    NoValue {
        /// The signal.
        signal: String,
        /// What was asked for.
        value: String,
        /// The names that its values have.
        names: Vec<String>,
    },
    /// The signal's bits or the file's range do not hold the value.
    #[error("{value} is out of the range of {signal}, {least} to {most}")]
    OutOfRange {
        /// The signal.
        signal: String,
        /// What was asked for.
        value: f64,
        /// The least value, in the signal's unit.
        least: f64,
        /// The greatest value.
        most: f64,
    },
    /// Two values do not go into one frame: their multiplexer selects one of them.
    #[error("{signal} is not in a frame with the other values: {selector} selects other signals")]
    NotTogether {
        /// The signal that is left out.
        signal: String,
        /// Its multiplexer.
        selector: String,
    },
}

fn or_names(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(" or one of {}", names.join(", "))
    }
}

impl Signal {
    /// The raw value that is nearest to a value in the signal's unit.
    ///
    /// # Errors
    /// If its bits do not hold it, or the file does not allow it.
    pub fn raw_of(&self, physical: f64) -> Result<Raw, ComposeError> {
        let number = (physical - self.offset) / self.factor;
        let (least, most) = self.raw_range();
        let is_float = matches!(self.coding(), Coding::Float32 | Coding::Float64);
        let fits = is_float || (least..=most).contains(&number.round());
        if !fits || number.is_nan() != physical.is_nan() || !(is_float || self.allows(physical)) {
            let ends = [least, most].map(|raw| raw * self.factor + self.offset);
            return Err(ComposeError::OutOfRange {
                signal: self.name().to_owned(),
                value: physical,
                least: ends[0].min(ends[1]).max(self.min),
                most: ends[0].max(ends[1]).min(self.max),
            });
        }
        Ok(match self.coding() {
            // 2^64 itself rounds down to the last number that 64 bits hold.
            Coding::Unsigned => Raw::Unsigned((number.round() as u64).min(self.mask())),
            Coding::Signed => {
                let most = (self.mask() >> 1).cast_signed();
                Raw::Signed((number.round() as i64).clamp(-most - 1, most))
            }
            Coding::Float32 => Raw::Float(f64::from(number as f32)),
            Coding::Float64 => Raw::Float(number),
        })
    }

    /// The raw value of a text: a number in the signal's unit, or the name of a value. Whole
    /// numbers of 64 bits are exact where the signal has no factor.
    ///
    /// # Errors
    /// If it is neither, or out of range.
    pub fn raw_of_text(&self, text: &str) -> Result<Raw, ComposeError> {
        if let Some(raw) = self.named(text) {
            return Ok(match self.coding() {
                Coding::Signed => Raw::Signed(raw),
                Coding::Unsigned => Raw::Unsigned(raw.cast_unsigned()),
                Coding::Float32 | Coding::Float64 => Raw::Float(raw as f64),
            });
        }
        if self.is_unscaled() && self.bits() > f64::MANTISSA_DIGITS {
            let exact = match self.coding() {
                Coding::Unsigned => text.parse().ok().map(Raw::Unsigned),
                Coding::Signed => text.parse().ok().map(Raw::Signed),
                Coding::Float32 | Coding::Float64 => None,
            };
            if let Some(raw) = exact.filter(|raw| self.holds(*raw)) {
                return Ok(raw);
            }
        }
        match text.parse::<f64>() {
            Ok(number) => self.raw_of(number),
            Err(_) => Err(ComposeError::NoValue {
                signal: self.name().to_owned(),
                value: text.to_owned(),
                names: self.names.iter().map(|(_, name)| name.clone()).collect(),
            }),
        }
    }

    /// Puts a raw value into a frame.
    pub(super) fn put_raw(&self, raw: Raw, data: &mut [u8]) {
        let bits = match (raw, self.coding()) {
            (Raw::Float(number), Coding::Float32) => u64::from((number as f32).to_bits()),
            (raw, _) => raw.bits(),
        };
        self.put(bits & self.mask(), data);
    }

    fn holds(&self, raw: Raw) -> bool {
        let unused = 64 - self.bits();
        match raw {
            Raw::Unsigned(raw) => raw <= self.mask(),
            Raw::Signed(raw) => raw << unused >> unused == raw,
            Raw::Float(_) => true,
        }
    }

    /// The least and the greatest raw value of its bits.
    fn raw_range(&self) -> (f64, f64) {
        match self.coding() {
            Coding::Unsigned => (0.0, self.mask() as f64),
            Coding::Signed => {
                let most = self.mask() >> 1;
                (-(most as f64) - 1.0, most as f64)
            }
            Coding::Float32 => (f64::from(f32::MIN), f64::from(f32::MAX)),
            Coding::Float64 => (f64::MIN, f64::MAX),
        }
    }
}

impl Message {
    /// The content of a frame with these values, as texts: numbers in each signal's unit, or names.
    /// Every other signal is zero. Multiplexers that are not given select the signals that are.
    ///
    /// # Errors
    /// What cannot be sent, and why.
    pub fn compose(&self, values: &[(&str, &str)]) -> Result<Vec<u8>, ComposeError> {
        let mut chosen = Vec::new();
        for &(name, value) in values {
            let found = self.signals.iter().position(|signal| signal.name() == name);
            let at = found.ok_or_else(|| ComposeError::NoSignal {
                message: self.name.clone(),
                signal: name.to_owned(),
            })?;
            chosen.push((at, self.signals[at].raw_of_text(value)?));
        }
        self.compose_raw(&chosen)
    }

    /// The same with raw values, by position in [`Message::signals`].
    ///
    /// # Errors
    /// If two of them are never in one frame.
    pub fn compose_raw(&self, values: &[(usize, Raw)]) -> Result<Vec<u8>, ComposeError> {
        let mut data = vec![0; self.octets];
        for &(at, _) in values {
            self.select(at, 0, &mut data);
        }
        for &(at, raw) in values {
            self.signals[at].put_raw(raw, &mut data);
        }
        for &(at, _) in values {
            let signal = &self.signals[at];
            if self.selected(signal, &data, 0) {
                continue;
            }
            let gate = signal.gate.as_ref();
            let selector = gate.map_or("", |gate| self.signals[gate.selector].name());
            return Err(ComposeError::NotTogether {
                signal: signal.name().to_owned(),
                selector: selector.to_owned(),
            });
        }
        Ok(data)
    }

    /// Sets the multiplexers so that they select a signal; `depth` ends a broken file's circle.
    fn select(&self, at: usize, depth: usize, data: &mut [u8]) {
        let Some(gate) = &self.signals[at].gate else {
            return;
        };
        let selector = &self.signals[gate.selector];
        let is_set = selector.bits_of(data).is_some_and(|bits| gate.has(bits));
        if let (false, Some(&(value, _))) = (is_set, gate.values.first()) {
            selector.put(value & selector.mask(), data);
        }
        if depth < self.signals.len() {
            self.select(gate.selector, depth + 1, data);
        }
    }
}
