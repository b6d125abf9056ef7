//! Link middleware that drops and damages chunks, from a seed.

use bytes::{Bytes, BytesMut};
use profiles::seed::Stream;

/// Drops and damages what passes, as bad wiring would.
#[derive(Debug)]
pub struct LinkFaults {
    drop: f64,
    flip: f64,
    stream: Stream,
}

impl LinkFaults {
    /// Drops a chunk with probability `drop`, else flips one bit of it with probability `flip`:
    /// the most likely error on a wire, and the hardest to detect.
    pub fn new(drop: f64, flip: f64, stream: Stream) -> LinkFaults {
        LinkFaults { drop, flip, stream }
    }

    /// What is left of `chunk`.
    pub fn pass(&mut self, chunk: Bytes) -> Option<Bytes> {
        // Both draws are always made, so that one probability does not shift the other's stream.
        let (drop, flip) = (
            self.stream.unit() < self.drop,
            self.stream.unit() < self.flip,
        );
        if drop {
            return None;
        }
        if !flip || chunk.is_empty() {
            return Some(chunk);
        }
        let bit = self.stream.below(chunk.len() as u64 * 8);
        let mut damaged = BytesMut::from(chunk.as_ref());
        damaged[(bit / 8) as usize] ^= 1 << (bit % 8);
        Some(damaged.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use profiles::seed::Seed;

    #[test]
    fn a_flip_changes_exactly_one_bit() {
        let mut faults = LinkFaults::new(0.0, 1.0, Seed(1).stream("a", "faults"));
        let passed = faults.pass(Bytes::from_static(&[0; 16])).unwrap();
        assert_eq!(passed.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    }

    #[test]
    fn drops_follow_their_probability() {
        let mut faults = LinkFaults::new(0.25, 0.0, Seed(1).stream("a", "faults"));
        let passed = (0..4_000)
            .filter(|_| faults.pass(Bytes::from_static(b"x")).is_some())
            .count();
        assert!((2_900..3_100).contains(&passed), "{passed} of 4000 passed");
    }
}
