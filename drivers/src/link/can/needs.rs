//! What one device needs of a bus that it shares with others.

use super::{BusFrame, CanId, EXTENDED_MASK, STANDARD_MASK};

/// Identifiers that are alike but for some bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CanIds {
    /// One of them.
    pub id: CanId,
    /// Bits that may be anything.
    pub any: u32,
}

/// Identifiers of the frames that lead to and from one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusNeeds {
    /// Frames that the device sends, and its driver wants to hear.
    pub hears: Vec<CanIds>,
    /// Frames that its driver sends.
    pub says: Vec<CanIds>,
}

impl From<CanId> for CanIds {
    fn from(id: CanId) -> CanIds {
        CanIds { id, any: 0 }
    }
}

impl CanIds {
    /// Bits that are the same in all of them.
    pub(super) fn mask(self) -> u32 {
        let all = match self.id {
            CanId::Standard(_) => STANDARD_MASK,
            CanId::Extended(_) => EXTENDED_MASK,
        };
        all & !self.any
    }

    /// Whether `id` is one of them.
    pub fn has(self, id: CanId) -> bool {
        self.common(id.into()).is_some()
    }

    /// One that is among `others` too.
    pub fn common(self, others: CanIds) -> Option<CanId> {
        let (word, other) = (self.id.word(), others.id.word());
        // Identifiers of different lengths are never the same: the flag is no bit of a mask.
        let differ = word ^ other;
        if differ & !(self.any | others.any) != 0 {
            return None;
        }
        CanId::from_word(word & !self.any | other & self.any)
    }
}

impl BusNeeds {
    /// Identifiers, each alone.
    pub fn of(
        hears: impl IntoIterator<Item = CanId>,
        says: impl IntoIterator<Item = CanId>,
    ) -> BusNeeds {
        BusNeeds {
            hears: hears.into_iter().map(CanIds::from).collect(),
            says: says.into_iter().map(CanIds::from).collect(),
        }
    }

    /// Whether a frame on the bus is one that the driver wants to hear. What the controller tells
    /// of errors concerns everybody.
    pub fn wants(&self, frame: &BusFrame) -> bool {
        let heard = |id| self.hears.iter().any(|ids| ids.has(id));
        frame.id().is_none_or(heard)
    }

    /// Whether the driver hears or says frames of this identifier.
    pub(super) fn has(&self, id: CanId) -> bool {
        let mut all = self.hears.iter().chain(&self.says);
        all.any(|ids| ids.has(id))
    }

    /// An identifier that both need: on one bus each would take the other's frames for its own,
    /// and two that send one identifier at the same time destroy each other's frames.
    pub fn clash(&self, other: &BusNeeds) -> Option<CanId> {
        let mine = self.hears.iter().chain(&self.says);
        let theirs = || other.hears.iter().chain(&other.says);
        mine.flat_map(|ids| theirs().filter_map(|others| ids.common(*others)))
            .min()
    }

    /// All identifiers, each once.
    pub(super) fn identifiers(&self) -> Vec<CanIds> {
        let mut identifiers: Vec<CanIds> = self.hears.iter().chain(&self.says).copied().collect();
        identifiers.sort_unstable();
        identifiers.dedup();
        identifiers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(id: u32, any: u32) -> CanIds {
        let id = CanId::Extended(id);
        CanIds { id, any }
    }

    #[test]
    fn what_two_devices_need_may_clash() {
        let standard = |id| CanId::Standard(id);
        let first = BusNeeds::of([standard(0x100), standard(0x101)], [standard(0x6a0)]);
        let second = BusNeeds::of([standard(0x110), standard(0x111)], [standard(0x6b0)]);
        assert_eq!(first.clash(&second), None);
        let third = BusNeeds::of([standard(0x6a0)], []);
        assert_eq!(first.clash(&third), Some(standard(0x6a0)));
        // The same number with 29 bits is another identifier.
        let long = BusNeeds::of([CanId::Extended(0x100)], []);
        assert_eq!(first.clash(&long), None);
        assert!(!long.wants(&BusFrame::Data(super::super::CanFrame::new(
            standard(0x100),
            &[]
        ))));
    }

    proptest! {
        #[test]
        fn what_is_common_is_in_both_and_only_then(
            (a, b) in (0..64_u32, 0..64_u32), (x, y) in (0..64_u32, 0..64_u32),
        ) {
            let (one, two) = (ids(a, x), ids(b, y));
            let both = (0..64).map(CanId::Extended).find(|&id| one.has(id) && two.has(id));
            prop_assert_eq!(one.common(two).is_some(), both.is_some());
            if let Some(id) = one.common(two) {
                prop_assert!(one.has(id) && two.has(id));
            }
        }
    }
}
