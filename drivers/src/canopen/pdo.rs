//! Process data objects: values side by side in a frame, as a mapping says (CiA 301, 7.2.2 and
//! 7.5.2.36).

use super::{Abort, Dictionary, Key};

/// One entry of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Which value.
    pub key: Key,
    /// How many bits of it, in whole octets.
    pub bits: u8,
}

impl Field {
    /// As mapping objects hold it: index, subindex, bits.
    pub fn word(self) -> u32 {
        u32::from(self.key.0) << 16 | u32::from(self.key.1) << 8 | u32::from(self.bits)
    }

    /// Reads an entry of a mapping object; `None` for one that is not of whole octets.
    pub fn read(word: u32) -> Option<Field> {
        let (index, subindex, bits) = ((word >> 16) as u16, (word >> 8) as u8, word as u8);
        (bits > 0 && bits.is_multiple_of(8) && bits <= 64).then_some(Field {
            key: (index, subindex),
            bits,
        })
    }
}

/// The data of a frame with these values.
///
/// # Errors
/// If one is not there, or all of them need more than eight octets.
pub fn pack(fields: &[Field], dictionary: &Dictionary) -> Result<Vec<u8>, Abort> {
    let mut data = Vec::new();
    for field in fields {
        let value = dictionary.get(field.key)?;
        let octets = usize::from(field.bits / 8);
        data.extend_from_slice(value.get(..octets).ok_or(Abort::LENGTH)?);
    }
    if data.len() > 8 {
        return Err(Abort::LENGTH);
    }
    Ok(data)
}

/// The values in the data of a frame; `None` if it is shorter than the mapping.
pub fn unpack<'a>(fields: &[Field], mut data: &'a [u8]) -> Option<Vec<(Key, &'a [u8])>> {
    let mut values = Vec::new();
    for field in fields {
        let (value, rest) = data.split_at_checked(usize::from(field.bits / 8))?;
        values.push((field.key, value));
        data = rest;
    }
    Some(values)
}
