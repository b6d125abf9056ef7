//! Words: numbers, times and lengths as people read them, the same in every form of the report.

use jiff::{SignedDuration, Timestamp};
use profiles::correlation::Correlator;
use profiles::time::BenchTime;

use super::figure::TimeAxis;
use crate::header::CheckSpec;
use crate::report::Report;
use crate::verdict::{Ending, Finding, Verdict};

/// A number to four significant digits without trailing zeros, whole numbers in full; below a
/// thousandth as a power of ten, which fits a column.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if (size > 0.0 && size < 1e-3) || size >= 1e9 {
        return format!("{value:.2e}").replace('-', "−");
    }
    let decimals: usize = match size {
        s if s >= 1_000.0 => 0,
        s if s >= 100.0 => 1,
        s if s >= 10.0 => 2,
        s if s >= 1.0 || s == 0.0 => 3,
        s => (3.0 - s.log10().floor()).clamp(3.0, 6.0) as usize,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    // A value that rounds to nothing has no sign.
    let text = if text == "-0" { "0" } else { text };
    text.replace('-', "−")
}

/// An uncertainty: to two digits, for more would claim more; what only rounding left is nothing.
pub(crate) fn rough(value: f64) -> String {
    if value.abs() < 1e-9 {
        return number(0.0);
    }
    if value.abs() < 1e-3 {
        return format!("{value:.1e}").replace('-', "−");
    }
    let step = 10.0_f64.powf(value.abs().log10().floor() - 1.0);
    number((value / step).round() * step)
}

/// A change with its sign and two places, `+3.20`; one that rounds to nothing has no sign.
pub(crate) fn signed(change: f64) -> String {
    let text = format!("{change:+.2}").replace('-', "−");
    let places = text.trim_start_matches(['+', '−']);
    if places == "0.00" {
        return places.to_owned();
    }
    text
}

/// A number with its unit.
pub(crate) fn quantity(value: f64, unit: &str) -> String {
    match unit {
        "" => number(value),
        unit => format!("{} {unit}", number(value)),
    }
}

/// A count with thin gaps between thousands.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// What made the report: `bench 0.1.0`.
pub(crate) fn made_by(report: &Report) -> String {
    let version = report.manifest.versions.get("bench");
    let version = version.map_or("", String::as_str);
    format!("bench {version}").trim_end().to_owned()
}

/// `1 check`, `2 checks`.
pub(crate) fn several(count_of: u64, what: &str) -> String {
    match count_of {
        1 => format!("1 {what}"),
        many => format!("{} {what}s", count(many)),
    }
}

/// A length of time: `186 min` would hide the hours, `3 h 06 min` does not.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 10.0 => format!("{} s", number(seconds)),
        s if s < 120 => format!("{s} s"),
        s if s < 3_600 => format!("{} min {:02} s", s / 60, s % 60),
        s => format!("{} h {:02} min", s / 3_600, s % 3_600 / 60),
    }
}

/// A bench time without its milliseconds: `01:23:45`.
pub(crate) fn clock(at: BenchTime) -> String {
    let seconds = at.as_micros() / 1_000_000;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// How a device's own clock runs against bench time: `12.3 ppm fast (12.1 to 12.5), 0.25 s at T0`.
pub(crate) fn clock_rate(clock: &Correlator) -> String {
    let told = match clock.correlation() {
        None => "heard too shortly to tell its drift".to_owned(),
        Some(found) => {
            let way = if found.drift_ppm < 0.0 {
                "slow"
            } else {
                "fast"
            };
            let ppm = |value: f64| number((value * 1e3).round() * 1e-3);
            format!(
                "{} ppm {way} (95 %: {} to {}), {} s at T0, scatter {} µs",
                ppm(found.drift_ppm.abs()),
                ppm(found.drift_low_ppm),
                ppm(found.drift_high_ppm),
                format!("{:.6}", found.offset_s).replace('-', "−"),
                number(found.scatter_us.round()),
            )
        }
    };
    match clock.steps() {
        0 => told,
        steps => format!("{told}; set or started anew {}", several(steps, "time")),
    }
}

/// UTC of a bench time on the orbit, to the millisecond; `None` without an epoch.
pub(crate) fn utc(epoch: Option<&str>, at: BenchTime) -> Option<String> {
    let start: Timestamp = epoch?.parse().ok()?;
    let micros = i64::try_from(at.as_micros()).ok()?;
    // Half a millisecond more, since the format cuts off.
    let time = start
        .checked_add(SignedDuration::from_micros(micros + 500))
        .ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

/// UTC at so many seconds of a figure's axis; `None` if that is no time, or T0 has none.
pub(crate) fn utc_at(time: &TimeAxis, seconds: f64) -> Option<String> {
    if time.counts.is_some() || time.measure.is_some() {
        return None;
    }
    utc(time.epoch.as_deref(), BenchTime::from_secs_f64(seconds))
}

/// UTC of a bench time as a table tells it: `14:47:17`, with the day in a run over more days than one.
pub(crate) fn utc_clock(report: &Report, at: BenchTime) -> Option<String> {
    let epoch = report.header.epoch.as_deref();
    let day = |at| utc(epoch, at).map(|text| text[..10].to_owned());
    let told = utc(epoch, at)?;
    let end = report.header.end.max(report.end());
    let from = if day(BenchTime::ZERO) == day(end) {
        11
    } else {
        5
    };
    Some(told[from..19].to_owned())
}

/// The name of a device or channel as people say it.
pub(crate) fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// The reason of the verdict, in a sentence.
pub(crate) fn because(report: &Report) -> String {
    if report.ending != Ending::Completed {
        return ended(format!("The run did not complete: {}", report.ending));
    }
    let findings = &report.findings;
    let of = |verdict| {
        findings
            .iter()
            .filter(move |f: &&Finding| f.verdict == verdict)
    };
    let all = several(findings.len() as u64, "check");
    let place = worst_first(report).first().copied();
    let worst = place.map(|place| &findings[place]);
    let is_measured = place.is_some_and(|place| share(report, place).is_some());
    match (report.verdict, worst) {
        (Verdict::Pass, Some(finding)) if is_measured => format!(
            "{all} passed. The tightest is “{}”, {} inside its limit of {}.",
            finding.check,
            quantity(finding.margin.unwrap_or(0.0).abs(), &finding.unit),
            quantity(finding.limit.unwrap_or(0.0), &finding.unit),
        ),
        (Verdict::Pass, _) => format!("{all} passed."),
        (verdict, Some(finding)) => {
            let how = match verdict {
                Verdict::Fail => "failed",
                _ => "could not be decided",
            };
            let reason = &finding.because;
            let (bad, check) = (count(of(verdict).count() as u64), &finding.check);
            let rest = match (verdict, of(Verdict::Inconclusive).count()) {
                (Verdict::Fail, unknown @ 1..) => {
                    format!("; {} could not be decided", count(unknown as u64))
                }
                _ => String::new(),
            };
            ended(format!(
                "{bad} of {all} {how}{rest}. The worst is “{check}”: {reason}"
            ))
        }
        (_, None) => "Nothing was checked, so nothing is known.".to_owned(),
    }
}

/// A sentence with its full stop, unless it ends with a mark already.
fn ended(sentence: String) -> String {
    if sentence.ends_with(['.', '?', '!']) {
        sentence
    } else {
        sentence + "."
    }
}

/// The margin of the finding at `place` as a share of what is allowed: of half the band where the check has
/// two limits, of the limit's distance from what was expected where that is known, else of the limit's size.
pub(crate) fn share(report: &Report, place: usize) -> Option<f64> {
    let finding = report.findings.get(place)?;
    let margin = finding.margin?;
    let spec = spec(report, place);
    let option = |name: &str| spec.and_then(|check| check.options.number(name));
    let allowed = match (option("min"), option("max")) {
        (Some(min), Some(max)) => (max - min) / 2.0,
        _ => (finding.limit? - finding.expected.unwrap_or(0.0)).abs(),
    };
    (allowed > 0.0).then(|| margin / allowed)
}

/// The check that the finding at `place` is of. Findings come in the order of the checks, so that ten
/// thousand of them need not be searched for each.
fn spec(report: &Report, place: usize) -> Option<&CheckSpec> {
    let name = &report.findings.get(place)?.check;
    let checks = &report.header.checks;
    let same = checks.get(place).filter(|check| check.name == *name);
    same.or_else(|| checks.iter().find(|check| check.name == *name))
}

/// Places of the findings: what fails first, then what is not known, each with the tightest first.
pub(crate) fn worst_first(report: &Report) -> Vec<usize> {
    let rank = |verdict| match verdict {
        Verdict::Fail => 0,
        Verdict::Inconclusive => 1,
        Verdict::Pass => 2,
    };
    let findings = report.findings.iter().enumerate();
    let mut keyed: Vec<(u8, f64, usize)> = findings
        .map(|(place, finding)| {
            let tightness = share(report, place).filter(|share| !share.is_nan());
            (
                rank(finding.verdict),
                tightness.unwrap_or(f64::INFINITY),
                place,
            )
        })
        .collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    keyed.into_iter().map(|(.., place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_nothing_has_no_sign() {
        let told = [3.2, -3.2, 0.004, -0.004, 0.005_1, -0.005_1, 0.0].map(signed);
        let expected = ["+3.20", "−3.20", "0.00", "0.00", "+0.01", "−0.01", "0.00"];
        assert_eq!(told, expected);
    }

    #[test]
    fn numbers_have_four_digits() {
        let told = [
            28.0,
            27.9846,
            -12.3456,
            0.001_234_56,
            1234.56,
            99.999,
            0.0,
            -0.0001e-9,
            1.5e37,
        ];
        let told: Vec<String> = told.into_iter().map(number).collect();
        assert_eq!(
            told.join(" "),
            "28 27.98 −12.35 0.001235 1235 100 0 −1.00e−13 1.50e37"
        );
        assert_eq!(count(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(count(1234), "1234");
    }

    #[test]
    fn an_uncertainty_has_two_digits() {
        let told = [0.015_84, 0.001_868, 2.44e-15, 0.0, 8.43e-4, 12.6, 1_234.0].map(rough);
        let expected = ["0.016", "0.0019", "0", "0", "8.4e−4", "13", "1200"];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_as_expected_uses_nothing_of_its_allowance() {
        let mut report = crate::render::sample::report();
        let finding = &mut report.findings[1];
        (finding.value, finding.limit, finding.margin) = (Some(1.0), Some(1.03), Some(0.03));
        assert!(share(&report, 1).unwrap() < 0.1, "of the limit's size");
        report.findings[1].expected = Some(1.0);
        assert!(
            (share(&report, 1).unwrap() - 1.0).abs() < 1e-9,
            "of the way to it"
        );
    }

    #[test]
    fn times_read_well() {
        assert_eq!(duration(11_160.0), "3 h 06 min");
        assert_eq!(duration(75.0), "75 s");
        assert_eq!(clock(BenchTime::from_millis(5_025_250)), "01:23:45");
        assert_eq!(
            utc(
                Some("2026-03-20T14:46:00Z"),
                BenchTime::from_micros(61_234_567)
            )
            .unwrap(),
            "2026-03-20 14:47:01.235"
        );
        assert_eq!(utc(None, BenchTime::ZERO), None);
    }
}
