//! What the doctor looks at without asking a device: the dates of calibrations, and whether the
//! wall clock can be trusted.

use std::path::Path;
use std::process::Command;

use jiff::civil::Date;
use reports::header::Calibration;

use super::doctor::{Finding, Health};
use crate::exit::Exit;

/// A calibration that ends within so many days should be renewed.
const SOON_DAYS: i32 = 30;
/// Where systemd-timesyncd notes that it has set the clock (systemd-timesyncd.service(8)).
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// Whether what an instrument measures counts today.
pub(super) fn calibration(name: &str, written: Option<&Calibration>, today: Date) -> Finding {
    let due = written.and_then(|written| written.due.as_deref());
    let Some(due) = due.and_then(|due| due.parse::<Date>().ok()) else {
        let text = "no `calibration_due` in the wiring: nobody can say whether what it measures \
                    counts; write the day that stands on its sticker";
        return Finding::new(name, Health::Doubtful, text);
    };
    let days = due.since(today).map_or(0, |span| span.get_days());
    if days < 0 {
        let text = format!(
            "its calibration was due on {due}: no check of its channels can pass; have it \
             calibrated, then write `calibrated` and `calibration_due` anew"
        );
        return Finding::new(name, Health::Bad(Exit::Inconclusive), text);
    }
    if days > SOON_DAYS {
        return Finding::new(name, Health::Good, format!("calibrated until {due}"));
    }
    let left = match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    };
    let text = format!("its calibration is due {left}, on {due}: have it calibrated before");
    Finding::new(name, Health::Doubtful, text)
}

/// Whether the wall clock, which dates records and ends calibrations, follows another clock.
pub(super) fn wall_clock(now: &str) -> Finding {
    if Path::new(SYNCHRONISED).exists() {
        return clock_told(Some("yes"), now);
    }
    let told = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output();
    let told = told.ok().filter(|told| told.status.success());
    let told = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned());
    clock_told(told.as_deref(), now)
}

fn clock_told(synchronised: Option<&str>, now: &str) -> Finding {
    let (health, text) = match synchronised {
        Some("yes") => (Health::Good, "is synchronised".to_owned()),
        Some("no") => (
            Health::Doubtful,
            format!(
                "says {now} and follows no other clock: records would be dated by it, and \
                 calibrations end by it; `sudo timedatectl set-ntp true`, or start chrony"
            ),
        ),
        _ => (
            Health::Doubtful,
            format!(
                "says {now}, and whether it follows another clock is unknown: neither \
                 systemd-timesyncd nor timedatectl tells; compare it with another"
            ),
        ),
    };
    Finding::new("wall clock", health, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(due: Option<&str>) -> (Health, String) {
        let written = Calibration {
            done: Some("2026-05-01".to_owned()),
            due: due.map(str::to_owned),
            expired: false,
        };
        let today = "2026-11-27".parse().unwrap();
        let finding = calibration("psu", Some(&written), today);
        (finding.health, finding.text)
    }

    #[test]
    fn a_calibration_counts_to_its_last_day() {
        assert_eq!(told(Some("2027-05-01")).0, Health::Good);
        assert_eq!(told(Some("2026-12-28")).0, Health::Good);
        for (due, says) in [
            ("2026-12-27", "due in 30 days, on 2026-12-27"),
            ("2026-11-28", "due tomorrow"),
            ("2026-11-27", "due today"),
        ] {
            let (health, text) = told(Some(due));
            assert_eq!(health, Health::Doubtful, "{due}");
            assert!(text.contains(says), "{text}");
        }
        for due in ["2026-11-26", "2019-01-01"] {
            let (health, text) = told(Some(due));
            assert_eq!(health, Health::Bad(Exit::Inconclusive), "{due}");
            assert!(text.contains("no check of its channels can pass"), "{text}");
        }
        assert_eq!(told(None).0, Health::Doubtful);
        let today = "2026-11-27".parse().unwrap();
        let none = calibration("psu", None, today);
        assert!(none.text.contains("calibration_due"), "{}", none.text);
    }

    #[test]
    fn a_clock_that_nobody_vouches_for_is_not_called_good() {
        let now = "2026-11-27T12:00:00Z";
        assert_eq!(clock_told(Some("yes"), now).health, Health::Good);
        for (told, says) in [
            (Some("no"), "timedatectl set-ntp true"),
            (Some(""), "is unknown"),
            (None, "is unknown"),
        ] {
            let finding = clock_told(told, now);
            assert_eq!(finding.health, Health::Doubtful);
            assert!(finding.text.contains(says), "{}", finding.text);
            assert!(finding.text.contains(now), "{}", finding.text);
        }
    }
}
