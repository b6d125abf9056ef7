//! What both sides know: words of the API, and outputs as numbers in text.

use std::fmt::Write as _;
use std::sync::Arc;

use profiles::option::Options;

use crate::accelerator::network::{self, Network};

/// Ends a command.
pub(super) const TERMINATOR: u8 = b'%';
/// Characters of a command at most (`EE_CMD_SIZE`).
pub(super) const COMMAND_SIZE: usize = 80;
/// Bytes of an input in a command, as the runner sends them: `db ` and two digits each.
pub(super) const BYTES_A_LINE: usize = 31;
/// Ends each answer.
pub(super) const READY: &str = "m-ready";
/// Says that the board started.
pub(super) const INIT_DONE: &str = "m-init-done";

/// How an output's elements are told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Elements {
    /// As they are.
    Float,
    /// Bytes, as what they stand for, with three decimals.
    Quantised {
        /// What one step stands for.
        scale: f64,
        /// The byte that stands for zero.
        zero: f64,
    },
}

impl Elements {
    /// Of the network that a board with these options runs.
    pub(super) fn of(options: &Options, file: Option<&Arc<Network>>) -> Elements {
        let network = network::of_board(options, file);
        if network.is_some_and(|network| network.output_is_float()) {
            return Elements::Float;
        }
        Elements::Quantised {
            scale: options.number("output_scale").unwrap_or(1.0),
            zero: options.number("output_zero").unwrap_or(0.0),
        }
    }

    /// An output as `m-results-` has it, without the brackets.
    pub(super) fn write(self, output: &[u8]) -> String {
        let mut text = String::new();
        let mut add = |value: std::fmt::Arguments<'_>| {
            let comma = if text.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}{value}");
        };
        match self {
            Elements::Float => {
                for word in output.as_chunks::<4>().0 {
                    add(format_args!("{}", f32::from_le_bytes(*word)));
                }
            }
            Elements::Quantised { scale, zero } => {
                for byte in output {
                    let value = (f64::from(byte.cast_signed()) - zero) * scale;
                    add(format_args!("{value:.3}"));
                }
            }
        }
        text
    }

    /// The output's bytes; `None` where what is told is no list of numbers.
    pub(super) fn read(self, text: &str) -> Option<Arc<[u8]>> {
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|n| n.trim().parse()).collect();
        let numbers = numbers.ok()?;
        Some(match self {
            Elements::Float => {
                let words = numbers.iter().map(|number| (*number as f32).to_le_bytes());
                words.flatten().collect()
            }
            Elements::Quantised { scale, zero } => {
                let bytes = numbers.iter().map(|number| {
                    let steps = (number / scale).round() + zero;
                    (steps.clamp(-128.0, 127.0) as i8).cast_unsigned()
                });
                bytes.collect()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for (scale, zero) in [(0.144_692_51, 14.0), (0.003_906_25, -128.0)] {
            let elements = Elements::Quantised { scale, zero };
            assert_eq!(elements.read(&elements.write(&all)).unwrap()[..], all[..]);
        }
        let floats: Vec<u8> = [1.0e-7_f32, -3.25, f32::MAX, f32::NAN]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let read = Elements::Float
            .read(&Elements::Float.write(&floats))
            .unwrap();
        assert_eq!(read[..], floats[..]);
        assert_eq!(Elements::Float.read("1,two"), None);
    }
}
