//! Object dictionaries: values of a node under an index and a subindex.

use std::collections::BTreeMap;

/// Index and subindex.
pub type Key = (u16, u8);

/// Why an access is refused (CiA 301, table 22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort(pub u32);

impl Abort {
    /// The toggle bit did not alternate.
    pub const TOGGLE: Abort = Abort(0x0503_0000);
    /// Nothing came in time.
    pub const TIMEOUT: Abort = Abort(0x0504_0000);
    /// The command is not known.
    pub const COMMAND: Abort = Abort(0x0504_0001);
    /// It cannot be written.
    pub const READ_ONLY: Abort = Abort(0x0601_0002);
    /// There is no such object.
    pub const NO_OBJECT: Abort = Abort(0x0602_0000);
    /// It has another length.
    pub const LENGTH: Abort = Abort(0x0607_0010);
    /// There is no such subindex.
    pub const NO_SUBINDEX: Abort = Abort(0x0609_0011);
    /// The value is out of its range.
    pub const RANGE: Abort = Abort(0x0609_0030);

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Abort::TOGGLE => "toggle bit not alternated",
            Abort::TIMEOUT => "protocol timed out",
            Abort::COMMAND => "command specifier unknown",
            Abort::READ_ONLY => "object is read only",
            Abort::NO_OBJECT => "object does not exist",
            Abort::LENGTH => "length does not match",
            Abort::NO_SUBINDEX => "subindex does not exist",
            Abort::RANGE => "value out of range",
            Abort(_) => "aborted",
        }
    }
}

/// One value, little-endian as on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its octets.
    pub value: Vec<u8>,
    /// Whether it may be written, with a value of the same length.
    pub writable: bool,
}

/// The values of a node.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    entries: BTreeMap<Key, Entry>,
}

impl Dictionary {
    /// Sets a value that cannot be written from outside.
    pub fn set(&mut self, key: Key, value: impl Into<Vec<u8>>) {
        let (value, writable) = (value.into(), false);
        self.entries.insert(key, Entry { value, writable });
    }

    /// Sets a value that can be written from outside.
    pub fn set_writable(&mut self, key: Key, value: impl Into<Vec<u8>>) {
        let (value, writable) = (value.into(), true);
        self.entries.insert(key, Entry { value, writable });
    }

    /// A value.
    ///
    /// # Errors
    /// If there is none.
    pub fn get(&self, key: Key) -> Result<&[u8], Abort> {
        let entry = self.entries.get(&key).ok_or_else(|| self.absent(key))?;
        Ok(&entry.value)
    }

    /// Writes a value from outside.
    ///
    /// # Errors
    /// If there is none, or it cannot be written, or not so long.
    pub fn put(&mut self, key: Key, value: &[u8]) -> Result<(), Abort> {
        let absent = self.absent(key);
        let entry = self.entries.get_mut(&key).ok_or(absent)?;
        if !entry.writable {
            return Err(Abort::READ_ONLY);
        }
        if entry.value.len() != value.len() {
            return Err(Abort::LENGTH);
        }
        entry.value = value.to_vec();
        Ok(())
    }

    fn absent(&self, (index, _): Key) -> Abort {
        let mut subindices = self.entries.range((index, 0)..=(index, u8::MAX));
        match subindices.next() {
            Some(_) => Abort::NO_SUBINDEX,
            None => Abort::NO_OBJECT,
        }
    }
}
