//! What a dictionary says, whatever file it was read from.

use super::expression::Expression;

/// Packets and what can be derived from their fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dictionary {
    /// Its name; may be empty.
    pub name: String,
    /// The packets; of several that fit one, the first.
    pub packets: Vec<Packet>,
    /// Channels that are computed from fields.
    pub derived: Vec<Derived>,
}

/// One kind of packet.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// Its name.
    pub name: String,
    /// Application process identifier, 11 bits.
    pub apid: u16,
    /// Its PUS service, if it has a PUS-C telemetry secondary header; none if it has none.
    pub service: Option<Service>,
    /// What stands in its user data, back to back, most significant bit first.
    pub fields: Vec<Field>,
}

/// Which messages of which service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Service type; any if none.
    pub service: Option<u8>,
    /// Message subtypes; any if empty.
    pub subtypes: Vec<u8>,
}

/// A field or an array of fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name; a field without one is spare and not told.
    pub name: Option<String>,
    /// How its bits are a value.
    pub coding: Coding,
    /// Bits of one element, 1 to 64.
    pub bits: u32,
    /// How many there are.
    pub count: Count,
    /// What its raw value must be for the packet to be of this kind.
    pub constant: Option<u64>,
    /// From raw to engineering value.
    pub calibration: Calibration,
    /// Names of raw values.
    pub states: Vec<(i64, String)>,
    /// Unit of the engineering value; may be empty.
    pub unit: String,
    /// What engineering values are expected.
    pub limits: Limits,
}

/// How bits are a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// A number from 0.
    Unsigned,
    /// Two's complement.
    Signed,
    /// IEEE 754, 32 or 64 bits.
    Float,
    /// Octets without a meaning of their own.
    Octets,
    /// UTF-8 text.
    Text,
}

/// How many elements a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// One value, no array.
    One,
    /// An array of always the same length.
    Fixed(u32),
    /// An array as long as an earlier field of the packet says, by its place.
    Field(u16),
    /// As many as the packet still has room for.
    Rest,
}

/// From raw to engineering value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Calibration {
    /// The raw value is the engineering value.
    #[default]
    None,
    /// `c[0] + c[1] raw + c[2] raw² …`
    Polynomial(Vec<f64>),
    /// Points of raw and engineering value in order of raw; straight lines between them, and the
    /// outer lines go on beyond them.
    Table(Vec<(f64, f64)>),
}

/// What values are expected: inside all is well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Outside is a warning.
    pub yellow: Option<[f64; 2]>,
    /// Outside is an alarm.
    pub red: Option<[f64; 2]>,
    /// Outside is no measurement at all.
    pub valid: Option<[f64; 2]>,
}

/// A channel that is computed from fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// Its name.
    pub name: String,
    /// Its unit; may be empty.
    pub unit: String,
    /// How it is computed.
    pub value: Expression,
}

/// How a value stands to its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Inside all limits.
    Inside,
    /// Outside the yellow limits.
    Yellow,
    /// Outside the red limits.
    Red,
    /// No measurement: not a number, or out of its valid range.
    Invalid,
}

impl Field {
    /// A single unsigned field without a meaning, to be filled in.
    pub fn unsigned(name: Option<String>, bits: u32) -> Field {
        Field {
            name,
            coding: Coding::Unsigned,
            bits,
            count: Count::One,
            constant: None,
            calibration: Calibration::None,
            states: Vec::new(),
            unit: String::new(),
            limits: Limits::default(),
        }
    }

    /// Whether it is told as a text or a run of octets, not as numbers.
    pub fn is_octets(&self) -> bool {
        matches!(self.coding, Coding::Octets | Coding::Text)
    }

    /// The name of the state with this raw value.
    pub fn state(&self, raw: i64) -> Option<&str> {
        let found = self.states.iter().find(|(value, _)| *value == raw);
        found.map(|(_, name)| name.as_str())
    }
}

impl Calibration {
    /// The engineering value of `raw`.
    #[inline]
    pub fn apply(&self, raw: f64) -> f64 {
        match self {
            Calibration::None => raw,
            Calibration::Polynomial(terms) => match terms[..] {
                // By far the most; and one rounding each, as anybody would compute it.
                [offset, slope] => offset + slope * raw,
                _ => terms.iter().rev().fold(0.0, |sum, term| sum * raw + term),
            },
            Calibration::Table(points) => interpolate(points, raw),
        }
    }
}

fn interpolate(points: &[(f64, f64)], raw: f64) -> f64 {
    match points {
        [] => raw,
        [(_, only)] => *only,
        _ => {
            let above = points.partition_point(|(at, _)| *at < raw);
            let above = above.clamp(1, points.len() - 1);
            let ((x0, y0), (x1, y1)) = (points[above - 1], points[above]);
            y0 + (y1 - y0) * ((raw - x0) / (x1 - x0))
        }
    }
}

impl Limits {
    /// How `value` stands to them.
    pub fn standing(&self, value: f64) -> Standing {
        let outside = |range: Option<[f64; 2]>| {
            range.is_some_and(|[least, most]| !(least..=most).contains(&value))
        };
        if value.is_nan() || outside(self.valid) {
            Standing::Invalid
        } else if outside(self.red) {
            Standing::Red
        } else if outside(self.yellow) {
            Standing::Yellow
        } else {
            Standing::Inside
        }
    }
}

impl Dictionary {
    /// The application processes, each with whether its packets have a secondary header, in order
    /// and once.
    pub fn expected(&self) -> Vec<crate::telemetry::ccsds::scanner::Expected> {
        let mut all: Vec<(u16, bool)> = self
            .packets
            .iter()
            .map(|packet| (packet.apid, packet.service.is_some()))
            .collect();
        all.sort_unstable();
        all.dedup();
        let expected = all.into_iter();
        expected
            .map(|(apid, secondary)| crate::telemetry::ccsds::scanner::Expected { apid, secondary })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibrations_are_applied() {
        let near = |calibration: Calibration, raw, value: f64| {
            assert!(
                (calibration.apply(raw) - value).abs() < 1e-12,
                "{calibration:?}"
            );
        };
        near(Calibration::None, 3.0, 3.0);
        near(Calibration::Polynomial(vec![-4.0, 0.25]), 10.0, -1.5);
        near(Calibration::Polynomial(vec![1.0, 2.0, 3.0]), 2.0, 17.0);
        near(Calibration::Polynomial(vec![7.0]), 2.0, 7.0);
        let table = || Calibration::Table(vec![(0.0, 10.0), (10.0, 20.0), (20.0, 0.0)]);
        near(table(), 5.0, 15.0);
        near(table(), 15.0, 10.0);
        near(table(), -10.0, 0.0);
        near(table(), 30.0, -20.0);
    }

    #[test]
    fn the_worst_limit_tells() {
        let limits = Limits {
            yellow: Some([1.0, 2.0]),
            red: Some([0.0, 3.0]),
            valid: Some([-10.0, 10.0]),
        };
        let standing = [1.5, 2.5, -1.0, 11.0, f64::NAN].map(|value| limits.standing(value));
        let expected = [
            Standing::Inside,
            Standing::Yellow,
            Standing::Red,
            Standing::Invalid,
            Standing::Invalid,
        ];
        assert_eq!(standing, expected);
    }
}
