//! Instants in UTC, with leap seconds, and the dynamical time that the Sun's theory wants.
//!
//! Held as TAI, which has no leap seconds, so that differences are true durations.

use std::fmt;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// J2000.0 (2000-01-01 12:00 TT), counted as POSIX counts, in seconds.
const J2000_POSIX: f64 = 946_728_000.0;

/// TT - TAI, s (IAU 1991).
const TT_MINUS_TAI: f64 = 32.184;

/// Seconds in a Julian century.
const JULIAN_CENTURY: f64 = 36_525.0 * 86_400.0;

/// First UTC second, counted as POSIX counts, at which TAI - UTC has the value beside it, s.
/// Source: IERS Bulletin C; none has been announced after 2017. Before 1972 UTC ran at other
/// rates; the bench takes 10 s there.
const LEAP_SECONDS: [(i64, i64); 28] = [
    (63_072_000, 10),
    (78_796_800, 11),
    (94_694_400, 12),
    (126_230_400, 13),
    (157_766_400, 14),
    (189_302_400, 15),
    (220_924_800, 16),
    (252_460_800, 17),
    (283_996_800, 18),
    (315_532_800, 19),
    (362_793_600, 20),
    (394_329_600, 21),
    (425_865_600, 22),
    (489_024_000, 23),
    (567_993_600, 24),
    (631_152_000, 25),
    (662_688_000, 26),
    (709_948_800, 27),
    (741_484_800, 28),
    (773_020_800, 29),
    (820_454_400, 30),
    (867_715_200, 31),
    (915_148_800, 32),
    (1_136_073_600, 33),
    (1_230_768_000, 34),
    (1_341_100_800, 35),
    (1_435_708_800, 36),
    (1_483_228_800, 37),
];

/// An instant in UTC, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Utc {
    /// Microseconds of TAI since 1970-01-01 00:00:00 TAI.
    tai_micros: i64,
}

/// Why a text is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no instant in UTC like 2025-06-25T18:00:00Z: {why}")]
pub struct UtcError {
    /// What was found.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl Utc {
    /// Parses RFC 3339 text. It must name its offset from UTC (`Z` or `+hh:mm`); second 60 is
    /// taken where a leap second was.
    ///
    /// # Errors
    /// If it is no such text, or names a leap second that never was.
    pub fn parse(text: &str) -> Result<Utc, UtcError> {
        let error = |why: String| UtcError {
            text: text.into(),
            why,
        };
        let refuse = |why: jiff::Error| error(why.to_string());
        // jiff reads second 60 as second 59; the one that was lost is put back below.
        let posix = text.parse::<Timestamp>().map_err(refuse)?.as_microsecond();
        if !names_a_leap_second(text) {
            return Ok(Utc::from_posix_micros(posix));
        }
        let next = posix.div_euclid(MICROS) + 1;
        match LEAP_SECONDS[1..].iter().find(|(from, _)| *from == next) {
            Some(_) => Ok(Utc {
                tai_micros: Utc::from_posix_micros(posix).tai_micros + MICROS,
            }),
            None => Err(error("there was no leap second then".into())),
        }
    }

    /// From microseconds since 1970 as POSIX counts them, that is without leap seconds.
    pub(super) fn from_posix_micros(posix: i64) -> Utc {
        let offset = tai_minus_utc(|(from, _)| posix >= from * MICROS);
        Utc {
            tai_micros: posix + offset * MICROS,
        }
    }

    /// Microseconds since 1970-01-01T00:00:00 UTC as POSIX counts them, that is without leap
    /// seconds; inside one they go on and are gone back over in the next second.
    pub fn posix_micros(self) -> i64 {
        self.tai_micros - self.leap_seconds() * MICROS
    }

    /// The instant `seconds` later (earlier if negative), to the nearest microsecond.
    #[must_use]
    pub fn plus_seconds(self, seconds: f64) -> Utc {
        let micros = (seconds * MICROS as f64).round() as i64;
        Utc {
            tai_micros: self.tai_micros.saturating_add(micros),
        }
    }

    /// Seconds from `earlier` to `self`, leap seconds counted; negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Utc) -> f64 {
        self.tai_micros.saturating_sub(earlier.tai_micros) as f64 / MICROS as f64
    }

    /// TAI - UTC at this instant, s.
    pub fn leap_seconds(self) -> i64 {
        tai_minus_utc(|(from, offset)| self.tai_micros >= (from + offset) * MICROS)
    }

    /// Julian centuries of TT since J2000.0.
    pub fn julian_centuries_tt(self) -> f64 {
        let tai = self.tai_micros as f64 / MICROS as f64;
        (tai + TT_MINUS_TAI - J2000_POSIX) / JULIAN_CENTURY
    }

    /// RFC 3339 with microseconds, all of them, and `Z`.
    pub fn exact(self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _always_ok = self.write(&mut text, true);
        text
    }

    /// Julian years of UTC since 2000-01-01 12:00 UTC, leap seconds not counted: the argument
    /// of sidereal time where UT1 is taken for UTC.
    pub(super) fn julian_years_utc(self) -> f64 {
        self.days_since_j2000_utc() / 365.25
    }

    /// Days of UTC since 2000-01-01 12:00 UTC, leap seconds not counted.
    pub(super) fn days_since_j2000_utc(self) -> f64 {
        let posix = self.tai_micros - self.leap_seconds() * MICROS;
        (posix as f64 / MICROS as f64 - J2000_POSIX) / 86_400.0
    }

    /// The calendar date and time, and whether it lies inside a leap second, in which the
    /// calendar stands still at second 59.
    fn calendar(self) -> (DateTime, bool) {
        let offset = self.leap_seconds();
        let posix = self.tai_micros.saturating_sub(offset * MICROS);
        let next = LEAP_SECONDS.iter().find(|(_, after)| *after == offset + 1);
        let leaping = next.is_some_and(|(from, _)| posix >= from * MICROS);
        let shown = SignedDuration::from_micros(posix.saturating_sub(i64::from(leaping) * MICROS));
        let timestamp = Timestamp::from_duration(shown).unwrap_or(if posix < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        });
        (TimeZone::UTC.to_datetime(timestamp), leaping)
    }

    fn write(self, f: &mut impl fmt::Write, micros: bool) -> fmt::Result {
        let (at, leaping) = self.calendar();
        write!(f, "{:04}-{:02}-{:02}T", at.year(), at.month(), at.day())?;
        let second = if leaping { 60 } else { at.second() };
        write!(f, "{:02}:{:02}:{second:02}", at.hour(), at.minute())?;
        let fraction = at.subsec_nanosecond() / 1_000;
        if micros {
            write!(f, ".{fraction:06}Z")
        } else {
            write!(f, ".{:03}Z", fraction / 1_000)
        }
    }
}

/// TAI - UTC of the last row of the table that `reached`.
fn tai_minus_utc(reached: impl Fn(&(i64, i64)) -> bool) -> i64 {
    let row = LEAP_SECONDS.iter().rev().find(|row| reached(row));
    row.unwrap_or(&LEAP_SECONDS[0]).1
}

/// Whether the seconds of an RFC 3339 text are `60`.
fn names_a_leap_second(text: &str) -> bool {
    text.split(['T', 't', ' '])
        .nth(1)
        .and_then(|time| time.get(6..8))
        .is_some_and(|seconds| seconds == "60")
}

impl fmt::Display for Utc {
    /// RFC 3339 with milliseconds, cut and not rounded, and `Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, false)
    }
}

impl TryFrom<String> for Utc {
    type Error = UtcError;

    fn try_from(text: String) -> Result<Utc, UtcError> {
        Utc::parse(&text)
    }
}

impl From<Utc> for String {
    /// RFC 3339; microseconds only where there are some, so that nothing is lost.
    fn from(at: Utc) -> String {
        let mut text = String::new();
        let exact = at.tai_micros.rem_euclid(1_000) != 0;
        at.write(&mut text, exact)
            .expect("writing to a String cannot fail");
        text
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is compared is exact in binary")]
mod tests {
    use super::*;

    fn utc(text: &str) -> Utc {
        Utc::parse(text).unwrap()
    }

    #[test]
    fn an_instant_is_shown_as_it_was_written() {
        for text in [
            "2025-06-25T18:00:00.250Z",
            "1969-12-31T23:59:59.999Z",
            "2016-12-31T23:59:60.500Z",
            "1972-06-30T23:59:60.000Z",
        ] {
            assert_eq!(utc(text).to_string(), text);
        }
        assert_eq!(
            utc("2025-01-01T01:00:00+01:00"),
            utc("2025-01-01T00:00:00Z")
        );
    }

    #[test]
    fn serde_keeps_microseconds() {
        let at = utc("2025-06-25T18:00:00.000001Z");
        assert_eq!(String::from(at), "2025-06-25T18:00:00.000001Z");
        assert_eq!(Utc::try_from(String::from(at)), Ok(at));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "yesterday",
            "2025-06-25",
            "2025-06-25T18:00:00",
            "2025-13-25T18:00:00Z",
            "2025-06-25T23:59:60Z",
            "2017-01-01T00:00:60Z",
        ] {
            assert!(Utc::parse(text).is_err(), "{text:?} passed");
        }
    }

    #[test]
    fn a_leap_second_is_a_second() {
        let before = utc("2016-12-31T23:59:59Z");
        let after = utc("2017-01-01T00:00:00Z");
        assert_eq!(after.seconds_since(before), 2.0);
        assert_eq!(before.plus_seconds(1.0), utc("2016-12-31T23:59:60Z"));
        assert!(before.plus_seconds(1.5) < after);
        assert_eq!((before.leap_seconds(), after.leap_seconds()), (36, 37));
    }

    #[test]
    fn far_away_is_far_away_and_no_panic() {
        let now = utc("2025-01-01T00:00:00Z");
        let (past, future) = (now.plus_seconds(-1e300), now.plus_seconds(1e300));
        assert!(past < now && now < future);
        assert!(past.seconds_since(future) < 0.0);
        assert!(!format!("{past} {future}").is_empty());
    }

    #[test]
    fn dynamical_time_starts_at_j2000() {
        // 12:00 TT is 64.184 s ahead of UTC in 2000 (32 s + 32.184 s).
        let j2000 = utc("2000-01-01T11:58:55.816Z");
        assert!(j2000.julian_centuries_tt().abs() < 1e-15);
        let later = utc("2100-01-01T11:58:50.816Z");
        assert!((later.julian_centuries_tt() - 1.0).abs() < 1e-12);
    }
}
