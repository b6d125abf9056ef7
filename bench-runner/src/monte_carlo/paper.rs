//! A study as the report that people hand on.

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
    // Names come in the order of letters.
    values.sort_by(|a, b| {
        let numbers = ordered(a).zip(ordered(b));
        numbers.map_or_else(|| a.cmp(b), |(a, b)| a.total_cmp(&b))
    });
    values.dedup();
    let told = match values.as_slice() {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
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
            .filter_map(|(place, value)| Some((place, ordered(value)?)))
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

/// A value as a number that has its order: a number, an instant in seconds, a time of the day in hours. What
/// is none of them, as a name, has no order.
fn ordered(text: &str) -> Option<f64> {
    let number = text.parse().ok().filter(|value: &f64| value.is_finite());
    let instant = || {
        let instant: jiff::Timestamp = text.parse().ok()?;
        Some(instant.as_second() as f64)
    };
    let hours = || {
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
        Some(f64::from(hours) + f64::from(minutes) / 60.0)
    };
    number.or_else(instant).or_else(hours)
}

#[cfg(test)]
mod tests {
    use super::ordered;

    #[test]
    fn values_have_an_order_if_they_are_numbers_or_times() {
        assert_eq!(ordered("7.5"), Some(7.5));
        assert_eq!(ordered("10:30"), Some(10.5));
        let [early, late] = ["2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"].map(ordered);
        assert!((late.unwrap() - early.unwrap() - 60.0).abs() < 1e-9);
        for none in ["azur", "true", "nan", "1:2:3"] {
            assert_eq!(ordered(none), None, "{none}");
        }
    }
}
