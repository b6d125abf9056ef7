//! The output stage that the emulator of a described supply has.

use profiles::quantity::{Amperes, Volts};
use profiles::seed::Stream;
use profiles::time::BenchTime;

use super::words::Meaning;
use crate::plant::{Bus, Drive};
use crate::scpi::message::Domain;
use crate::scpi::responder::{Call, Outcome, write_nr3, write_text};
use crate::scpi::setting::{boolean, number};
use crate::scpi::status::{Status, code};

/// Bits of the questionable condition register.
const OVER_VOLTAGE: u16 = 1;
const OVER_CURRENT: u16 = 2;
/// Bits of the operation condition register.
const CONSTANT_VOLTAGE: u16 = 256;
const CONSTANT_CURRENT: u16 = 1_024;
/// How long the current limit may hold before the protection trips, where it does.
const TRIP_DELAY_US: u64 = 50_000;
/// Noise of a measurement, over the rating.
const NOISE: f64 = 2e-5;

/// The output stage and its settings.
pub(super) struct Output {
    rated: [f64; 2],
    volts: f64,
    amps: f64,
    /// Switched on, whether or not it is latched off.
    pub(super) on: bool,
    pub(super) over_voltage: f64,
    over_voltage_trips: bool,
    pub(super) over_current_trips: bool,
    latched: u16,
    limiting_since: Option<BenchTime>,
    pub(super) bus: Bus,
    noise: Stream,
}

impl Output {
    pub(super) fn new(rated_volts: f64, rated_amps: f64, noise: Stream) -> Output {
        let mut output = Output {
            rated: [rated_volts, rated_amps],
            volts: 0.0,
            amps: 0.0,
            on: false,
            over_voltage: 0.0,
            over_voltage_trips: true,
            over_current_trips: false,
            latched: 0,
            limiting_since: None,
            bus: Bus::default(),
            noise,
        };
        output.reset();
        output
    }

    fn reset(&mut self) {
        (self.volts, self.amps) = (0.0, self.rated[1]);
        self.on = false;
        self.over_voltage = 1.1 * self.rated[0];
        self.over_voltage_trips = true;
        self.over_current_trips = false;
    }

    pub(super) fn is_feeding(&self) -> bool {
        self.on && self.latched == 0
    }

    pub(super) fn drive(&self) -> Drive {
        Drive {
            on: self.is_feeding(),
            volts: Volts(self.volts),
            limit: Amperes(self.amps),
        }
    }

    pub(super) fn trip_over_voltage(&mut self) {
        self.latched |= OVER_VOLTAGE;
    }

    pub(super) fn is_tripped(&self) -> bool {
        self.latched != 0
    }

    pub(super) fn clear(&mut self) {
        (self.latched, self.limiting_since) = (0, None);
    }

    /// Trips what must trip, and brings the conditions up to date.
    pub(super) fn guard(&mut self, at: BenchTime, status: &mut Status) {
        if self.is_feeding() && self.over_voltage_trips && self.volts > self.over_voltage {
            self.latched |= OVER_VOLTAGE;
        }
        if self.is_feeding() && self.over_current_trips && self.bus.limiting {
            let since = *self.limiting_since.get_or_insert(at);
            if at.micros_since(since) >= TRIP_DELAY_US {
                self.latched |= OVER_CURRENT;
            }
        } else {
            self.limiting_since = None;
        }
        let mode = match (self.is_feeding(), self.bus.limiting) {
            (false, _) => 0,
            (true, false) => CONSTANT_VOLTAGE,
            (true, true) => CONSTANT_CURRENT,
        };
        status.questionable.set_condition(self.latched);
        status.operation.set_condition(mode);
    }

    /// Volts and amperes as they are measured.
    pub(super) fn measured(&mut self) -> [f64; 2] {
        let mut noisy = |value: f64, rated: f64| value + NOISE * rated * self.noise.normal();
        let volts = noisy(self.bus.volts.0, self.rated[0]);
        [volts, noisy(self.bus.amps.0, self.rated[1])]
    }

    fn domains(&self) -> [Domain; 3] {
        let domain = |unit, max, default| Domain {
            unit,
            min: 0.0,
            max,
            default,
        };
        let [volts, amps] = self.rated;
        [
            domain("V", volts, 0.0),
            domain("A", amps, amps),
            domain("V", 1.1 * volts, 1.1 * volts),
        ]
    }

    /// Sets volts and amperes, as far as they are told; all or nothing.
    ///
    /// # Errors
    /// The number of the standard's error.
    pub(super) fn set(&mut self, volts: Option<f64>, amps: Option<f64>) -> Outcome {
        let [of_volts, of_amps, _] = self.domains();
        let fits = |value: Option<f64>, domain: &Domain| {
            value.is_none_or(|value| (domain.min..=domain.max).contains(&value))
        };
        if !fits(volts, &of_volts) || !fits(amps, &of_amps) {
            return Err(code::OUT_OF_RANGE);
        }
        self.volts = volts.unwrap_or(self.volts);
        self.amps = amps.unwrap_or(self.amps);
        Ok(())
    }

    /// The set points, V and A.
    pub(super) fn settings(&self) -> [f64; 2] {
        [self.volts, self.amps]
    }

    /// Sets the level of the over-voltage protection.
    ///
    /// # Errors
    /// The number of the standard's error.
    pub(super) fn protect(&mut self, volts: f64) -> Outcome {
        let [.., domain] = self.domains();
        if !(domain.min..=domain.max).contains(&volts) {
            return Err(code::OUT_OF_RANGE);
        }
        self.over_voltage = volts;
        Ok(())
    }

    /// Carries out a word of most SCPI supplies.
    pub(super) fn carry_out(&mut self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let [volts, amps, protection] = self.domains();
        match call.meaning {
            Meaning::Reset => {
                call.none()?;
                self.reset();
            }
            Meaning::Apply if call.query => {
                call.none()?;
                write_text(
                    reply,
                    format_args!("\"{:.4},{:.4}\"", self.volts, self.amps),
                );
            }
            Meaning::Apply => match call.params {
                [first, second] => {
                    let (volts, amps) = (first.number(&volts)?, second.number(&amps)?);
                    self.set(Some(volts), Some(amps))?;
                }
                [first] => self.set(Some(first.number(&volts)?), None)?,
                [] => return Err(code::MISSING_PARAMETER),
                _ => return Err(code::PARAMETER_NOT_ALLOWED),
            },
            Meaning::Volts => number(&mut self.volts, &volts, call, reply)?,
            Meaning::Amps => number(&mut self.amps, &amps, call, reply)?,
            Meaning::OverVoltage => number(&mut self.over_voltage, &protection, call, reply)?,
            Meaning::Output => boolean(&mut self.on, call, reply)?,
            Meaning::OverVoltageState => boolean(&mut self.over_voltage_trips, call, reply)?,
            Meaning::OverCurrent => boolean(&mut self.over_current_trips, call, reply)?,
            Meaning::OverVoltageTripped => self.tripped(OVER_VOLTAGE, call, reply)?,
            Meaning::OverCurrentTripped => self.tripped(OVER_CURRENT, call, reply)?,
            Meaning::ClearProtection => {
                call.none()?;
                self.clear();
            }
            Meaning::MeasureVolts | Meaning::MeasureAmps | Meaning::MeasureWatts => {
                call.none()?;
                let [volts, amps] = self.measured();
                write_nr3(
                    reply,
                    match call.meaning {
                        Meaning::MeasureVolts => volts,
                        Meaning::MeasureAmps => amps,
                        _ => volts * amps,
                    },
                );
            }
            Meaning::Panel => call.none()?,
        }
        Ok(())
    }

    fn tripped(&self, bit: u16, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        call.none()?;
        let tripped = self.latched & bit != 0;
        write_text(reply, format_args!("{}", u8::from(tripped)));
        Ok(())
    }
}
