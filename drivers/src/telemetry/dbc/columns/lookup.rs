//! From an identifier to its message, without a search.

use super::super::Database;
use crate::link::can::CanId;

/// No message.
const NONE: u16 = u16::MAX;
/// Identifiers of 11 bits.
const STANDARD: usize = 0x800;

/// Positions of messages in a database.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// By 11-bit identifier.
    standard: Box<[u16; STANDARD]>,
    /// By 29-bit identifier and position, hashed; at most half of the slots are taken.
    extended: Vec<(u32, u16)>,
    /// Bits of a hash that are no part of a slot's number.
    shift: u32,
}

impl Lookup {
    /// The positions of the messages of a database.
    ///
    /// # Panics
    /// If the database has 65535 messages or more; CAN has no use for so many.
    pub fn new(database: &Database) -> Lookup {
        let messages = database.messages();
        assert!(messages.len() < usize::from(NONE), "too many messages");
        let extended = messages
            .iter()
            .filter(|message| matches!(message.id(), CanId::Extended(_)));
        let slots = (2 * extended.count()).next_power_of_two().max(2);
        let mut lookup = Lookup {
            standard: Box::new([NONE; STANDARD]),
            extended: vec![(0, NONE); slots],
            shift: 32 - slots.trailing_zeros(),
        };
        for (position, message) in messages.iter().enumerate() {
            match message.id() {
                CanId::Standard(id) => lookup.standard[usize::from(id)] = position as u16,
                CanId::Extended(id) => {
                    let mut slot = lookup.slot(id);
                    while lookup.extended[slot].1 != NONE {
                        slot = (slot + 1) % slots;
                    }
                    lookup.extended[slot] = (id, position as u16);
                }
            }
        }
        lookup
    }

    /// The position of the message with this identifier.
    #[inline]
    pub fn find(&self, id: CanId) -> Option<usize> {
        let found = match id {
            CanId::Standard(id) => self.standard[usize::from(id) % STANDARD],
            CanId::Extended(id) => {
                let mut slot = self.slot(id);
                loop {
                    match self.extended[slot] {
                        (_, NONE) => break NONE,
                        (other, position) if other == id => break position,
                        _ => slot = (slot + 1) % self.extended.len(),
                    }
                }
            }
        };
        (found != NONE).then(|| usize::from(found))
    }

    /// Multiplicative hashing with the golden ratio (Knuth, The Art of Computer Programming 3,
    /// 6.4): its upper bits are the well-mixed ones.
    fn slot(&self, id: u32) -> usize {
        (id.wrapping_mul(0x9e37_79b9) >> self.shift) as usize
    }
}
