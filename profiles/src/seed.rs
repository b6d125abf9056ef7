//! Seeded randomness: one seed for a campaign, one independent stream for each name.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

/// The one number from which all randomness of a campaign comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream for `purpose` of `name`. It depends on nothing else, so that adding a device
    /// does not shift another's stream. `ChaCha8` gives the same numbers on every machine.
    pub fn stream(self, name: &str, purpose: &str) -> Stream {
        let mut seed = [0_u8; 32];
        seed[..8].copy_from_slice(&self.0.to_le_bytes());
        seed[8..16].copy_from_slice(&fnv1a(name).to_le_bytes());
        seed[16..24].copy_from_slice(&fnv1a(purpose).to_le_bytes());
        Stream {
            rng: ChaCha8Rng::from_seed(seed),
        }
    }
}

/// FNV-1a, 64 bits: a stable hash for short names (the standard library's may change).
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// An independent stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        use rand_chacha::rand_core::Rng;
        self.rng.next_u64()
    }

    /// Uniform in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in `0..limit`; zero if `limit` is zero. Biased by less than `limit / 2^64`.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(limit)) >> 64) as u64
    }

    /// Normal with mean 0 and standard deviation 1 (the sum of twelve uniforms less six: no
    /// transcendental function, so the same bits on every machine; never beyond ±6).
    pub fn normal(&mut self) -> f64 {
        // Six draws of two 32-bit halves.
        (0..6).fold(-6.0, |sum, _| {
            let bits = self.bits();
            sum + ((bits >> 32) as f64 + (bits & 0xffff_ffff) as f64) * (1.0 / 4_294_967_296.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_seed_name_and_purpose_only() {
        let first = Seed(7).stream("a", "noise").bits();
        assert_eq!(first, Seed(7).stream("a", "noise").bits());
        assert_ne!(first, Seed(8).stream("a", "noise").bits());
        assert_ne!(first, Seed(7).stream("b", "noise").bits());
        assert_ne!(first, Seed(7).stream("a", "faults").bits());
    }

    #[test]
    fn the_stream_is_the_same_in_every_version() {
        insta::assert_snapshot!(Seed(7).stream("payload", "noise").bits(), @"7716650146428601656");
    }

    #[test]
    fn normal_has_mean_zero_and_deviation_one() {
        let mut stream = Seed(1).stream("x", "y");
        let draws: Vec<f64> = (0..20_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
    }
}
