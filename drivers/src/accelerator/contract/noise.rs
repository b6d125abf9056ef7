//! Any bytes, either way: nobody panics, and all that a driver takes is accounted for.

use profiles::time::BenchTime;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

use super::models;
use super::rig::Rig;
use crate::accelerator::role::{Heard, Question};
use crate::emulator::Outbox;
use crate::link::can::{CanFrame, CanId};

/// Octets that a driver was given in frames of its two kinds of message.
fn frames(octets: &[[u8; 8]]) -> Vec<Vec<u8>> {
    let ids = [0x6a1, 0x6a0, 0x100, 0x101, 0x102, 0x7ff];
    octets
        .iter()
        .zip(ids.iter().cycle())
        .map(|(octets, id)| {
            CanFrame::new(CanId::Standard(*id), octets)
                .to_bytes()
                .to_vec()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_bytes_panic_nobody(
        noise in vec(vec(any::<u8>(), 0..80), 0..20),
        octets in vec(any::<[u8; 8]>(), 0..40),
    ) {
        for model in models() {
            let mut rig = Rig::new(model, "payload");
            rig.power(28.0);
            rig.live(3_300);
            rig.forget();
            let mut owed = Vec::new();
            rig.driver.ask(&Question::LoadInput { slot: 0, bytes: [7; 100].into() }, &mut owed);
            for chunk in noise.iter().cloned().chain(frames(&octets)) {
                let before = rig.heard.len();
                rig.driver.hear(BenchTime::ZERO, &chunk, &mut rig.heard, &mut owed);
                let damage: usize = rig.heard[before..]
                    .iter()
                    .map(|heard| match heard {
                        Heard::Damaged(damage) => damage.bytes as usize,
                        _ => 0,
                    })
                    .sum();
                // Damage may end what earlier chunks began, but is never more than was given.
                prop_assert!(damage <= 80 * (noise.len() + octets.len()));
                let mut out = Outbox::default();
                rig.emulator.receive(rig.at, &chunk, &mut rig.plant, &mut out);
            }
        }
    }
}
