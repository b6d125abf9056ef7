//! Carries out a plan: one kernel after the other, parameters fresh from the memory image.

use super::image::Image;
use super::plan::{Action, Plan, Value};
use super::program::Element;
use super::{float, integer};

/// The one NaN that outputs show. Which NaN an operation gives is the processor's choice, and
/// outputs must not depend on it.
const NAN: u32 = 0x7FC0_0000;

/// A number as outputs show it.
pub(super) fn shown(real: f32) -> [u8; 4] {
    let bits = if real.is_nan() { NAN } else { real.to_bits() };
    bits.to_le_bytes()
}

/// What a network holds while it computes, as one piece of memory: values in the order in which they are made. Bits
/// of it can be upset, each once.
#[derive(Debug, Default)]
pub(super) struct Working {
    /// Bytes and bits that turn over.
    flips: Vec<(usize, u8)>,
    /// Bytes made so far.
    seen: usize,
}

impl Working {
    /// With these bits to turn over.
    pub(super) fn upset(flips: Vec<(usize, u8)>) -> Working {
        Working { flips, seen: 0 }
    }

    /// How many bytes were made.
    pub(super) fn bytes(&self) -> usize {
        self.seen
    }

    /// Values that have been made.
    pub(super) fn reals(&mut self, values: &mut [f32]) {
        for (byte, bit) in self.within(values.len() * 4) {
            let value = &mut values[byte / 4];
            let place = 8 * (byte % 4) as u32 + u32::from(bit);
            *value = f32::from_bits(value.to_bits() ^ (1 << place));
        }
    }

    /// The same of bytes.
    pub(super) fn octets(&mut self, values: &mut [i8]) {
        for (byte, bit) in self.within(values.len()) {
            values[byte] ^= (1_u8 << bit).cast_signed();
        }
    }

    /// The flips within the next so many bytes, from their start.
    fn within(&mut self, length: usize) -> Vec<(usize, u8)> {
        let start = self.seen;
        self.seen += length;
        let flips = self.flips.iter().filter_map(|(byte, bit)| {
            let byte = byte.checked_sub(start)?;
            (byte < length).then_some((byte, *bit))
        });
        flips.collect()
    }
}

/// The values of one inference, by type and place.
struct Values {
    floats: Vec<Vec<f32>>,
    bytes: Vec<Vec<i8>>,
}

/// Runs a plan on an input of the right length; bytes in and out are little-endian and row-major.
pub(super) fn run(plan: &Plan, image: &Image, input: &[u8], working: &mut Working) -> Vec<u8> {
    let mut values = Values {
        floats: vec![Vec::new(); plan.floats],
        bytes: vec![Vec::new(); plan.bytes],
    };
    values.put(&plan.input, input);
    for action in &plan.steps {
        values.step(action, image);
        match action.makes() {
            (Element::F32, place) => working.reals(&mut values.floats[place]),
            (Element::I8, place) => working.octets(&mut values.bytes[place]),
        }
    }
    values.get(&plan.output)
}

impl Values {
    fn put(&mut self, value: &Value, bytes: &[u8]) {
        match value.dtype {
            Element::F32 => {
                let (words, _) = bytes.as_chunks();
                let words = words.iter().copied().map(f32::from_le_bytes);
                self.floats[value.place] = words.collect();
            }
            Element::I8 => {
                let bytes = bytes.iter().copied().map(u8::cast_signed);
                self.bytes[value.place] = bytes.collect();
            }
        }
    }

    fn get(&self, value: &Value) -> Vec<u8> {
        match value.dtype {
            Element::F32 => self.floats[value.place]
                .iter()
                .flat_map(|real| shown(*real))
                .collect(),
            Element::I8 => {
                let bytes = self.bytes[value.place].iter().copied();
                bytes.map(i8::cast_unsigned).collect()
            }
        }
    }

    fn step(&mut self, action: &Action, image: &Image) {
        match action {
            Action::Conv {
                window,
                from,
                weight,
                bias,
                to,
            } => {
                let (weight, bias) = (image.f32s(weight), image.f32s(bias));
                self.floats[*to] = float::convolve(window, &self.floats[*from], &weight, &bias);
            }
            Action::QuantisedConv {
                window,
                scales,
                from,
                weight,
                bias,
                scale,
                to,
            } => {
                let parameters = integer::Parameters {
                    weight: &image.i8s(weight),
                    bias: &image.i32s(bias),
                    scale: &image.f32s(scale),
                };
                self.bytes[*to] =
                    integer::convolve(window, *scales, &self.bytes[*from], &parameters);
            }
            Action::Relu { from, to } => {
                if from != to {
                    self.floats[*to] = self.floats[*from].clone();
                }
                float::relu(&mut self.floats[*to]);
            }
            Action::Resize {
                columns,
                factor,
                from,
                to,
            } => self.floats[*to] = float::resize(&self.floats[*from], *columns, *factor),
            Action::Concat { from, to } => {
                let parts: Vec<&[f32]> = from.iter().map(|from| &*self.floats[*from]).collect();
                self.floats[*to] = parts.concat();
            }
            Action::Add { from, to } => {
                self.floats[*to] = float::add(&self.floats[from[0]], &self.floats[from[1]]);
            }
            Action::Transpose {
                transposition,
                dtype,
                from,
                to,
            } => match dtype {
                Element::F32 => self.floats[*to] = transposition.apply(&self.floats[*from]),
                Element::I8 => self.bytes[*to] = transposition.apply(&self.bytes[*from]),
            },
            other => self.step_of_rows(other),
        }
    }

    /// Steps without parameters that take a value as a whole.
    fn step_of_rows(&mut self, action: &Action) {
        match action {
            Action::Average { window, from, to } => {
                self.floats[*to] = float::average(window, &self.floats[*from]);
            }
            Action::Dequantise {
                quantisation,
                from,
                to,
            } => self.floats[*to] = integer::dequantise(&self.bytes[*from], *quantisation),
            Action::Quantise {
                quantisation,
                from,
                to,
            } => self.bytes[*to] = integer::quantise(&self.floats[*from], *quantisation),
            Action::Peaks {
                peaks,
                size,
                from,
                to,
            } => self.floats[*to] = peaks.rows(&self.floats[*from], *size),
            // All others are carried out above.
            _ => {}
        }
    }
}
