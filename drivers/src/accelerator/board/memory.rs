//! A board's memory of inputs and outputs, and what it refuses.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Inputs that a board can hold.
const SLOTS: u16 = 64;

/// Why a board will not. The numbers go over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request is not one that it knows.
    Unknown = 1,
    /// The request's content makes no sense.
    Malformed = 2,
    /// It has no such input slot.
    NoSuchSlot = 3,
    /// The address is beyond the memory.
    OutOfBounds = 4,
    /// It is computing already.
    Busy = 5,
    /// The input has not been loaded, or not all of it.
    NoInput = 6,
    /// There is no output of this input.
    NoOutput = 7,
    /// It is too hot to compute.
    Overheated = 8,
}

impl Refusal {
    const ALL: [Refusal; 8] = [
        Refusal::Unknown,
        Refusal::Malformed,
        Refusal::NoSuchSlot,
        Refusal::OutOfBounds,
        Refusal::Busy,
        Refusal::NoInput,
        Refusal::NoOutput,
        Refusal::Overheated,
    ];

    /// Its number on the wire.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// What a number on the wire means.
    pub(crate) fn text(code: u16) -> &'static str {
        let known = Refusal::ALL
            .into_iter()
            .find(|refusal| u16::from(refusal.code()) == code);
        match known {
            Some(Refusal::Unknown) => "unknown request",
            Some(Refusal::Malformed) => "malformed request",
            Some(Refusal::NoSuchSlot) => "no such input slot",
            Some(Refusal::OutOfBounds) => "address out of bounds",
            Some(Refusal::Busy) => "busy",
            Some(Refusal::NoInput) => "input not loaded",
            Some(Refusal::NoOutput) => "no output of this input",
            Some(Refusal::Overheated) => "too hot to compute",
            None => "an error without a name",
        }
    }
}

/// Inputs by slot, and the output of the latest inference on each.
#[derive(Debug, Default)]
pub(super) struct Memory {
    inputs: BTreeMap<u16, Input>,
    outputs: BTreeMap<u16, Output>,
}

#[derive(Debug)]
struct Input {
    bytes: Vec<u8>,
    loaded: Vec<bool>,
    /// How many of `loaded` are false: a query must not count them again.
    missing: usize,
}

/// An output, and the state of the network that gave it.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// The tensor's bytes.
    pub(super) bytes: Arc<[u8]>,
    /// Their CRC-32.
    pub(super) digest: u32,
    /// How often the network's memory had changed before.
    pub(super) changes: u64,
}

impl Memory {
    /// Keeps part of an input of `length` bytes.
    pub(super) fn load(
        &mut self,
        slot: u16,
        offset: u32,
        octets: &[u8],
        length: usize,
    ) -> Result<(), Refusal> {
        if slot >= SLOTS {
            return Err(Refusal::NoSuchSlot);
        }
        let start = offset as usize;
        let end = start
            .checked_add(octets.len())
            .ok_or(Refusal::OutOfBounds)?;
        if end > length {
            return Err(Refusal::OutOfBounds);
        }
        let input = self.inputs.entry(slot).or_insert_with(|| Input {
            bytes: vec![0; length],
            loaded: vec![false; length],
            missing: length,
        });
        input.bytes[start..end].copy_from_slice(octets);
        let fresh = input.loaded[start..end].iter().filter(|&&loaded| !loaded);
        input.missing -= fresh.count();
        input.loaded[start..end].fill(true);
        // An output is of the input that gave it.
        self.outputs.remove(&slot);
        Ok(())
    }

    /// A whole input.
    pub(super) fn input(&self, slot: u16) -> Result<&[u8], Refusal> {
        self.inputs
            .get(&slot)
            .filter(|input| input.missing == 0)
            .map(|input| &input.bytes[..])
            .ok_or(Refusal::NoInput)
    }

    /// Keeps an output.
    pub(super) fn keep_output(&mut self, slot: u16, output: Output) {
        self.outputs.insert(slot, output);
    }

    /// The output of the latest inference on this input.
    pub(super) fn output(&self, slot: u16) -> Result<&Output, Refusal> {
        self.outputs.get(&slot).ok_or(Refusal::NoOutput)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_there_when_all_of_it_is() {
        let mut memory = Memory::default();
        memory.load(3, 2, &[3, 4], 4).unwrap();
        assert_eq!(memory.input(3), Err(Refusal::NoInput));
        memory.load(3, 0, &[1, 2], 4).unwrap();
        assert_eq!(memory.input(3), Ok(&[1, 2, 3, 4][..]));
        assert_eq!(memory.load(3, 3, &[0, 0], 4), Err(Refusal::OutOfBounds));
        assert_eq!(memory.load(SLOTS, 0, &[0], 4), Err(Refusal::NoSuchSlot));
        assert_eq!(memory.load(3, u32::MAX, &[0], 4), Err(Refusal::OutOfBounds));
    }

    #[test]
    fn every_refusal_has_its_text() {
        for refusal in Refusal::ALL {
            assert_ne!(Refusal::text(refusal.code().into()), Refusal::text(0));
        }
    }
}
