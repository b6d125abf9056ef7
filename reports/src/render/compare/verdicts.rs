//! Checks of two runs: whose verdict changed and why, and what each has left of its allowance.

use super::super::figure::Bar;
use super::super::pdf::{Block, Fonts, Row, Table, numbers, text};
use super::super::words::{self, number, quantity, several, signed};
use super::{Pair, SIDES};
use crate::report::Report;
use crate::verdict::{Ending, Finding, Verdict};

/// Checks that are listed at most, and bars of margins.
const LISTED: usize = 200;
const BARS: usize = 10;

/// A check in both runs, or in one.
pub(super) struct Change<'a> {
    /// In A and in B: the finding, and what it has left of its allowance.
    sides: [Option<(&'a Finding, Option<f64>)>; 2],
}

/// Better is more.
fn rank(verdict: Verdict) -> i32 {
    match verdict {
        Verdict::Fail => 0,
        Verdict::Inconclusive => 1,
        Verdict::Pass => 2,
    }
}

impl<'a> Change<'a> {
    /// How many steps better it became; below zero worse. A check that is in one run only did neither.
    pub(super) fn step(&self) -> i32 {
        match self.sides {
            [Some((a, _)), Some((b, _))] => rank(b.verdict) - rank(a.verdict),
            _ => 0,
        }
    }

    pub(super) fn is_alone(&self) -> bool {
        self.sides.iter().any(Option::is_none)
    }

    /// The later finding, or the only one.
    fn any(&self) -> &'a Finding {
        let [a, b] = self.sides;
        b.or(a)
            .expect("a change is of a check in one run or both")
            .0
    }

    fn findings(&self) -> [Option<&'a Finding>; 2] {
        self.sides.map(|side| side.map(|(finding, _)| finding))
    }
}

/// Each check of either run, in the order of A's campaign.
pub(super) fn changes(pair: Pair<'_>) -> Vec<Change<'_>> {
    let key = |finding: &Finding| {
        let Finding {
            check,
            kind,
            subject,
            during,
            ..
        } = finding;
        [check, kind, subject, during].map(String::clone)
    };
    let side = |report: &'_ Report, place: usize| words::share(report, place);
    let mut later: std::collections::BTreeMap<[String; 4], usize> =
        std::collections::BTreeMap::new();
    for (place, finding) in pair.now.findings.iter().enumerate() {
        later.entry(key(finding)).or_insert(place);
    }
    let mut changes = Vec::new();
    for (place, finding) in pair.before.findings.iter().enumerate() {
        let other = later.remove(&key(finding));
        changes.push(Change {
            sides: [
                Some((finding, side(pair.before, place))),
                other.map(|other| (&pair.now.findings[other], side(pair.now, other))),
            ],
        });
    }
    let mut alone: Vec<usize> = later.into_values().collect();
    alone.sort_unstable();
    changes.extend(alone.into_iter().map(|place| Change {
        sides: [
            None,
            Some((&pair.now.findings[place], side(pair.now, place))),
        ],
    }));
    changes
}

/// Whether B is worse than A, in a sentence.
pub(super) fn judged(pair: Pair<'_>, changes: &[Change<'_>]) -> (Verdict, String) {
    let worse = changes.iter().filter(|change| change.step() < 0).count();
    let better = changes.iter().filter(|change| change.step() > 0).count();
    let cut: Vec<String> = SIDES
        .iter()
        .zip([pair.before, pair.now])
        .filter(|(_, report)| report.ending != Ending::Completed)
        .map(|(side, report)| format!("{side} did not complete: {}", report.ending))
        .collect();
    let first = changes
        .iter()
        .filter(|change| change.step() < 0)
        .min_by_key(|c| c.step());
    if let Some(first) = first {
        let finding = first.any();
        let because = finding.because.trim_end_matches('.');
        let told = format!(
            "B is worse than A: {} of {} got worse, {better} better. “{}” was {} and is {}: {because}.",
            worse,
            several(changes.len() as u64, "check"),
            finding.check,
            first.findings()[0].map_or(String::new(), |f| f.verdict.to_string()),
            finding.verdict,
        );
        return (Verdict::Fail, told);
    }
    if !cut.is_empty() {
        return (Verdict::Inconclusive, format!("{}.", cut.join("; ")));
    }
    if changes.is_empty() {
        return (
            Verdict::Inconclusive,
            "Neither run checked anything.".to_owned(),
        );
    }
    let alone = changes.iter().filter(|change| change.is_alone()).count();
    if alone == changes.len() {
        let told = "The runs have no check in common: they ask different things.";
        return (Verdict::Inconclusive, told.to_owned());
    }
    let told = match better {
        0 => "No check of B is worse than in A, and none is better.".to_owned(),
        better => format!("No check of B is worse than in A; {better} got better."),
    };
    (Verdict::Pass, told)
}

/// What changed, the margins, and all checks.
pub(super) fn blocks(fonts: &Fonts, changes: &[Change<'_>]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let bars = bars(changes);
    if !bars.is_empty() {
        blocks.push(Block::Heading(
            "Margins: how much of its limit each of the tightest checks uses".to_owned(),
        ));
        blocks.push(Block::Bars(bars));
        blocks.push(Block::Gap(10.0));
    }
    let changed: Vec<&Change<'_>> = changes
        .iter()
        .filter(|c| c.step() != 0 || c.is_alone())
        .collect();
    blocks.push(Block::Heading("Verdicts that changed".to_owned()));
    if changed.is_empty() {
        blocks.push(Block::Text("None.".to_owned()));
    } else {
        blocks.push(Block::Table(changed_table(fonts, &changed)));
        blocks.extend(left_out(changed.len()));
    }
    blocks.push(Block::Gap(10.0));
    blocks.push(Block::Section("Checks".to_owned()));
    blocks.push(Block::Table(all(fonts, changes)));
    blocks.extend(left_out(changes.len()));
    blocks.push(Block::Gap(14.0));
    blocks
}

fn left_out(all: usize) -> Option<Block> {
    let left = all.checked_sub(LISTED).filter(|left| *left > 0)?;
    let more = several(left as u64, "more check");
    Some(Block::Text(format!("The runs' summary.json have {more}.")))
}

/// The tightest checks, A above B.
fn bars(changes: &[Change<'_>]) -> Vec<Bar> {
    let tightest = |change: &Change<'_>| {
        let shares = change
            .sides
            .iter()
            .flatten()
            .filter_map(|(_, share)| *share);
        shares.fold(f64::INFINITY, f64::min)
    };
    let mut both: Vec<&Change<'_>> = changes.iter().filter(|c| tightest(c).is_finite()).collect();
    both.sort_by(|a, b| tightest(a).total_cmp(&tightest(b)));
    let mut bars = Vec::new();
    for change in both.into_iter().take(BARS / 2) {
        for (name, side) in SIDES.iter().zip(change.sides) {
            let Some((finding, Some(share))) = side else {
                continue;
            };
            bars.push(Bar {
                label: format!("{name}: {}", finding.check),
                share: share.clamp(-1.0, 1.0),
                margin: quantity(finding.margin.unwrap_or(0.0), &finding.unit),
                verdict: finding.verdict,
            });
        }
    }
    bars
}

fn changed_table(fonts: &Fonts, changed: &[&Change<'_>]) -> Table {
    let columns = vec![
        text("B", 78.0),
        text("A", 70.0),
        text("check", 190.0),
        text("subject", 183.0),
    ];
    let rows = changed.iter().take(LISTED).map(|change| {
        let [a, b] = change.findings();
        let told = |side: Option<&Finding>| {
            side.map_or_else(|| "not checked".to_owned(), |f| f.verdict.to_string())
        };
        let mut row = Row::of([
            told(b),
            told(a),
            change.any().check.clone(),
            change.any().subject.clone(),
        ]);
        row.verdict = b.map(|finding| finding.verdict);
        let sides = SIDES.iter().zip([a, b]);
        let because = sides.filter_map(|(name, side)| {
            let because = side?.because.trim_end_matches('.');
            Some(format!("{name}: {because}."))
        });
        row.remark = Some(because.collect::<Vec<String>>().join("\n"));
        row
    });
    Table::new(fonts, columns, rows.collect())
}

fn all(fonts: &Fonts, changes: &[Change<'_>]) -> Table {
    let columns = vec![
        text("B", 78.0),
        text("check", 112.0),
        text("subject", 104.0),
        numbers("value A", 46.0),
        numbers("value B", 46.0),
        numbers("change", 44.0),
        numbers("margin A", 44.0),
        numbers("margin B", 47.0),
    ];
    let rows = changes.iter().take(LISTED).map(|change| {
        let [a, b] = change.findings();
        let of = |side: Option<&Finding>, what: fn(&Finding) -> Option<f64>| {
            side.and_then(what).map_or_else(|| "–".to_owned(), number)
        };
        let (va, vb) = (a.and_then(|f| f.value), b.and_then(|f| f.value));
        let by = match (va, vb) {
            (Some(a), Some(b)) if a == 0.0 || !(b - a).is_finite() => number(b - a),
            (Some(a), Some(b)) => signed(100.0 * (b - a) / a.abs()) + " %",
            _ => "–".to_owned(),
        };
        let unit = match change.any().unit.as_str() {
            "" => String::new(),
            unit => format!(", {unit}"),
        };
        let mut row = Row::of([
            b.map_or_else(|| "not checked".to_owned(), |f| f.verdict.to_string()),
            change.any().check.clone(),
            format!("{}{unit}", change.any().subject),
            of(a, |f| f.value),
            of(b, |f| f.value),
            by,
            of(a, |f| f.margin),
            of(b, |f| f.margin),
        ]);
        row.verdict = b.map(|finding| finding.verdict);
        row
    });
    Table::new(fonts, columns, rows.collect())
}
