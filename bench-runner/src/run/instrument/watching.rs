//! What an instrument is never told, and what its readings are watched for: limits, whatever was
//! commanded and whatever guards itself.

use std::collections::BTreeMap;

use drivers::error::{DeviceError, DeviceErrorKind};
use drivers::player::Point;
use profiles::channel::ChannelSpec;
use profiles::command::{Command, Switch};
use profiles::reading::{Reading, Value};
use profiles::time::{BenchTime, Period};
use reports::event::EventKind;
use reports::header::Accuracy;

use super::InstrumentStation;
use crate::plan::InstrumentPlan;
use crate::plan::limits::beyond;
use crate::plan::rates::Rates;
use crate::run::station::Raised;

/// How long an instrument may take to be switched off after a reading beyond a limit: a supply at
/// 9600 baud needs a tenth of it.
const WITHIN: Period = Period::millis(1_000);

/// How far a reading may be beyond a limit beside its own error, as a share of the limit: a set point at
/// the limit is held by a regulator that is not perfect.
const SLACK: f64 = 0.01;

/// The same for temperatures, K: controllers of chambers overshoot.
const OVERSHOOT: f64 = 2.0;

/// The channel that shows what a limit is of.
const SHOWN_BY: [(&str, &str); 7] = [
    ("volts", "volts"),
    ("amps", "amps"),
    ("watts", "watts"),
    ("min_celsius", "air"),
    ("max_celsius", "air"),
    ("min_db", "attenuation"),
    ("max_db", "attenuation"),
];

/// What the readings of an instrument are watched for.
#[derive(Clone, Debug, Default)]
pub(in crate::run) struct Watched {
    /// The channel and number of the state that says that a protection tripped, where there is one.
    tripped: Option<(u16, u16)>,
    limits: Vec<Limit>,
}

/// A limit, and the channel on which it shows.
#[derive(Clone, Debug)]
struct Limit {
    name: String,
    channel: u16,
    shown_by: String,
    unit: String,
    allowed: f64,
    accuracy: Option<Accuracy>,
}

impl Watched {
    pub(in crate::run) fn of(plan: &InstrumentPlan) -> Watched {
        let channels = &plan.wired.channels;
        let limits = plan.limits.iter().filter_map(|(name, allowed)| {
            let (_, shown_by) = SHOWN_BY.iter().find(|(limit, _)| limit == name)?;
            let channel = channels.iter().position(|spec| &*spec.name == *shown_by)?;
            let mut known = plan.wired.accuracy.iter();
            Some(Limit {
                name: name.clone(),
                channel: channel as u16,
                shown_by: (*shown_by).to_owned(),
                unit: channels[channel].unit.to_string(),
                allowed: *allowed,
                accuracy: known.find(|known| known.channel == *shown_by).cloned(),
            })
        });
        Watched {
            tripped: tripped(channels),
            limits: limits.collect(),
        }
    }

    /// Whether a protection tripped.
    fn tripped(&self, readings: &[Reading]) -> bool {
        self.tripped.is_some_and(|(channel, state)| {
            let value = Value::State(state);
            readings.contains(&Reading { channel, value })
        })
    }

    /// The first limit that a reading is beyond by more than it may be wrong.
    fn crossed(&self, readings: &[Reading]) -> Option<(&Limit, f64)> {
        self.limits.iter().find_map(|limit| {
            let of_channel = |reading: &&Reading| reading.channel == limit.channel;
            let Value::Number(value) = readings.iter().find(of_channel)?.value else {
                return None;
            };
            (!limit.holds(value)).then_some((limit, value))
        })
    }
}

impl Limit {
    /// A reading that is no number holds nothing: meters say so of what is beyond their range.
    fn holds(&self, value: f64) -> bool {
        let error = self.accuracy.as_ref().map_or(0.0, |known| known.at(value));
        let slack = if self.name.ends_with("celsius") {
            OVERSHOOT
        } else {
            SLACK * self.allowed.abs()
        };
        if self.name.starts_with("min_") {
            value >= self.allowed - error - slack
        } else {
            value <= self.allowed + error + slack
        }
    }
}

/// The channel and number of the state `protected`, where a device has it.
fn tripped(channels: &[ChannelSpec]) -> Option<(u16, u16)> {
    (0..).zip(channels).find_map(|(channel, spec)| {
        let mut states = spec.states.iter();
        let state = states.position(|state| &**state == "protected")?;
        Some((channel, state as u16))
    })
}

impl InstrumentStation {
    /// Refuses what lies beyond a limit.
    pub(super) fn is_within_limits(&self, command: &Command) -> Result<(), DeviceError> {
        is_within(command, &self.limits).map_err(|kind| kind.of(&self.name))
    }

    /// Refuses a set point that is due at `at` and changes faster than it may.
    pub(super) fn is_slow_enough(
        &self,
        at: BenchTime,
        command: &Command,
    ) -> Result<(), DeviceError> {
        let Some(text) = self.rates.beyond(at, command, &self.limits) else {
            return Ok(());
        };
        let (asked, code) = (command.to_string(), 0);
        Err(DeviceErrorKind::Refused { asked, code, text }.of(&self.name))
    }

    /// Refuses a list in which something changes faster than it may.
    pub(super) fn is_slow_throughout(&self, points: &[Point]) -> Result<(), DeviceError> {
        // When it starts is looked at again when it starts.
        let (mut rates, mut at) = (Rates::default(), self.clock.now());
        rates.take(at, &Command::SupplyOutput(Switch::On));
        for (index, point) in points.iter().enumerate() {
            if index > 0
                && let Some(text) = rates.beyond(at, &point.command, &self.limits)
            {
                let (asked, code) = (point.command.to_string(), 0);
                return Err(DeviceErrorKind::Refused { asked, code, text }.of(&self.name));
            }
            rates.take(at, &point.command);
            if index == 0 {
                rates.is_off();
                rates.take(at, &Command::SupplyOutput(Switch::On));
            }
            at = at.plus_micros(point.stays.map_or(0, Period::as_micros));
        }
        Ok(())
    }

    /// Watches readings. Where one is beyond a limit, the instrument is left safe at once, before
    /// anybody else hears of it. `false` if it is told nothing more.
    pub(super) async fn watch(&mut self, heard_at: BenchTime, readings: &[Reading]) -> bool {
        if let Some((limit, value)) = self.watched.crossed(readings) {
            let rule = format!("limit `{}` of {}", limit.name, self.name);
            let why = format!(
                "{}.{} reads {value:.3} {unit}, beyond its limit of {} {unit}",
                self.name,
                limit.shown_by,
                limit.allowed,
                unit = limit.unit
            );
            let left = self.instrument.make_safe().await;
            let now = self.clock.now();
            let reaction_us = left.is_ok().then(|| now.micros_since(heard_at));
            let event = EventKind::Interlock {
                rule,
                why: why.clone(),
                reaction_us,
                within_us: WITHIN.as_micros(),
            };
            self.reporter.tell(now, event);
            self.reporter.raise(Raised::Tripped(why)).await;
            return false;
        }
        if self.watched.tripped(readings) {
            let why = format!(
                "{}: a protection tripped and switched the output off",
                self.name
            );
            self.reporter.raise(Raised::Tripped(why)).await;
        }
        true
    }

    /// Does what an interlock asks for.
    pub(super) async fn react(&mut self, rule: usize, command: &Command) {
        let applied = match self.is_within_limits(command) {
            Ok(()) => self.instrument.apply(&self.name, command).await,
            refused => refused,
        };
        let now = self.clock.now();
        if applied.is_ok() {
            let event = EventKind::SetPointApplied {
                command: command.clone(),
                late_us: 0,
            };
            self.reporter.tell(now, event);
        }
        let result = applied.map(|()| now).map_err(|error| error.to_string());
        self.reporter.raise(Raised::Reacted { rule, result }).await;
    }
}

fn is_within(command: &Command, limits: &BTreeMap<String, f64>) -> Result<(), DeviceErrorKind> {
    let Some(text) = beyond(command, limits) else {
        return Ok(());
    };
    let asked = command.to_string();
    let code = 0;
    Err(DeviceErrorKind::Refused { asked, code, text })
}

#[cfg(test)]
mod tests {
    use profiles::command::Sink;
    use profiles::physics::array_curve::ArrayPoints;
    use profiles::quantity::{Amperes, Celsius, CelsiusPerMinute, Decibels, Volts, Watts};

    use super::*;

    fn limits(pairs: &[(&str, f64)]) -> BTreeMap<String, f64> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value));
        pairs.collect()
    }

    fn supply(volts: f64, amps: f64) -> Command {
        Command::Supply {
            volts: Volts(volts),
            limit: Amperes(amps),
        }
    }

    fn chamber(target: f64, slew: Option<f64>) -> Command {
        Command::Chamber {
            target: Celsius(target),
            slew: slew.map(CelsiusPerMinute),
        }
    }

    #[test]
    fn nothing_beyond_a_limit_reaches_the_line() {
        let electric = limits(&[("volts", 34.0), ("amps", 2.0), ("watts", 40.0)]);
        let chambers = limits(&[
            ("min_celsius", -20.0),
            ("max_celsius", 60.0),
            ("slew_k_per_min", 3.0),
        ]);
        let losses = limits(&[("min_db", 10.0), ("max_db", 90.0)]);
        let curve = |voc: f64, isc: f64| {
            Command::Curve(ArrayPoints {
                isc: Amperes(isc),
                imp: Amperes(isc * 0.9),
                voc: Volts(voc),
                vmp: Volts(voc * 0.8),
            })
        };
        let refused = [
            (supply(34.1, 1.0), &electric, "`volts`"),
            (supply(30.0, 2.1), &electric, "`amps`"),
            (supply(-0.1, 1.0), &electric, "below 0"),
            (supply(f64::NAN, 1.0), &electric, "no number"),
            (supply(30.0, f64::INFINITY), &electric, "no number"),
            (curve(35.0, 1.0), &electric, "`volts`"),
            (curve(30.0, 2.5), &electric, "`amps`"),
            (curve(33.0, 1.9), &electric, "`watts`"),
            (Command::Load(Sink::Amps(Amperes(2.5))), &electric, "`amps`"),
            (
                Command::Load(Sink::Watts(Watts(41.0))),
                &electric,
                "`watts`",
            ),
            (chamber(60.5, Some(1.0)), &chambers, "`max_celsius`"),
            (chamber(-20.5, Some(1.0)), &chambers, "`min_celsius`"),
            (chamber(20.0, Some(3.5)), &chambers, "`slew_k_per_min`"),
            (chamber(20.0, None), &chambers, "`slew_k_per_min`"),
            (Command::Attenuate(Decibels(9.0)), &losses, "`min_db`"),
        ];
        for (command, limits, said) in refused {
            let error = is_within(&command, limits).unwrap_err().to_string();
            assert!(error.contains(said), "{command}: {error}");
        }
        let taken = [
            (supply(34.0, 2.0), &electric),
            (curve(30.0, 1.0), &electric),
            (Command::SupplyOutput(Switch::On), &electric),
            (chamber(60.0, Some(3.0)), &chambers),
            (Command::Attenuate(Decibels(10.0)), &losses),
        ];
        for (command, limits) in taken {
            assert_eq!(is_within(&command, limits), Ok(()), "{command}");
        }
    }

    #[test]
    fn a_limit_is_crossed_beyond_what_a_reading_may_be_wrong() {
        let limit = |name: &str, allowed, accuracy: Option<(f64, f64)>| Limit {
            name: name.to_owned(),
            channel: 0,
            shown_by: String::new(),
            unit: String::new(),
            allowed,
            accuracy: accuracy.map(|(percent, offset)| Accuracy {
                channel: String::new(),
                percent,
                offset,
                certified: false,
            }),
        };
        let volts = limit("volts", 34.0, Some((0.04, 0.02)));
        assert!(volts.holds(34.3) && !volts.holds(34.4) && volts.holds(0.0));
        assert!(!volts.holds(f64::NAN));
        let hot = limit("max_celsius", 60.0, None);
        assert!(hot.holds(62.0) && !hot.holds(62.1));
        let cold = limit("min_celsius", -20.0, None);
        assert!(cold.holds(-22.0) && !cold.holds(-22.1));
    }
}
