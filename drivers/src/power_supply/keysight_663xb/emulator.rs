//! A 663xB as a state machine: it feeds its bus, measures it with noise, and trips.

use profiles::command::Fault;
use profiles::quantity::{Amperes, Volts};
use profiles::seed::Stream;
use profiles::time::BenchTime;

use super::words::{KEPT, Kept, Meaning, words};
use super::{Traits, operation, questionable};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::plant::{Bus, BusId, Drive, Place, Plant, STEP};
use crate::scpi::message::{Domain, Param, named};
use crate::scpi::responder::{Call, Outcome, Responder, write_nr3, write_text};
use crate::scpi::status::{Status, code};

/// Delay of the over-current protection after `*RST`, s.
const PROTECTION_DELAY: f64 = 0.08;

/// A supply on a bus.
pub(super) struct Supply {
    responder: Responder,
    output: Output,
    place: Option<BusId>,
    latency_us: u64,
    muted_until: BenchTime,
    /// When the over-current protection looks at the bus next.
    looks_at: BenchTime,
}

impl Supply {
    pub(super) fn new(setup: EmulatorSetup, traits: &'static Traits) -> Supply {
        let serial = setup.options.text("serial").unwrap_or("0");
        let latency = setup.options.number("latency").unwrap_or(0.010);
        Supply {
            responder: Responder::new(format!("HEWLETT-PACKARD,{},{serial},A.00.01", traits.model)),
            output: Output::new(traits, setup.seed.stream(setup.device.as_str(), "noise")),
            place: match setup.place {
                Place::Bus(bus) => Some(bus),
                Place::Air(_) | Place::Board(_) => None,
            },
            latency_us: (latency * 1e6).round() as u64,
            muted_until: BenchTime::ZERO,
            looks_at: BenchTime::MAX,
        }
    }

    /// What the settings come to: trips, conditions, the drive of the bus.
    fn settle(&mut self, at: BenchTime, plant: &mut Plant) {
        self.output.regulate(&mut self.responder.status);
        if let Some(bus) = self.place {
            plant.drive(bus, self.output.drive());
        }
        let guarded = self.output.over_current_trips && self.output.is_feeding();
        if !guarded {
            self.looks_at = BenchTime::MAX;
        } else if self.looks_at == BenchTime::MAX {
            self.looks_at = at + STEP;
        }
    }
}

impl Emulator for Supply {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        if let Some(bus) = self.place {
            self.output.bus = plant.bus(bus);
        }
        let output = &mut self.output;
        output.regulate(&mut self.responder.status);
        let replies = self
            .responder
            .receive(chunk, words(), |call, status, reply| {
                output.carry_out(call, status, reply)
            });
        self.settle(at, plant);
        if !replies.is_empty() {
            out.send_at(at.plus_micros(self.latency_us), replies);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.looks_at
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, _out: &mut Outbox) {
        if at < self.looks_at {
            return;
        }
        if let Some(bus) = self.place {
            self.output.bus = plant.bus(bus);
        }
        self.looks_at = at + STEP;
        if self.output.bus.limiting {
            let delay = (self.output.delay * 1e6) as u64;
            let since = *self.output.limiting_since.get_or_insert(at);
            if at.micros_since(since) >= delay {
                self.output.latched |= questionable::OVER_CURRENT;
            } else {
                self.looks_at = since.plus_micros(delay);
            }
        } else {
            self.output.limiting_since = None;
        }
        self.settle(at, plant);
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, plant: &mut Plant) {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
                self.responder.forget();
            }
            Fault::OverVoltageTrip => {
                self.output.latched |= questionable::OVER_VOLTAGE;
                self.settle(at, plant);
            }
            Fault::BitFlip { .. } | Fault::Reset => {}
        }
    }
}

/// The output stage and its settings.
struct Output {
    traits: &'static Traits,
    volts: f64,
    amps: f64,
    volts_triggered: Option<f64>,
    amps_triggered: Option<f64>,
    initiated: bool,
    continuous: bool,
    /// Switched on, whether or not it is latched off.
    on: bool,
    over_voltage: f64,
    over_current_trips: bool,
    /// Delay of the over-current protection, s.
    delay: f64,
    /// Questionable conditions that keep the output off.
    latched: u16,
    limiting_since: Option<BenchTime>,
    /// The bus as it was last seen.
    bus: Bus,
    noise: Stream,
    kept: [KeptValue; KEPT.len()],
}

#[derive(Clone, Debug, Default)]
struct KeptValue {
    number: f64,
    text: String,
}

impl Output {
    fn new(traits: &'static Traits, noise: Stream) -> Output {
        let mut output = Output {
            traits,
            volts: 0.0,
            amps: 0.0,
            volts_triggered: None,
            amps_triggered: None,
            initiated: false,
            continuous: false,
            on: false,
            over_voltage: 0.0,
            over_current_trips: false,
            delay: PROTECTION_DELAY,
            latched: 0,
            limiting_since: None,
            bus: Bus::default(),
            noise,
            kept: std::array::from_fn(|_| KeptValue::default()),
        };
        output.reset();
        output
    }

    /// `*RST`: output off, no volts, a tenth of the current, protection at its largest level.
    fn reset(&mut self) {
        self.volts = 0.0;
        self.amps = self.traits.max_amps / 10.0;
        (self.volts_triggered, self.amps_triggered) = (None, None);
        (self.initiated, self.continuous) = (false, false);
        self.on = false;
        self.over_voltage = self.traits.max_protection;
        self.over_current_trips = false;
        self.delay = PROTECTION_DELAY;
    }

    fn is_feeding(&self) -> bool {
        self.on && self.latched == 0
    }

    fn drive(&self) -> Drive {
        Drive {
            on: self.is_feeding(),
            volts: Volts(self.volts),
            limit: Amperes(self.amps),
        }
    }

    /// Trips on over-voltage, and brings the conditions up to date.
    fn regulate(&mut self, status: &mut Status) {
        if self.is_feeding() && self.volts > self.over_voltage {
            self.latched |= questionable::OVER_VOLTAGE;
        }
        let mode = match (self.is_feeding(), self.bus.limiting) {
            (false, _) => 0,
            (true, false) => operation::VOLTAGE,
            (true, true) => operation::CURRENT,
        };
        let waiting = if self.initiated {
            operation::WAITING
        } else {
            0
        };
        status.questionable.set_condition(self.latched);
        status.operation.set_condition(mode | waiting);
    }

    fn carry_out(
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
            Meaning::Volts => level(&mut self.volts, &volts, call, reply)?,
            Meaning::Amps => level(&mut self.amps, &amps, call, reply)?,
            Meaning::VoltsTriggered => {
                let mut value = self.volts_triggered.unwrap_or(self.volts);
                level(&mut value, &volts, call, reply)?;
                if !call.query {
                    self.volts_triggered = Some(value);
                }
            }
            Meaning::AmpsTriggered => {
                let mut value = self.amps_triggered.unwrap_or(self.amps);
                level(&mut value, &amps, call, reply)?;
                if !call.query {
                    self.amps_triggered = Some(value);
                }
            }
            Meaning::OverVoltage => level(&mut self.over_voltage, &protection, call, reply)?,
            Meaning::ProtectionDelay => {
                level(
                    &mut self.delay,
                    &domain("S", 32.767, PROTECTION_DELAY),
                    call,
                    reply,
                )?;
            }
            Meaning::OverCurrent => boolean(&mut self.over_current_trips, call, reply)?,
            Meaning::Output => boolean(&mut self.on, call, reply)?,
            Meaning::Continuous => boolean(&mut self.continuous, call, reply)?,
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
            Meaning::Initiate => self.initiated = true,
            Meaning::InitiateNamed => {
                call.only()?.choice(&["TRANsient", "ACQuire"])?;
                self.initiated = true;
            }
            Meaning::Abort => self.initiated = false,
            Meaning::Trigger => self.trigger(),
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

    fn trigger(&mut self) {
        if self.initiated || self.continuous {
            self.volts = self.volts_triggered.take().unwrap_or(self.volts);
            self.amps = self.amps_triggered.take().unwrap_or(self.amps);
            self.initiated = false;
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
            Kept::Number(domain) => level(&mut value.number, &domain, call, reply)?,
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

/// Sets or tells a level; `VOLT? MAX` tells its largest.
fn level(
    value: &mut f64,
    domain: &Domain,
    call: &Call<'_, Meaning>,
    reply: &mut String,
) -> Outcome {
    if !call.query {
        *value = call.only()?.number(domain)?;
        return Ok(());
    }
    let told = match call.params {
        [] => *value,
        [Param::Word(word)] => named(word, domain)?,
        _ => return Err(code::PARAMETER_NOT_ALLOWED),
    };
    write_nr3(reply, told);
    Ok(())
}

fn boolean(value: &mut bool, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
    if call.query {
        write_text(reply, format_args!("{}", u8::from(*value)));
        return call.none();
    }
    *value = call.only()?.boolean()?;
    Ok(())
}
