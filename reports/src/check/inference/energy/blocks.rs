//! What blocks of right answers took: the unit of a comparison with a golden.

use profiles::time::{BenchTime, Window};

use crate::check::inference::power::{Sample, Stretch, usual_distance};
use crate::golden::Blocks;
use crate::statistics::Spread;

/// Samples of power in a block at least: fewer are shared with its neighbours, and tell nothing of
/// their own.
const LEAST_SAMPLES: u64 = 4;

/// What blocks tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// Right answers in each.
    pub(super) answers: u64,
    /// Energy of a right answer, J, from block to block.
    pub(super) spread: Spread,
}

/// Cuts the times of right answers, stretch by stretch, into blocks of `length`, or as long as a
/// golden's are; what is left of a stretch is left out. A block is as long as it takes for so many
/// right answers, so what wrong ones took is in it. `None` where there are not two.
pub(super) fn cut(
    stretches: &[Vec<BenchTime>],
    samples: &[Sample],
    far: u64,
    length: Option<u64>,
) -> Option<Cut> {
    let length = length.unwrap_or_else(|| usual(stretches, samples));
    let size = usize::try_from(length.max(1)).ok()?;
    let mut each = Vec::new();
    for stretch in stretches {
        for begin in (0..stretch.len()).step_by(size) {
            let Some(end) = stretch.get(begin + size) else {
                break;
            };
            let window = Window {
                start: stretch[begin],
                end: *end,
            };
            each.push(Stretch::of(samples, window, far).joules / length as f64);
        }
    }
    let spread = Spread::of(&each)?;
    Some(Cut {
        answers: length,
        spread,
    })
}

/// How long blocks are where no golden says.
fn usual(stretches: &[Vec<BenchTime>], samples: &[Sample]) -> u64 {
    let right: u64 = stretches.iter().map(|stretch| stretch.len() as u64).sum();
    let spans = stretches.iter().filter_map(|stretch| {
        let span = stretch.last()?.micros_since(*stretch.first()?);
        Some(span)
    });
    let span: u64 = spans.sum();
    let least = LEAST_SAMPLES * usual_distance(samples);
    let for_samples = (right as f64 * least as f64 / span.max(1) as f64).ceil() as u64;
    Blocks::length(right).max(for_samples)
}

#[cfg(test)]
mod tests {
    use profiles::seed::{Seed, Stream};

    use super::*;
    use crate::check::inference::power::far;
    use crate::golden::{Energy, MORE, Standing};

    const LENGTH: u64 = 20;

    /// Ten answers a second at about 10 W, of which a tenth is wrong, seen by five samples a second. Each
    /// two seconds have a level of their own (3 %), each sample noise of 5 %, and the meter is off by 2 %.
    fn run(stream: &mut Stream, blocks: u64, more: f64) -> Energy {
        let seconds = blocks * LENGTH / 9 + 4;
        let (mut samples, mut level) = (Vec::new(), 1.0);
        for tick in 0..=seconds * 5 {
            if tick % 10 == 0 {
                level = 1.0 + 0.03 * stream.normal();
            }
            samples.push(Sample {
                at: BenchTime::from_millis(tick * 200),
                watts: 10.2 * level * more * (1.0 + 0.05 * stream.normal()),
            });
        }
        let right = (0..seconds * 10).filter(|tick| tick % 10 != 3);
        let right = right.map(|tick| BenchTime::from_millis(tick * 100 + 50));
        let found = cut(&[right.collect()], &samples, far(&samples), Some(LENGTH)).unwrap();
        Energy {
            right: LENGTH * found.spread.blocks,
            joules: found.spread.typical,
            uncertainty: 0.02 * found.spread.typical,
            meter: "supply".to_owned(),
            answers: found.answers,
            count: found.spread.blocks,
            each: [found.spread.typical, found.spread.deviation],
        }
    }

    #[test]
    fn a_tenth_more_is_found_and_false_alarms_are_rare() {
        let mut stream = Seed(21).stream("golden", "energy");
        let mut blocks = 30;
        loop {
            let asked = run(&mut stream, blocks, 1.0).answers_needed(MORE);
            match asked.map(|answers| answers / LENGTH) {
                Some(needed) if needed <= blocks => break,
                _ => blocks += 10,
            }
        }
        assert!((20..300).contains(&blocks), "{blocks}");
        let runs = 300;
        let (mut alarms, mut held, mut found, mut at_limit) = (0, 0, 0, 0);
        for _ in 0..runs {
            let golden = run(&mut stream, blocks, 1.0);
            assert!((golden.joules - 10.2 / 9.0).abs() < 0.05, "{golden:?}");
            let mut standing = |more: f64| {
                let now = run(&mut stream, blocks, more);
                golden.against(&now, MORE).unwrap().0
            };
            let same = standing(1.0);
            alarms += u32::from(same == Standing::Regressed);
            held += u32::from(same == Standing::Holds);
            found += u32::from(standing(1.1) == Standing::Regressed);
            at_limit += u32::from(standing(1.0 + MORE) == Standing::Regressed);
        }
        let share = |count: u32| f64::from(count) / f64::from(runs);
        assert!(share(alarms) <= 0.01, "false alarms {}", share(alarms));
        assert!(
            share(at_limit) <= 0.05,
            "false alarms at the limit {}",
            share(at_limit)
        );
        assert!(share(found) >= 0.95, "found {}", share(found));
        assert!(share(held) >= 0.95, "held {}", share(held));
    }

    #[test]
    fn what_the_meter_is_off_by_counts_only_where_another_measured() {
        let mut stream = Seed(22).stream("golden", "meters");
        let golden = run(&mut stream, 100, 1.0);
        let now = run(&mut stream, 100, 1.08);
        assert_eq!(golden.against(&now, MORE).unwrap().0, Standing::Regressed);
        let other = Energy {
            meter: "analyser".to_owned(),
            ..now
        };
        assert_eq!(golden.against(&other, MORE).unwrap().0, Standing::Undecided);
    }

    #[test]
    fn a_block_lasts_for_some_samples_of_power() {
        let samples: Vec<Sample> = (0..100)
            .map(|second| Sample {
                at: BenchTime::from_millis(second * 1_000),
                watts: 5.0,
            })
            .collect();
        let right = (0..1_000).map(|n| BenchTime::from_millis(500 + n * 90));
        let found = cut(&[right.collect()], &samples, far(&samples), None).unwrap();
        // Of 33 answers each by their number; 4 s of samples are 45.
        assert_eq!((found.answers, found.spread.blocks), (45, 22));
        assert!((found.spread.typical - 0.45).abs() < 1e-9 && found.spread.deviation < 1e-9);
    }
}
