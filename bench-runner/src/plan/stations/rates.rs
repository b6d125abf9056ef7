//! Rates: how fast the set points of a source may change while its output is on, whatever the shape of
//! the campaign. Held in the plan, and once more by the station, with the same times.

use std::collections::{BTreeMap, VecDeque};

use profiles::command::{Command, Switch};
use profiles::time::BenchTime;

use super::DevicePlan;
use super::limits::{ByPlace, Worst};
use crate::plan::Planner;

use crate::plan::steps::PlacedCommand;

/// The limits of rates, as wirings spell them: V, A and W in any second.
pub(crate) const RATES: [&str; 3] = ["volts_per_s", "amps_per_s", "watts_per_s"];

/// The stretch in which changes add up.
const SECOND_US: u64 = 1_000_000;
/// What is no change but the rounding of numbers.
const NOTHING: f64 = 1e-9;

/// What a source was told within the last second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates {
    on: bool,
    level: [f64; 3],
    /// Volts, amperes and watts that were in force, and from when; only while it is on.
    held: VecDeque<(BenchTime, [f64; 3])>,
}

/// Volts, amperes and watts of a set point: of a supply the most that it can give, of a curve open
/// circuit, short circuit and knee.
fn level(command: &Command) -> Option<[f64; 3]> {
    match command {
        Command::Supply { volts, limit } => Some([volts.0, limit.0, volts.0 * limit.0]),
        Command::Curve(points) => Some([points.voc.0, points.isc.0, points.knee_watts().0]),
        _ => None,
    }
}

impl Rates {
    /// It is told this at `at`: how much that is beside what was in force within the second before.
    /// `None` for what is no set point, or while it is off: then nothing changes at the output.
    /// Switching on is no change of a set point either.
    pub(crate) fn take(&mut self, at: BenchTime, command: &Command) -> Option<[f64; 3]> {
        if let Command::SupplyOutput(state) = command {
            let on = *state == Switch::On;
            if on != self.on {
                self.held.clear();
                self.held.extend(on.then_some((at, self.level)));
            }
            self.on = on;
            return None;
        }
        self.level = level(command)?;
        if !self.on {
            return None;
        }
        // What was followed by another a second ago was not in force since.
        while let Some((next, _)) = self.held.get(1)
            && at.micros_since(*next) >= SECOND_US
        {
            self.held.pop_front();
        }
        let change = |index: usize| {
            let held = self.held.iter();
            let changes = held.map(|(_, held)| (self.level[index] - held[index]).abs());
            // No number is the biggest of all.
            changes.fold(0.0, |most, next| if next <= most { most } else { next })
        };
        let changed = [change(0), change(1), change(2)];
        self.held.push_back((at, self.level));
        Some(changed)
    }

    /// What of a set point changes faster than it may, in words. It is not taken.
    pub(crate) fn beyond(
        &self,
        at: BenchTime,
        command: &Command,
        limits: &BTreeMap<String, f64>,
    ) -> Option<String> {
        let changed = self.clone().take(at, command)?;
        RATES.iter().zip(changed).find_map(|(rate, changed)| {
            let allowed = *limits.get(*rate)?;
            // Not so written that no number would be one.
            let holds = changed <= allowed + NOTHING;
            (!holds).then(|| {
                format!(
                    "it changes by {changed} within a second, above the limit `{rate}`, {allowed}"
                )
            })
        })
    }

    /// It was switched off, whoever did that.
    pub(crate) fn is_off(&mut self) {
        self.on = false;
        self.held.clear();
    }
}

impl Planner {
    /// The fastest change from each place in the campaign against each limit of a rate.
    pub(in crate::plan) fn rates(
        timeline: &[PlacedCommand],
        devices: &[DevicePlan],
        places: &mut ByPlace,
    ) {
        for device in devices {
            let DevicePlan::Instrument(device) = device else {
                continue;
            };
            let limited = RATES.map(|rate| device.limits.get(rate).copied());
            if limited.iter().all(Option::is_none) {
                continue;
            }
            let mut told: Vec<&PlacedCommand> = timeline
                .iter()
                .filter(|placed| placed.command.device == device.wired.id)
                .collect();
            told.sort_by_key(|placed| placed.command.at);
            let mut rates = Rates::default();
            for placed in told {
                let at = placed.command.at;
                let Some(changed) = rates.take(at, &placed.command.command) else {
                    continue;
                };
                for ((limit, allowed), value) in RATES.into_iter().zip(limited).zip(changed) {
                    let Some(allowed) = allowed else {
                        continue;
                    };
                    let worst = Worst {
                        device: device.wired.name.to_string(),
                        limit: limit.to_owned(),
                        allowed,
                        value: if value <= allowed + NOTHING {
                            value.min(allowed)
                        } else {
                            value
                        },
                        at,
                        count: 1,
                    };
                    let key = (device.wired.id, limit, placed.place.span.start);
                    match places.get_mut(&key) {
                        None => {
                            places.insert(key, (worst, placed.place.clone()));
                        }
                        Some((kept, _)) => kept.take(worst),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use profiles::quantity::{Amperes, Volts};

    use super::*;

    fn volts(volts: f64) -> Command {
        Command::Supply {
            volts: Volts(volts),
            limit: Amperes(1.0),
        }
    }

    /// The change of the last of these, told at these milliseconds.
    fn changed(told: &[(u64, Command)]) -> Option<[f64; 3]> {
        let mut rates = Rates::default();
        let mut last = None;
        for (millis, command) in told {
            last = rates.take(BenchTime::from_millis(*millis), command);
        }
        last
    }

    #[test]
    fn changes_within_a_second_add_up_while_it_is_on() {
        let (on, off) = (
            Command::SupplyOutput(Switch::On),
            Command::SupplyOutput(Switch::Off),
        );
        assert_eq!(changed(&[(0, volts(5.0)), (1, volts(28.0))]), None);
        let step = [(0, volts(5.0)), (10, on.clone()), (60_000, volts(28.0))];
        assert_eq!(
            changed(&step),
            Some([23.0, 0.0, 23.0]),
            "however long after"
        );
        let steps = [
            (0, volts(5.0)),
            (10, on.clone()),
            (5_000, volts(5.5)),
            (5_500, volts(6.0)),
            (5_900, volts(6.5)),
        ];
        assert_eq!(changed(&steps), Some([1.5, 0.0, 1.5]));
        let ramp = [
            (0, volts(5.0)),
            (10, on.clone()),
            (5_000, volts(5.5)),
            (6_000, volts(6.0)),
            (7_000, volts(6.5)),
        ];
        assert_eq!(changed(&ramp), Some([0.5, 0.0, 0.5]));
        let apart = [
            (0, volts(5.0)),
            (10, on.clone()),
            (20, off),
            (30, volts(28.0)),
        ];
        assert_eq!(changed(&apart), None);
    }

    #[test]
    fn what_is_too_fast_is_told_and_what_is_no_number_too() {
        let limits = BTreeMap::from([("volts_per_s".to_owned(), 0.5)]);
        let mut rates = Rates::default();
        rates.take(BenchTime::ZERO, &volts(5.0));
        rates.take(BenchTime::ZERO, &Command::SupplyOutput(Switch::On));
        let at = BenchTime::from_millis(60_000);
        assert_eq!(rates.beyond(at, &volts(5.5), &limits), None);
        let told = rates.beyond(at, &volts(6.0), &limits).unwrap();
        assert!(told.contains("`volts_per_s`, 0.5"), "{told}");
        assert!(rates.beyond(at, &volts(f64::NAN), &limits).is_some());
        rates.is_off();
        assert_eq!(rates.beyond(at, &volts(6.0), &limits), None);
    }
}
