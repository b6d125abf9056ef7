//! Source sequence counts: what never came, and what came twice.

use profiles::reading::{Damage, DamageKind};

/// Application process of idle packets, whose count means nothing.
const IDLE: u16 = 0x7ff;

/// Counts run modulo this.
const MODULUS: u16 = 1 << 14;

/// The next count of each application process.
#[derive(Clone, Debug, Default)]
pub struct SequenceCounts(Vec<(u16, u16)>);

impl SequenceCounts {
    /// Takes the count of a packet that was heard. Damage of zero bytes, if it is not the next
    /// one: half the range ahead is a gap, the other half a step back.
    pub fn check(&mut self, apid: u16, count: u16) -> Option<Damage> {
        if apid == IDLE {
            return None;
        }
        let after = (count + 1) % MODULUS;
        let Some((_, next)) = self.0.iter_mut().find(|(known, _)| *known == apid) else {
            self.0.push((apid, after));
            return None;
        };
        let ahead = count.wrapping_sub(*next) % MODULUS;
        *next = after;
        let why = match ahead {
            0 => return None,
            lost if lost < MODULUS / 2 => DamageKind::Gap { lost },
            _ => DamageKind::Repeated,
        };
        Some(Damage { bytes: 0, why })
    }

    /// Forgets the count of one application process, which starts anew.
    pub fn forget(&mut self, apid: u16) {
        self.0.retain(|(known, _)| *known != apid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_wrap_and_steps_back_are_told_apart() {
        let mut counts = SequenceCounts::default();
        let mut check = |apid, count| counts.check(apid, count).map(|damage| damage.why);
        assert_eq!(check(1, 16_382), None);
        assert_eq!(check(1, 16_383), None);
        assert_eq!(check(1, 0), None);
        assert_eq!(check(2, 9), None);
        assert_eq!(check(1, 3), Some(DamageKind::Gap { lost: 2 }));
        assert_eq!(check(1, 3), Some(DamageKind::Repeated));
        assert_eq!(check(1, 4), None);
        assert_eq!(check(IDLE, 4), None);
        assert_eq!(check(IDLE, 9), None);
    }
}
