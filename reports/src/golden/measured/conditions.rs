//! What a board stood in when it answered: the newest temperature and voltage of its own telemetry.

use std::fmt;

use profiles::reading::Reading;
use profiles::time::BenchTime;

use crate::header::DeviceHeader;

/// Ten kelvins of a board's own temperature: 2 is from 20 °C to below 30 °C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bin(i32);

impl Bin {
    /// The bin of a temperature, °C; none where that is no number.
    pub fn of(celsius: f64) -> Option<Bin> {
        let tens = (celsius / 10.0).floor();
        tens.is_finite().then_some(Bin(tens as i32))
    }

    /// Where it begins and where the next one does, °C.
    pub fn edges(self) -> [i32; 2] {
        [
            self.0.saturating_mul(10),
            self.0.saturating_add(1).saturating_mul(10),
        ]
    }

    /// A stretch in this bin, as it is told.
    pub fn within(self, name: &str) -> String {
        format!("{name}, {self}")
    }
}

impl fmt::Display for Bin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, high] = self.edges();
        write!(f, "{low} to {high} °C")
    }
}

/// One channel, as it was before a time. A reading of the same time as an answer may have come before
/// or after it, so it is not counted.
#[derive(Clone, Copy, Debug)]
struct Before {
    channel: u16,
    earlier: f64,
    latest: (BenchTime, f64),
}

impl Before {
    fn new(channel: usize) -> Before {
        Before {
            channel: channel as u16,
            earlier: f64::NAN,
            latest: (BenchTime::ZERO, f64::NAN),
        }
    }

    fn take(&mut self, at: BenchTime, value: f64) {
        if at > self.latest.0 {
            self.earlier = self.latest.1;
            self.latest = (at, value);
        } else {
            // Of one time in any order.
            self.latest.1 = self.latest.1.max(value);
        }
    }

    fn at(&self, at: BenchTime) -> f64 {
        if self.latest.0 < at {
            self.latest.1
        } else {
            self.earlier
        }
    }
}

/// Temperature in °C and voltage in V; not a number where none was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    pub(crate) celsius: f64,
    pub(crate) volts: f64,
}

impl Conditions {
    /// `, at 41.2 °C and 27.93 V`; empty where nothing is known.
    pub(crate) fn sentence(&self) -> String {
        let known = [
            (self.celsius.is_finite()).then(|| format!("{:.1} °C", self.celsius)),
            (self.volts.is_finite()).then(|| format!("{:.2} V", self.volts)),
        ];
        let known: Vec<String> = known.into_iter().flatten().collect();
        if known.is_empty() {
            String::new()
        } else {
            format!(", at {}", known.join(" and "))
        }
    }
}

/// Keeps the conditions of a board.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    celsius: Option<Before>,
    volts: Option<Before>,
}

impl Surroundings {
    /// Of a board with these channels: the junction's temperature where there is one, else the first.
    pub(crate) fn new(board: Option<&DeviceHeader>) -> Surroundings {
        let channels = board.map(|board| &board.channels[..]).unwrap_or_default();
        let first = |unit: &str| channels.iter().position(|spec| &*spec.unit == unit);
        let junction = channels
            .iter()
            .position(|spec| &*spec.unit == "°C" && spec.name.contains("junction"));
        Surroundings {
            celsius: junction.or_else(|| first("°C")).map(Before::new),
            volts: first("V").map(Before::new),
        }
    }

    pub(crate) fn take(&mut self, at: BenchTime, readings: &[Reading]) {
        for reading in readings {
            for before in [&mut self.celsius, &mut self.volts].into_iter().flatten() {
                if before.channel == reading.channel {
                    before.take(at, reading.value.as_f64());
                }
            }
        }
    }

    pub(crate) fn at(&self, at: BenchTime) -> Conditions {
        let value = |before: &Option<Before>| before.map_or(f64::NAN, |before| before.at(at));
        Conditions {
            celsius: value(&self.celsius),
            volts: value(&self.volts),
        }
    }
}
