//! A study as the report that people hand on.

use std::collections::BTreeSet;

use reports::render::compare::study::{Effect, Input, Spread, Study as Paper};
use reports::statistics::correlation;

use super::told::{endings, failing, passed, to_look_at};
use super::{Margins, Study};

/// Runs below which a rank correlation says nothing.
const FEW: usize = 10;
/// What chance alone would show more often than this is not told.
const CHANCE: f64 = 0.01;

/// What the report of `study` tells.
pub(super) fn of(study: &Study, checks: &[Margins]) -> Paper {
    let ended = endings(study).into_iter();
    Paper {
        campaign: study.campaign.clone(),
        made_by: concat!("bench ", env!("CARGO_PKG_VERSION")).to_owned(),
        reason: format!("{}.", passed(study)),
        question: study.question.clone(),
        seed: study.seed,
        endings: ended
            .map(|(name, count)| (name.to_owned(), count))
            .collect(),
        varied: study.varied.iter().map(|one| input(study, one)).collect(),
        checks: checks.iter().map(spread).collect(),
        effects: effects(study, checks),
        worst: to_look_at(study, checks),
    }
}

fn spread(one: &Margins) -> Spread {
    Spread {
        check: one.check.clone(),
        unit: one.unit.clone(),
        verdicts: [
            one.failed,
            one.inconclusive,
            one.runs - one.failed - one.inconclusive,
        ],
        failing: failing(one),
        margin: one
            .margin
            .map(|it| [it.min, it.p5, it.median, it.p95, it.max]),
        counts: one.histogram.clone(),
        worst: one.worst_run,
    }
}

/// What was drawn for a key, run by run.
fn drawn<'a>(study: &'a Study, key: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    study
        .flown
        .iter()
        .enumerate()
        .filter_map(move |(place, flown)| {
            let setting = flown.draw.set.iter().find(|setting| setting.key == key)?;
            Some((place, setting.value.trim_matches('"')))
        })
}

fn input(study: &Study, (key, distribution): &(String, String)) -> Input {
    let mut values: Vec<&str> = drawn(study, key).map(|(_, value)| value).collect();
    let parsed: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    match parsed {
        Some(numbers) if !numbers.is_empty() => {
            let order = |a: &usize, b: &usize| numbers[*a].total_cmp(&numbers[*b]);
            let least = (0..numbers.len()).min_by(order).unwrap_or(0);
            let most = (0..numbers.len()).max_by(order).unwrap_or(0);
            values = vec![values[least], values[most]];
        }
        // Texts and times: in the order of letters, which is that of times.
        _ => {
            values = values
                .into_iter()
                .collect::<BTreeSet<&str>>()
                .into_iter()
                .collect();
        }
    }
    let told = match values.as_slice() {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [low, high] => format!("{low} to {high}"),
        few if few.len() <= 4 => few.join(", "),
        [first, .., last] => format!("{first} to {last}"),
    };
    Input {
        key: key.clone(),
        distribution: distribution.clone(),
        drawn: told,
    }
}

/// How strongly each number that was varied goes with each margin, strongest first.
fn effects(study: &Study, checks: &[Margins]) -> Vec<Effect> {
    let mut all = Vec::new();
    for (key, _) in &study.varied {
        let values: Vec<(usize, f64)> = drawn(study, key)
            .filter_map(|(place, value)| Some((place, number(value)?)))
            .collect();
        for check in checks {
            let pairs: Vec<(f64, f64)> = values
                .iter()
                .filter_map(|&(place, value)| {
                    let found = study.flown[place].findings.iter();
                    let margin = found.clone().find(|it| it.check == check.check)?.margin?;
                    Some((value, margin))
                })
                .collect();
            if pairs.len() < FEW {
                continue;
            }
            let Some(found) = correlation(&pairs).filter(|found| found.p < CHANCE) else {
                continue;
            };
            all.push(Effect {
                key: key.clone(),
                check: check.check.clone(),
                rank: found.rho,
                runs: pairs.len() as u64,
            });
        }
    }
    all.sort_by(|a, b| b.rank.abs().total_cmp(&a.rank.abs()));
    all
}

/// A value as a number that has an order; a time by its seconds.
fn number(value: &str) -> Option<f64> {
    let time = || {
        value
            .parse::<jiff::Timestamp>()
            .ok()
            .map(|at| at.as_second() as f64)
    };
    value.parse().ok().or_else(time)
}
