//! The output stage of a 663xB and its settings: it feeds, measures with noise, and trips.

use profiles::quantity::{Amperes, Volts};
use profiles::seed::Stream;
use profiles::time::BenchTime;

use super::words::{KEPT, Kept, Meaning};
use super::{Traits, operation, questionable};
use crate::plant::{Bus, Drive};
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_nr3, write_text};
use crate::scpi::setting::{boolean, number};
use crate::scpi::status::{Status, code};

/// Delay of the over-current protection after `*RST`, s.
const PROTECTION_DELAY: f64 = 0.08;

/// Bandwidth of the output with its capacitor connected, as it is shipped, Hz.
const BANDWIDTH: f64 = 15_000.0;

/// The output stage and its settings.
pub(super) struct Output {
    traits: &'static Traits,
    volts: f64,
    amps: f64,
    volts_triggered: Option<f64>,
    amps_triggered: Option<f64>,
    trigger: Trigger,
    /// Switched on, whether or not it is latched off.
    on: bool,
    over_voltage: f64,
    pub(super) over_current_trips: bool,
    /// Delay of the over-current protection, s.
    pub(super) delay: f64,
    /// Questionable conditions that keep the output off.
    pub(super) latched: u16,
    pub(super) limiting_since: Option<BenchTime>,
    /// The bus as it was last seen.
    pub(super) bus: Bus,
    noise: Stream,
    kept: [KeptValue; KEPT.len()],
}

/// Whether triggered levels wait for their trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trigger {
    Idle,
    Once,
    Always,
}

#[derive(Clone, Debug)]
struct KeptValue {
    number: f64,
    text: String,
}

impl KeptValue {
    /// The value before any is set: the smallest that the setting can have.
    fn new(kept: &Kept) -> KeptValue {
        let number = match kept {
            Kept::Count(domain) | Kept::Number(domain) => domain.min,
            Kept::Boolean | Kept::Choice(_) | Kept::Text => 0.0,
        };
        let text = String::new();
        KeptValue { number, text }
    }
}

impl Output {
    pub(super) fn new(traits: &'static Traits, noise: Stream) -> Output {
        let mut output = Output {
            traits,
            volts: 0.0,
            amps: 0.0,
            volts_triggered: None,
            amps_triggered: None,
            trigger: Trigger::Idle,
            on: false,
            over_voltage: 0.0,
            over_current_trips: false,
            delay: PROTECTION_DELAY,
            latched: 0,
            limiting_since: None,
            bus: Bus::default(),
            noise,
            kept: std::array::from_fn(|index| KeptValue::new(&KEPT[index].1)),
        };
        output.reset();
        output
    }

    /// `*RST`: output off, no volts, a tenth of the current, protection at its largest level.
    fn reset(&mut self) {
        self.volts = 0.0;
        self.amps = self.traits.max_amps / 10.0;
        (self.volts_triggered, self.amps_triggered) = (None, None);
        self.trigger = Trigger::Idle;
        self.on = false;
        self.over_voltage = self.traits.max_protection;
        self.over_current_trips = false;
        self.delay = PROTECTION_DELAY;
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

    /// Trips on over-voltage, and brings the conditions up to date.
    pub(super) fn regulate(&mut self, status: &mut Status) {
        if self.is_feeding() && self.volts > self.over_voltage {
            self.latched |= questionable::OVER_VOLTAGE;
        }
        let mode = match (self.is_feeding(), self.bus.limiting) {
            (false, _) => 0,
            (true, false) => operation::VOLTAGE,
            (true, true) => operation::CURRENT,
        };
        let waiting = match self.trigger {
            Trigger::Idle => 0,
            Trigger::Once | Trigger::Always => operation::WAITING,
        };
        status.questionable.set_condition(self.latched);
        status.operation.set_condition(mode | waiting);
    }

    pub(super) fn carry_out(
        &mut self,
        call: &Call<'_, Meaning>,
        status: &mut Status,
        reply: &mut String,
    ) -> Outcome {
        let traits = self.traits;
        let volts = domain("V", traits.max_volts, 0.0);
        let amps = domain("A", traits.max_amps, traits.max_amps / 10.0);
        let protection = domain("V", traits.max_protection, traits.max_protection);
        match call.meaning {
            Meaning::Reset => self.reset(),
            Meaning::Volts => number(&mut self.volts, &volts, call, reply)?,
            Meaning::Amps => number(&mut self.amps, &amps, call, reply)?,
            Meaning::VoltsTriggered => {
                triggered(&mut self.volts_triggered, self.volts, &volts, call, reply)?;
            }
            Meaning::AmpsTriggered => {
                triggered(&mut self.amps_triggered, self.amps, &amps, call, reply)?;
            }
            Meaning::OverVoltage => number(&mut self.over_voltage, &protection, call, reply)?,
            Meaning::ProtectionDelay => {
                number(
                    &mut self.delay,
                    &domain("S", 32.767, PROTECTION_DELAY),
                    call,
                    reply,
                )?;
            }
            Meaning::OverCurrent => boolean(&mut self.over_current_trips, call, reply)?,
            Meaning::Bandwidth => {
                call.none()?;
                write_nr3(reply, BANDWIDTH);
            }
            Meaning::Output => boolean(&mut self.on, call, reply)?,
            Meaning::Continuous => {
                let mut always = self.trigger == Trigger::Always;
                boolean(&mut always, call, reply)?;
                if !call.query {
                    self.trigger = if always {
                        Trigger::Always
                    } else {
                        Trigger::Idle
                    };
                }
            }
            Meaning::ClearProtection => {
                call.none()?;
                (self.latched, self.limiting_since) = (0, None);
            }
            Meaning::MeasureVolts => {
                call.none()?;
                let (noise, step) = (traits.volts_noise, traits.volts_step);
                write_nr3(reply, self.measured(self.bus.volts.0, noise, step));
            }
            Meaning::MeasureAmps => {
                call.none()?;
                let (noise, step) = (traits.amps_noise, traits.amps_step);
                write_nr3(reply, self.measured(self.bus.amps.0, noise, step));
            }
            Meaning::Initiate => self.trigger = Trigger::Once,
            Meaning::InitiateNamed => {
                call.only()?.choice(&["TRANsient", "ACQuire"])?;
                self.trigger = Trigger::Once;
            }
            Meaning::Abort => self.trigger = Trigger::Idle,
            Meaning::Trigger => self.fire(),
            Meaning::Panel => call.none()?,
            Meaning::Kept(index) => self.keep(index, call, reply)?,
        }
        if !call.query {
            self.regulate(status);
        }
        Ok(())
    }

    fn measured(&mut self, value: f64, noise: f64, step: f64) -> f64 {
        ((value + noise * self.noise.normal()) / step).round() * step
    }

    fn fire(&mut self) {
        if self.trigger == Trigger::Idle {
            return;
        }
        self.volts = self.volts_triggered.take().unwrap_or(self.volts);
        self.amps = self.amps_triggered.take().unwrap_or(self.amps);
        if self.trigger == Trigger::Once {
            self.trigger = Trigger::Idle;
        }
    }

    fn keep(&mut self, index: usize, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let value = &mut self.kept[index];
        match KEPT[index].1 {
            Kept::Boolean => {
                let mut state = value.number != 0.0;
                boolean(&mut state, call, reply)?;
                value.number = f64::from(u8::from(state));
            }
            Kept::Count(_) if call.query => {
                call.none()?;
                write_text(reply, format_args!("{}", value.number));
            }
            Kept::Count(domain) => value.number = call.only()?.number(&domain)?.round(),
            Kept::Number(domain) => number(&mut value.number, &domain, call, reply)?,
            Kept::Choice(choices) if call.query => {
                let short = |c: &char| !c.is_ascii_lowercase();
                reply.extend(choices[value.number as usize].chars().filter(short));
            }
            Kept::Choice(choices) => value.number = call.only()?.choice(choices)? as f64,
            Kept::Text if call.query => write_text(reply, format_args!("\"{}\"", value.text)),
            Kept::Text => match call.only()? {
                Param::Text(text) => text.as_ref().clone_into(&mut value.text),
                _ => return Err(code::DATA_TYPE),
            },
        }
        Ok(())
    }
}

fn domain(unit: &'static str, max: f64, default: f64) -> Domain {
    Domain {
        unit,
        min: 0.0,
        max,
        default,
    }
}

/// Sets or tells a level that waits for its trigger; until one is set it is the level in force.
fn triggered(
    waiting: &mut Option<f64>,
    in_force: f64,
    domain: &Domain,
    call: &Call<'_, Meaning>,
    reply: &mut String,
) -> Outcome {
    let mut value = waiting.unwrap_or(in_force);
    number(&mut value, domain, call, reply)?;
    if !call.query {
        *waiting = Some(value);
    }
    Ok(())
}
