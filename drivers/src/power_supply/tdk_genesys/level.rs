//! Numbers of the language: as they are told, and as they are answered.

/// Longest number.
const LONGEST_NUMBER: usize = 12;

/// A level and the words that it was told in, which it is told again in.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) value: f64,
    pub(super) told: String,
}

impl Level {
    pub(super) fn of(value: f64, told: &str) -> Level {
        Level {
            value,
            told: told.to_owned(),
        }
    }

    /// Reads a number.
    pub(super) fn read(argument: &str) -> Result<Level, &'static str> {
        let plain = |c: char| c.is_ascii_digit() || "+-.E".contains(c);
        if argument.is_empty() {
            return Err("C02");
        }
        if argument.len() > LONGEST_NUMBER || !argument.chars().all(plain) {
            return Err("C03");
        }
        let value = argument.parse().map_err(|_| "C03")?;
        Ok(Level::of(value, argument))
    }

    pub(super) fn within(&self, most: f64, above: &'static str) -> Result<(), &'static str> {
        if self.value > most + 1e-9 {
            return Err(above);
        }
        if self.value < 0.0 { Err("C05") } else { Ok(()) }
    }
}

/// `ON`, `1`, `OFF` or `0`.
pub(super) fn switch(argument: &str) -> Result<bool, &'static str> {
    match argument {
        "ON" | "1" => Ok(true),
        "OFF" | "0" => Ok(false),
        "" => Err("C02"),
        _ => Err("C03"),
    }
}

pub(super) fn whole(argument: &str) -> Result<u8, &'static str> {
    let number: u32 = argument.parse().map_err(|_| "C03")?;
    u8::try_from(number).map_err(|_| "C05")
}

/// Two hexadecimal digits.
pub(super) fn hex(argument: &str) -> Result<u8, &'static str> {
    if argument.len() > 2 {
        return Err("C05");
    }
    u8::from_str_radix(argument, 16).map_err(|_| "C03")
}

/// Five digits, as many before the point as the rating has.
pub(super) fn digits(value: f64, rating: f64) -> String {
    fixed(value, rating, 5)
}

/// So many digits, as many before the point as `most` has.
pub(super) fn fixed(value: f64, most: f64, digits: usize) -> String {
    let before = (most.log10().floor() as usize) + 1;
    let after = digits.saturating_sub(before);
    let width = digits + 1;
    format!("{value:0width$.after$}")
}
