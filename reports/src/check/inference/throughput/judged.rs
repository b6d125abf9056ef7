//! A cell's numbers beside those of its golden.

use crate::golden::{Band, Blocks, CONFIDENCE, Cell, Compared as BlocksCompared, Standing};
use crate::statistics::Effect;
use crate::verdict::Evidence;

pub(super) struct Judged {
    pub(super) standing: Standing,
    pub(super) compared: Compared,
    /// Said instead of the number's own sentence.
    words: Option<String>,
    evidence: Option<Evidence>,
    /// How many answers decide, where any number can.
    needed: Option<u64>,
}

/// How many answers it takes, in words.
pub(super) fn needed(golden: &Blocks, band: Band) -> String {
    match golden.answers_needed(band) {
        Some(answers) => format!("{answers} answers are needed"),
        None => format!(
            "the golden has too few itself: it and the run need {} answers each",
            golden.answers_needed_of_both(band)
        ),
    }
}

/// The numbers of blocks against blocks, for programs.
fn block_numbers(
    (before, now): (&Blocks, &Blocks),
    effects: &[(&'static str, Effect)],
    band: Band,
) -> Vec<(&'static str, f64)> {
    let mut numbers = vec![
        ("blocks", now.count as f64),
        ("golden_blocks", before.count as f64),
    ];
    numbers.extend(
        before
            .answers_needed(band)
            .map(|answers| ("answers_needed", answers as f64)),
    );
    let names = [
        ["p50_ratio", "p50_low", "p50_high"],
        ["p90_ratio", "p90_low", "p90_high"],
        ["interval_ratio", "interval_low", "interval_high"],
    ];
    for ([ratio, low, high], (_, effect)) in names.into_iter().zip(effects) {
        numbers.extend([
            (ratio, effect.ratio),
            (low, effect.low),
            (high, effect.high),
        ]);
    }
    numbers
}

impl Judged {
    /// By the golden's band alone, where it has no blocks.
    pub(super) fn band(name: &str, (cell, golden): (&Cell, &Cell), band: Band) -> Judged {
        let each = numbers(cell, golden);
        let compared = each.iter().map(|number| Compared::new(name, number, band));
        let worst = compared.min_by(|a, b| a.room.total_cmp(&b.room));
        let compared = worst.expect("there are four numbers");
        let inside = compared.room >= 0.0;
        Judged {
            standing: if inside {
                Standing::Holds
            } else {
                Standing::Regressed
            },
            compared,
            words: None,
            evidence: None,
            needed: Some(0),
        }
    }

    /// By blocks against blocks.
    pub(super) fn blocks(cell: &str, (before, now): (&Blocks, &Blocks), band: Band) -> Judged {
        let BlocksCompared { standing, effects } = before.against(now, band);
        let told = |(name, effect): &(&str, Effect)| {
            format!(
                "{name} {:.4} ({:.4} to {:.4})",
                effect.ratio, effect.low, effect.high
            )
        };
        let listed: Vec<String> = effects.iter().map(told).collect();
        let needed = needed(before, band);
        let percent = CONFIDENCE * 100.0;
        let text = format!(
            "ratios to the golden at {percent:.0} % together: {}; {} blocks of {} answers, golden {}; \
             {needed}",
            listed.join(", "),
            now.count,
            now.answers,
            before.count
        );
        let evidence = Evidence::new(cell, text, &block_numbers((before, now), &effects, band));
        let slowest = effects.iter().max_by(|a, b| a.1.low.total_cmp(&b.1.low));
        let (what, ratio) = slowest.map_or(("latency", f64::NAN), |(name, e)| (*name, e.ratio));
        let uncertainty = slowest.map(|(_, e)| (e.high - e.ratio).max(e.ratio - e.low));
        let limit = 1.0 + band.slower;
        Judged {
            standing,
            compared: Compared {
                cell: cell.to_owned(),
                what,
                unit: "",
                value: ratio,
                golden: 1.0,
                limit,
                room: limit - ratio,
                uncertainty: uncertainty.filter(|wide| wide.is_finite()),
            },
            words: Some(match standing {
                Standing::Holds => format!(
                    "within {limit} of the golden in {cell}: {}",
                    listed.join(", ")
                ),
                Standing::Regressed => {
                    format!(
                        "beyond {limit} of the golden in {cell}: {}",
                        listed.join(", ")
                    )
                }
                Standing::Undecided => format!(
                    "too few blocks to tell from {limit} in {cell}: {}; {needed}",
                    listed.join(", ")
                ),
            }),
            evidence: Some(evidence),
            needed: before.answers_needed(band),
        }
    }

    /// Whether nothing is decided, and `answers` are fewer than decide.
    pub(super) fn has_too_few(&self, answers: u64) -> bool {
        self.standing == Standing::Undecided && self.needed.is_none_or(|needed| answers < needed)
    }

    pub(super) fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    pub(super) fn sentence(&self, subject: &str) -> String {
        match &self.words {
            Some(words) => format!("{subject} is {words}"),
            None => self.compared.sentence(subject),
        }
    }

    /// Regressed is worse than undecided, and less room is worse.
    pub(super) fn weight(&self) -> (u8, f64) {
        let standing = match self.standing {
            Standing::Holds => 0,
            Standing::Undecided => 1,
            Standing::Regressed => 2,
        };
        (standing, -self.compared.room)
    }
}

/// One number of one cell beside the golden's.
pub(super) struct Compared {
    cell: String,
    what: &'static str,
    pub(super) unit: &'static str,
    pub(super) value: f64,
    pub(super) golden: f64,
    pub(super) limit: f64,
    /// Room to the limit as a part of the golden's value; negative outside.
    pub(super) room: f64,
    /// Half the interval in which the value lies, where there is one.
    pub(super) uncertainty: Option<f64>,
}

impl Compared {
    /// The nearer of the slow and the fast limit.
    fn new(cell: &str, number: &Number, band: Band) -> Compared {
        let Number {
            what,
            unit,
            value,
            golden,
            more_is_faster,
        } = *number;
        let toward = |part: f64, faster: bool| {
            let sign = if faster == more_is_faster { 1.0 } else { -1.0 };
            let limit = golden * (1.0 + sign * part);
            (limit, sign * (limit - value) / golden)
        };
        let slow = toward(band.slower, false);
        let fast = band.faster.map(|part| toward(part, true));
        let (limit, room) = match fast {
            Some(fast) if fast.1 < slow.1 => fast,
            _ => slow,
        };
        Compared {
            cell: cell.to_owned(),
            what,
            unit,
            value,
            golden,
            limit,
            room,
            uncertainty: None,
        }
    }

    fn sentence(&self, subject: &str) -> String {
        let Compared {
            cell,
            what,
            unit,
            value,
            golden,
            limit,
            room,
            ..
        } = self;
        let kept = if *room >= 0.0 { "within" } else { "beyond" };
        format!(
            "{what} of {subject} in {cell} is {value:.3} {unit}, {kept} the limit {limit:.3} \
             {unit} (golden {golden:.3} {unit}, {:+.1} %)",
            (value / golden - 1.0) * 100.0
        )
    }
}

struct Number {
    what: &'static str,
    unit: &'static str,
    value: f64,
    golden: f64,
    more_is_faster: bool,
}

fn numbers(cell: &Cell, golden: &Cell) -> [Number; 4] {
    let latency = |what, value, golden| Number {
        what,
        unit: "ms",
        value,
        golden,
        more_is_faster: false,
    };
    [
        latency("p50 latency", cell.p50_ms, golden.p50_ms),
        latency("p90 latency", cell.p90_ms, golden.p90_ms),
        latency("p99 latency", cell.p99_ms, golden.p99_ms),
        Number {
            what: "rate",
            unit: "1/s",
            value: cell.rate,
            golden: golden.rate,
            more_is_faster: true,
        },
    ]
}
