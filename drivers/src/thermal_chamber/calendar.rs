//! The clock on a controller's wall: set by whoever likes, it runs on with bench time. Emulators
//! have no other clock.

use profiles::time::BenchTime;

const DAY_S: i64 = 86_400;
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

/// A clock that was set at some bench time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calendar {
    /// Seconds since 1970 when it was set.
    seconds: i64,
    set_at: BenchTime,
}

impl Default for Calendar {
    /// Shipped: 1 January 2024, midnight.
    fn default() -> Calendar {
        Calendar {
            seconds: days_of(2024, 1, 1) * DAY_S,
            set_at: BenchTime::ZERO,
        }
    }
}

impl Calendar {
    /// What it shows.
    pub(super) fn now(&self, at: BenchTime) -> Moment {
        let seconds = self.seconds + (at.micros_since(self.set_at) / 1_000_000).cast_signed();
        let (year, month, day) = date_of(seconds.div_euclid(DAY_S));
        let second = seconds.rem_euclid(DAY_S);
        Moment {
            year,
            month,
            day,
            hour: second / 3_600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }

    /// Sets it. False if there is no such moment.
    pub(super) fn set(&mut self, at: BenchTime, moment: Moment) -> bool {
        let days = days_of(moment.year, moment.month, moment.day);
        let is_moment = date_of(days) == (moment.year, moment.month, moment.day)
            && (2000..2100).contains(&moment.year)
            && (0..24).contains(&moment.hour)
            && (0..60).contains(&moment.minute)
            && (0..60).contains(&moment.second);
        if is_moment {
            let second = (moment.hour * 60 + moment.minute) * 60 + moment.second;
            *self = Calendar {
                seconds: days * DAY_S + second,
                set_at: at,
            };
        }
        is_moment
    }
}

impl Moment {
    /// `WED`
    pub(super) fn weekday(&self) -> &'static str {
        // 1 January 1970 was a Thursday.
        let days = days_of(self.year, self.month, self.day) + 4;
        DAYS[days.rem_euclid(7) as usize]
    }
}

/// Days since 1970 of a date in the Gregorian calendar (Hinnant, "chrono-compatible low-level
/// date algorithms", `days_from_civil`).
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month = (month + 9).rem_euclid(12);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of days since 1970 (`civil_from_days` of the same).
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(date: [i64; 3], time: [i64; 3]) -> Moment {
        Moment {
            year: date[0],
            month: date[1],
            day: date[2],
            hour: time[0],
            minute: time[1],
            second: time[2],
        }
    }

    #[test]
    fn it_goes_on_through_leap_days() {
        let mut calendar = Calendar::default();
        let late = moment([2024, 2, 28], [23, 59, 59]);
        assert!(calendar.set(BenchTime::ZERO, late));
        assert_eq!(late.weekday(), "WED");
        let later = calendar.now(BenchTime::from_millis(86_401_000));
        assert_eq!(later, moment([2024, 3, 1], [0, 0, 0]));
    }

    #[test]
    fn there_is_no_thirtieth_of_february() {
        let mut calendar = Calendar::default();
        for wrong in [
            moment([2025, 2, 29], [0, 0, 0]),
            moment([2025, 13, 1], [0, 0, 0]),
            moment([2025, 1, 1], [24, 0, 0]),
            moment([1999, 1, 1], [0, 0, 0]),
        ] {
            assert!(!calendar.set(BenchTime::ZERO, wrong), "{wrong:?}");
        }
    }
}
