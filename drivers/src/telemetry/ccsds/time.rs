//! Time codes of CCSDS 301.0-B-4 with their P-field in front: day segmented and unsegmented.

use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};

/// Days from the CCSDS epoch 1958-01-01 to the Unix epoch 1970-01-01.
pub const UNIX_EPOCH_DAYS: u16 = 4_383;

/// An on-board time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// CDS: P-field 0x40, day since 1958-01-01 and millisecond of that day.
    DaySegmented {
        /// Days since 1958-01-01.
        day: u16,
        /// Milliseconds of the day.
        millis: u32,
    },
    /// CUC: P-field 0x1E, seconds since 1958-01-01 TAI and a binary fraction of two octets.
    Unsegmented {
        /// Whole seconds.
        seconds: u32,
        /// In 1/65536 s.
        fraction: u16,
    },
}

impl Time {
    /// Octets of each code with its P-field.
    pub const OCTETS: usize = 7;

    /// The day-segmented time `micros` after the epoch.
    pub fn days_and_millis(micros: u64) -> Time {
        let millis = micros / 1_000;
        Time::DaySegmented {
            day: (millis / 86_400_000) as u16,
            millis: (millis % 86_400_000) as u32,
        }
    }

    /// The unsegmented time `micros` after the epoch.
    pub fn seconds_and_fraction(micros: u64) -> Time {
        let rest = micros % 1_000_000;
        Time::Unsegmented {
            seconds: (micros / 1_000_000) as u32,
            fraction: ((rest << 16) / 1_000_000) as u16,
        }
    }

    /// Seconds since 1958-01-01 (leap seconds as the code has them).
    #[inline]
    pub fn seconds(self) -> f64 {
        match self {
            Time::DaySegmented { day, millis } => {
                f64::from(day) * 86_400.0 + f64::from(millis) * 1e-3
            }
            Time::Unsegmented { seconds, fraction } => {
                f64::from(seconds) + f64::from(fraction) / 65_536.0
            }
        }
    }

    /// From the wire; `None` if the P-field is neither 0x40 nor 0x1E. The same as [`time`], for
    /// streams.
    #[inline]
    pub fn from_bytes(code: &[u8; Time::OCTETS]) -> Option<Time> {
        let [preamble, a, b, c, d, e, f] = *code;
        match preamble {
            0x40 => Some(Time::DaySegmented {
                day: u16::from_be_bytes([a, b]),
                millis: u32::from_be_bytes([c, d, e, f]),
            }),
            0x1e => Some(Time::Unsegmented {
                seconds: u32::from_be_bytes([a, b, c, d]),
                fraction: u16::from_be_bytes([e, f]),
            }),
            _ => None,
        }
    }

    /// As on the wire.
    pub fn to_bytes(self) -> [u8; Time::OCTETS] {
        let mut bytes = [0; Time::OCTETS];
        match self {
            Time::DaySegmented { day, millis } => {
                bytes[0] = 0x40;
                bytes[1..3].copy_from_slice(&day.to_be_bytes());
                bytes[3..].copy_from_slice(&millis.to_be_bytes());
            }
            Time::Unsegmented { seconds, fraction } => {
                bytes[0] = 0x1e;
                bytes[1..5].copy_from_slice(&seconds.to_be_bytes());
                bytes[5..].copy_from_slice(&fraction.to_be_bytes());
            }
        }
        bytes
    }
}

/// Reads a time code by its P-field.
///
/// # Errors
/// If the input ends too soon or the P-field is neither 0x40 nor 0x1E.
pub fn time(input: &[u8]) -> IResult<&[u8], Time> {
    let (input, preamble) = be_u8(input)?;
    match preamble {
        0x40 => (be_u16, be_u32)
            .map(|(day, millis)| Time::DaySegmented { day, millis })
            .parse(input),
        0x1e => (be_u32, be_u16)
            .map(|(seconds, fraction)| Time::Unsegmented { seconds, fraction })
            .parse(input),
        _ => Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::Switch,
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_codes_come_back() {
        for code in [
            Time::DaySegmented {
                day: 25_000,
                millis: 1_500,
            },
            Time::Unsegmented {
                seconds: 7,
                fraction: 0x8000,
            },
        ] {
            assert_eq!(time(&code.to_bytes()), Ok((&[][..], code)));
        }
        assert!(time(&[0x41, 0, 0, 0, 0, 0, 0]).is_err());
        assert!(time(&[0x40, 0, 0, 0, 0, 0]).is_err());
    }

    #[test]
    fn the_unix_epoch_is_4383_days_after_1958() {
        let day = Time::days_and_millis(u64::from(UNIX_EPOCH_DAYS) * 86_400_000_000 + 1_500);
        assert_eq!(
            day,
            Time::DaySegmented {
                day: UNIX_EPOCH_DAYS,
                millis: 1
            }
        );
        assert!((day.seconds() - 378_691_200.001).abs() < 1e-6);
        let half = Time::seconds_and_fraction(3_000_500_000);
        let (seconds, fraction) = (3_000, 0x8000);
        assert_eq!(half, Time::Unsegmented { seconds, fraction });
    }
}
