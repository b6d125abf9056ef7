//! The report of a study, for people: what its runs drew and found, ready to be drawn.

use reports::render::compare::study::{Check, Input, Study as Told};
use reports::statistics::{Correlation, Method, correlation};
use reports::verdict::Verdict;

use super::margins::CONFIDENCE;
use super::{Flown, Margins, Study};
use crate::exit::Exit;

/// What a report tells of `study`, whose margins are `checks`.
pub fn report(study: &Study, checks: &[Margins]) -> Told {
    let all = study.flown.len() as u64;
    let bad = study.flown.iter().filter(|it| it.code != Some(0)).count() as u64;
    Told {
        campaign: study.campaign.clone(),
        made_by: format!("bench {}", env!("CARGO_PKG_VERSION")),
        id: study.question.clone(),
        verdict: match study.exit() {
            Exit::Passed => Verdict::Pass,
            _ if study
                .flown
                .iter()
                .any(|it| it.code == Some(Exit::Failed as u8)) =>
            {
                Verdict::Fail
            }
            _ => Verdict::Inconclusive,
        },
        because: because(checks, bad, all),
        runs: (all, bad),
        seed: study.seed,
        inputs: study
            .varied
            .iter()
            .map(|(key, distribution)| Input {
                key: key.clone(),
                distribution: distribution.clone(),
                drawn: drawn(study, key),
            })
            .collect(),
        checks: checks.iter().map(|it| check(study, it)).collect(),
    }
}

fn because(checks: &[Margins], bad: u64, all: u64) -> String {
    let interval = Method::ClopperPearson.interval(bad, all, CONFIDENCE);
    let mut said = format!(
        "{bad} of {all} runs did not pass: {:.2} % ({:.2} to {:.2} % at {:.0} %).",
        100.0 * bad as f64 / all.max(1) as f64,
        100.0 * interval.low,
        100.0 * interval.high,
        100.0 * CONFIDENCE,
    );
    let often = checks.iter().filter(|it| it.failed > 0);
    if let Some(it) = often.max_by_key(|it| it.failed) {
        let (name, times) = (&it.check, it.failed);
        said.push_str(&format!(" “{name}” failed most often: in {times} runs."));
    }
    said
}

/// The least and the greatest of what was drawn for a key, as they were written; none where it has no order.
fn drawn(study: &Study, key: &str) -> Option<(String, String)> {
    let values = study.flown.iter().filter_map(|flown| {
        let text = written(flown, key)?;
        Some((ordered(text)?, text.trim_matches('"').to_owned()))
    });
    let mut values: Vec<(f64, String)> = values.collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some((values.first()?.1.clone(), values.last()?.1.clone()))
}

fn written<'a>(flown: &'a Flown, key: &str) -> Option<&'a str> {
    let setting = flown.draw.set.iter().find(|it| it.key == key)?;
    Some(&setting.value)
}

/// A value as a number that has its order: a number, an instant in seconds, a time of the day in hours. What
/// is none of them, as a name, has no order.
fn ordered(text: &str) -> Option<f64> {
    let text = text.trim_matches('"');
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

fn check(study: &Study, it: &Margins) -> Check {
    let worst = study
        .flown
        .iter()
        .find(|flown| Some(flown.draw.run) == it.worst_run);
    let goes_with = study.varied.iter().enumerate();
    let goes_with =
        goes_with.filter_map(|(place, (key, _))| Some((place, together(study, &it.check, key)?)));
    Check {
        name: it.check.clone(),
        unit: it.unit.clone(),
        failed: it.failed,
        inconclusive: it.inconclusive,
        share: it.share,
        interval: it.interval,
        spread: it
            .margin
            .map(|of| [of.min, of.p5, of.median, of.p95, of.max]),
        histogram: it.histogram.clone(),
        worst: worst.map(|flown| {
            let draw = &flown.draw;
            (draw.run, draw.seed, study.command(draw))
        }),
        goes_with: goes_with.collect(),
    }
}

/// How a check's margin goes with a value.
fn together(study: &Study, check: &str, key: &str) -> Option<Correlation> {
    let pairs = study.flown.iter().filter_map(|flown| {
        let found = flown.findings.iter().find(|found| found.check == check)?;
        Some((ordered(written(flown, key)?)?, found.margin?))
    });
    correlation(&pairs.collect::<Vec<(f64, f64)>>())
}

#[cfg(test)]
mod tests {
    use super::ordered;

    #[test]
    fn values_have_an_order_if_they_are_numbers_or_times() {
        assert_eq!(ordered("7.5"), Some(7.5));
        assert_eq!(ordered("\"10:30\""), Some(10.5));
        let [early, late] = ["\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:01:00Z\""].map(ordered);
        assert_eq!(late.unwrap() - early.unwrap(), 60.0);
        for none in ["\"azur\"", "true", "nan", "\"1:2:3\""] {
            assert_eq!(ordered(none), None, "{none}");
        }
    }
}
