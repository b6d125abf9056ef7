//! A throughput golden as a distribution: what blocks of answers tell, whether a run's blocks have got
//! slower, and how many of them say so.
//!
//! Answers that follow each other depend on each other, so a block of them is the unit. Three numbers
//! are told of each block: median and 90th percentile of its latencies, and the median time from one
//! answer to the next: a median, since the bench itself fetches a whole output now and then. Of each the ratio to the golden's has Welch's interval; together the three hold
//! with [`CONFIDENCE`] (Bonferroni). A run has *regressed* where one interval lies wholly above what the
//! golden's band allows, and *holds* where all lie wholly below it. Else more blocks are needed.

use profiles::time::BenchTime;
use serde::{Deserialize, Serialize};

use super::conditions::Bin;
use super::throughput::Band;
use crate::statistics::{Effect, Spread, blocks_needed, deviation_bound};

/// With what all intervals of a comparison hold together.
pub const CONFIDENCE: f64 = 0.95;
/// With what a slow-down of [`FOUND`] is found, and a run like the golden holds, in as many answers as
/// [`Blocks::answers_needed`] says.
pub const POWER: f64 = 0.95;
/// The slow-down that is to be found: 10 %.
pub const FOUND: f64 = 1.1;

/// How sure the deviation that is planned with is.
const SURE: f64 = 0.9;
/// Numbers that are compared.
const NUMBERS: f64 = 3.0;
/// Blocks that a golden is cut into at least, if it has answers enough.
const GOLDEN_BLOCKS: u64 = 30;
/// Answers in a block: enough for a 90th percentile, and few enough for many blocks.
const ANSWERS: (u64, u64) = (10, 500);

/// How a number differs from block to block: its typical value, ms, and the standard deviation of its
/// natural logarithm, which is about the relative one.
type Typical = [f64; 2];

/// What the blocks of one cell tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blocks {
    /// Answers in each.
    pub answers: u64,
    /// How many blocks.
    pub count: u64,
    /// Median latency, ms.
    pub p50: Typical,
    /// Ninetieth percentile of the latency, ms.
    pub p90: Typical,
    /// Median time from one answer to the next, ms.
    pub interval: Typical,
}

/// An answer in a stretch of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    pub(crate) at: BenchTime,
    pub(crate) latency_us: u32,
    /// Since the answer before it in its stretch; none for the first.
    pub(crate) interval_us: Option<u64>,
    /// Which stretch: no block spans two.
    pub(crate) stretch: usize,
    /// How warm the board was, where it tells.
    pub(crate) bin: Option<Bin>,
}

/// What a comparison of blocks says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Every number lies within the band for sure.
    Holds,
    /// One lies beyond it for sure.
    Regressed,
    /// There are too few blocks to say.
    Undecided,
}

/// A run's blocks beside the golden's.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What it says.
    pub standing: Standing,
    /// Name and effect of each number that is compared: above 1 is slower.
    pub effects: Vec<(&'static str, Effect)>,
}

impl Compared {
    /// The number that is the slowest beside its golden, at its interval's upper end.
    pub fn slowest(&self) -> Option<(&'static str, Effect)> {
        let each = self.effects.iter().copied();
        each.max_by(|a, b| a.1.high.total_cmp(&b.1.high))
    }
}

impl Blocks {
    /// How many answers a block of a golden gets, of `samples` that there are.
    pub(crate) fn length(samples: u64) -> u64 {
        (samples / GOLDEN_BLOCKS).clamp(ANSWERS.0, ANSWERS.1)
    }

    /// Cuts answers in order of time into blocks of `length`; what is left of a stretch is left out.
    /// `None` where there are not two whole blocks.
    pub(crate) fn cut(answers: &[Answered], length: u64) -> Option<Blocks> {
        let size = usize::try_from(length.max(2)).ok()?;
        let mut numbers: [Vec<f64>; 3] = Default::default();
        for stretch in answers.chunk_by(|a, b| a.stretch == b.stretch) {
            for block in stretch.chunks_exact(size) {
                let intervals = block.iter().filter_map(|it| it.interval_us);
                let mut intervals: Vec<u64> = intervals.collect();
                intervals.sort_unstable();
                let interval = intervals[intervals.len() / 2] as f64;
                let mut latencies: Vec<u32> = block.iter().map(|it| it.latency_us).collect();
                latencies.sort_unstable();
                let rank = |percent: usize| {
                    let rank = (size * percent).div_ceil(100).max(1);
                    f64::from(latencies[rank - 1])
                };
                let told = [rank(50), rank(90), interval];
                for (list, value) in numbers.iter_mut().zip(told) {
                    list.push(value * 1e-3);
                }
            }
        }
        let [p50, p90, interval] = numbers.map(|values| Spread::of(&values));
        let typical = |spread: Spread| [spread.typical, spread.deviation];
        Some(Blocks {
            answers: length,
            count: p50?.blocks,
            p50: typical(p50?),
            p90: typical(p90?),
            interval: typical(interval?),
        })
    }

    fn numbers(&self) -> [(&'static str, Spread); 3] {
        let spread = |[typical, deviation]: Typical| Spread {
            blocks: self.count,
            typical,
            deviation,
        };
        [
            ("p50 latency", spread(self.p50)),
            ("p90 latency", spread(self.p90)),
            ("time per answer", spread(self.interval)),
        ]
    }

    /// How `now`, in blocks of the same length, lies to this golden.
    pub fn against(&self, now: &Blocks, band: Band) -> Compared {
        let each = 1.0 - (1.0 - CONFIDENCE) / NUMBERS;
        let pairs = self.numbers().into_iter().zip(now.numbers());
        let effects: Vec<(&'static str, Effect)> = pairs
            .filter_map(|((name, before), (_, now))| {
                Some((name, Effect::between(&before, &now, each)?))
            })
            .collect();
        let slowest = 1.0 + band.slower;
        let fastest = band.faster.map_or(0.0, |faster| 1.0 - faster);
        let beyond = |effect: &Effect| effect.low > slowest || effect.high < fastest;
        let within = |effect: &Effect| effect.high <= slowest && effect.low >= fastest;
        let standing = if effects.iter().any(|(_, effect)| beyond(effect)) {
            Standing::Regressed
        } else if effects.len() == NUMBERS as usize && effects.iter().all(|(_, e)| within(e)) {
            Standing::Holds
        } else {
            Standing::Undecided
        };
        Compared { standing, effects }
    }

    /// How many answers a run needs beside this golden, if its blocks spread as the golden's do: so
    /// that a slow-down of [`FOUND`] is found, and that a run that is no slower holds, each with
    /// [`POWER`]. `None` where the golden itself has too few blocks for any run.
    pub fn answers_needed(&self, band: Band) -> Option<u64> {
        let blocks = self.blocks_needed(band, Some(self.count));
        blocks.map(|blocks| blocks * self.answers)
    }

    /// How many answers golden and run need each.
    pub fn answers_needed_of_both(&self, band: Band) -> u64 {
        self.blocks_needed(band, None).unwrap_or(MANY) * self.answers
    }

    fn blocks_needed(&self, band: Band, golden: Option<u64>) -> Option<u64> {
        let worst = self.numbers().map(|(_, spread)| spread.deviation);
        let worst = worst.into_iter().fold(0.0, f64::max);
        blocks_for((worst, self.count), NUMBERS, 1.0 + band.slower, golden)
    }
}

/// How many blocks a run needs, of a golden whose `count` blocks deviate by `deviation`, so that a
/// change by [`FOUND`] is told apart from the `allowed` ratio, and none from it too, where so many
/// `numbers` are compared; beside `golden` blocks, or as many on both sides. `None` where it is more than
/// anybody waits for.
pub(super) fn blocks_for(
    (deviation, count): (f64, u64),
    numbers: f64,
    allowed: f64,
    golden: Option<u64>,
) -> Option<u64> {
    let share = |all: f64| 1.0 - (1.0 - all) / numbers;
    let sure = (share(CONFIDENCE), share(POWER));
    // A deviation from few blocks is a guess; what it surely does not exceed is planned with.
    let worst = deviation * deviation_bound(count, SURE);
    let each = [FOUND, 1.0].map(|ratio| blocks_needed(worst, (ratio, allowed), sure, golden));
    each.into_iter().max().filter(|blocks| *blocks < MANY)
}

/// More blocks than anybody waits for.
const MANY: u64 = 100_000;

#[cfg(test)]
mod tests {
    use profiles::seed::{Seed, Stream};

    use super::*;

    /// As a meter sees them: each with the time since the one before it in its stretch.
    fn cut(answers: &[Answered], length: u64) -> Option<Blocks> {
        let mut answers = answers.to_vec();
        for place in 1..answers.len() {
            let before = answers[place - 1];
            let now = &mut answers[place];
            let since = now.at.micros_since(before.at);
            now.interval_us = (now.stretch == before.stretch).then_some(since);
        }
        Blocks::cut(&answers, length)
    }

    const BAND: Band = Band {
        slower: 0.03,
        faster: None,
        more: None,
    };

    /// A board whose answers depend on each other: each block has a level of its own, and there is a
    /// tail. All parts of about 100 ms.
    fn answers(stream: &mut Stream, blocks: u64, slower: f64) -> Vec<Answered> {
        let mut at = BenchTime::ZERO;
        let mut answers = Vec::new();
        for _ in 0..blocks {
            let level = 1.0 + 0.03 * stream.normal();
            for _ in 0..20 {
                let tail = if stream.unit() < 0.05 { 1.5 } else { 1.0 };
                let latency = 100_000.0 * level * slower * tail * (1.0 + 0.05 * stream.normal());
                at = at.plus_micros(latency as u64 + 2_000);
                answers.push(Answered {
                    at,
                    latency_us: latency as u32,
                    interval_us: None,
                    stretch: 0,
                    bin: None,
                });
            }
        }
        answers
    }

    /// The whole way: a pilot says how many answers are needed, golden and run have so many, and over
    /// many runs a tenth slower is found, and no slower is no alarm.
    #[test]
    fn a_tenth_slower_is_found_and_false_alarms_are_rare() {
        let mut stream = Seed(11).stream("golden", "simulation");
        // Each golden says itself whether it is enough; a pilot of few blocks may have met no tail yet.
        let mut needed = 40;
        loop {
            let golden = cut(&answers(&mut stream, needed, 1.0), 20).unwrap();
            let asked = golden.answers_needed_of_both(BAND) / 20;
            if asked <= needed {
                break;
            }
            needed = asked;
        }
        assert!((100..4_000).contains(&needed), "{needed}");
        let runs = 300;
        let (mut alarms, mut held, mut found, mut at_band) = (0, 0, 0, 0);
        for _ in 0..runs {
            let golden = cut(&answers(&mut stream, needed, 1.0), 20).unwrap();
            let mut standing = |slower: f64| {
                let now = cut(&answers(&mut stream, needed, slower), 20).unwrap();
                golden.against(&now, BAND).standing
            };
            let same = standing(1.0);
            alarms += u32::from(same == Standing::Regressed);
            held += u32::from(same == Standing::Holds);
            found += u32::from(standing(1.1) == Standing::Regressed);
            // The worst there is: as slow as just allowed.
            at_band += u32::from(standing(1.03) == Standing::Regressed);
        }
        let share = |count: u32| f64::from(count) / f64::from(runs);
        assert!(share(alarms) <= 0.05, "false alarms {}", share(alarms));
        assert!(
            share(at_band) <= 0.05,
            "false alarms at the limit {}",
            share(at_band)
        );
        assert!(share(found) >= 0.95, "found {}", share(found));
        assert!(share(held) >= 0.95, "held {}", share(held));
    }

    #[test]
    fn few_blocks_decide_nothing_and_say_how_many_would() {
        let mut stream = Seed(12).stream("golden", "few");
        let golden = cut(&answers(&mut stream, 400, 1.0), 20).unwrap();
        let few = cut(&answers(&mut stream, 4, 1.04), 20).unwrap();
        assert_eq!(golden.against(&few, BAND).standing, Standing::Undecided);
        let needed = golden.answers_needed(BAND).unwrap();
        assert!((200..20_000).contains(&needed), "{needed}");
        // A golden of two blocks can be met by no run.
        let poor = Blocks { count: 2, ..golden };
        assert_eq!(poor.answers_needed(BAND), None);
    }

    #[test]
    fn blocks_do_not_span_stretches() {
        let answer = |millis: u64, stretch| Answered {
            at: BenchTime::from_millis(millis),
            latency_us: 1_000,
            interval_us: None,
            stretch,
            bin: None,
        };
        let mut all: Vec<Answered> = (0..25).map(|n| answer(n * 2, 0)).collect();
        all.extend((0..15).map(|n| answer(90_000 + n * 2, 1)));
        let blocks = cut(&all, 10).unwrap();
        assert_eq!(blocks.count, 3);
        assert!((blocks.interval[0] - 2.0).abs() < 1e-9 && blocks.interval[1] < 1e-9);
        assert!(cut(&all[..15], 10).is_none());
    }

    #[test]
    fn what_comes_too_soon_is_judged_where_the_band_says_so() {
        let mut stream = Seed(13).stream("golden", "soon");
        let golden = cut(&answers(&mut stream, 100, 1.0), 20).unwrap();
        let soon = cut(&answers(&mut stream, 100, 0.8), 20).unwrap();
        assert_eq!(golden.against(&soon, BAND).standing, Standing::Holds);
        let band = Band {
            faster: Some(0.1),
            ..BAND
        };
        assert_eq!(golden.against(&soon, band).standing, Standing::Regressed);
    }
}
