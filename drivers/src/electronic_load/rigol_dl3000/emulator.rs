//! A DL3000 as a state machine: lines in, answers out, its input on a bus of the plant.

use profiles::command::Fault;
use profiles::quantity::{Amperes, Volts, Watts};
use profiles::seed::Stream;
use profiles::time::BenchTime;

use super::words::{Held, KEPT, Meaning, Measured, words};
use super::{OHMS, Traits};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::options::latency_us;
use crate::plant::{BusId, Place, Plant, Sink};
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, Responder, write_text};
use crate::scpi::setting;

/// Longest line.
const LONGEST_LINE: usize = 1_024;
/// Noise of a measurement, V and A rms: below the last digit that is told.
const NOISE: f64 = 5e-5;

/// A load on a bus.
pub(super) struct Load {
    responder: Responder,
    input: Input,
    place: Option<BusId>,
    latency_us: u64,
    muted_until: BenchTime,
}

struct Input {
    traits: &'static Traits,
    held: Held,
    /// Levels of amperes, ohms, volts and watts.
    levels: [f64; 4],
    low_range: bool,
    on: bool,
    kept: [f64; KEPT.len()],
    volts: f64,
    amps: f64,
    noise: Stream,
}

impl Load {
    pub(super) fn new(setup: &EmulatorSetup, traits: &'static Traits) -> Load {
        let serial = setup.options.text("serial").unwrap_or("0");
        let identity = format!(
            "RIGOL TECHNOLOGIES,{},{serial},00.01.05.00.01",
            traits.model
        );
        let mut input = Input {
            traits,
            held: Held::Amps,
            levels: [0.0; 4],
            low_range: false,
            on: false,
            kept: [0.0; KEPT.len()],
            volts: 0.0,
            amps: 0.0,
            noise: setup.seed.stream(setup.device.as_str(), "noise"),
        };
        input.reset();
        Load {
            responder: Responder::new(identity).on_a_bus(LONGEST_LINE),
            input,
            place: match setup.place {
                Place::Bus(bus) => Some(bus),
                _ => None,
            },
            latency_us: latency_us(&setup.options, 0.015),
            muted_until: BenchTime::ZERO,
        }
    }
}

impl Input {
    fn reset(&mut self) {
        self.held = Held::Amps;
        self.levels = [0.0, OHMS.1, self.traits.max_volts, 0.0];
        self.low_range = false;
        self.on = false;
    }

    /// What the input takes from its bus.
    fn sink(&self) -> Sink {
        let [amps, ohms, volts, watts] = self.levels;
        let most = Amperes(self.traits.max_amps);
        match self.held {
            _ if !self.on => Sink::Off,
            Held::Amps => Sink::Amps(Amperes(amps)),
            Held::Ohms => Sink::Ohms(ohms),
            Held::Volts => {
                let volts = Volts(volts);
                Sink::Volts { volts, most }
            }
            Held::Watts => {
                let watts = Watts(watts);
                Sink::Watts { watts, most }
            }
        }
    }

    fn domain(&self, held: Held) -> Domain {
        let traits = self.traits;
        let domain = |unit, min, max, default| Domain {
            unit,
            min,
            max,
            default,
        };
        match held {
            Held::Amps if self.low_range => domain("A", 0.0, traits.low_amps, 0.0),
            Held::Amps => domain("A", 0.0, traits.max_amps, 0.0),
            Held::Ohms => domain("OHM", OHMS.0, OHMS.1, OHMS.1),
            Held::Volts => domain("V", 0.0, traits.max_volts, traits.max_volts),
            Held::Watts => domain("W", 0.0, traits.max_watts, 0.0),
        }
    }

    fn carry_out(&mut self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        match call.meaning {
            Meaning::Reset => {
                call.none()?;
                self.reset();
            }
            Meaning::Function if call.query => {
                call.none()?;
                reply.push_str(["CC", "CR", "CV", "CP"][self.held as usize]);
            }
            Meaning::Function => {
                let words = ["CURRent", "RESistance", "VOLTage", "POWer"];
                self.held = [Held::Amps, Held::Ohms, Held::Volts, Held::Watts]
                    [call.only()?.choice(&words)?];
            }
            Meaning::Input if call.query => {
                call.none()?;
                write_text(reply, format_args!("{}", u8::from(self.on)));
            }
            Meaning::Input => self.on = call.only()?.boolean()?,
            Meaning::Level(held) => {
                let domain = self.domain(held);
                level(&mut self.levels[held as usize], &domain, call, reply)?;
            }
            Meaning::Range(held) => self.range(held, call, reply)?,
            Meaning::Measure(measured) => {
                call.none()?;
                let [volts, amps] = self.measured();
                let value = match measured {
                    Measured::Volts => volts,
                    Measured::Amps => amps,
                    Measured::Watts => volts * amps,
                    // Without current there is no resistance to tell.
                    Measured::Ohms if amps <= 0.0 => 0.0,
                    Measured::Ohms => volts / amps,
                };
                write_text(reply, format_args!("{value:.6}"));
            }
            Meaning::Kept(index) => {
                let domain = Domain {
                    unit: "",
                    min: 0.0,
                    max: 1e6,
                    default: 0.0,
                };
                match call.params {
                    [param @ Param::Word(_)] if !call.query => {
                        self.kept[index] = f64::from(u8::from(param.boolean()?));
                    }
                    _ => level(&mut self.kept[index], &domain, call, reply)?,
                }
            }
            Meaning::Nothing => call.none()?,
        }
        Ok(())
    }

    /// The range of current has two steps; those of volts and ohms change nothing here.
    fn range(&mut self, held: Held, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let traits = self.traits;
        let full = Domain {
            max: match held {
                Held::Amps => traits.max_amps,
                Held::Ohms => OHMS.1,
                Held::Volts | Held::Watts => traits.max_volts,
            },
            ..self.domain(held)
        };
        let mut value = match held {
            Held::Amps if self.low_range => traits.low_amps,
            _ => full.max,
        };
        level(&mut value, &full, call, reply)?;
        if held == Held::Amps && !call.query {
            self.low_range = value <= traits.low_amps;
            if self.low_range {
                self.levels[0] = self.levels[0].min(traits.low_amps);
            }
        }
        Ok(())
    }

    /// Volts and amperes with noise, never below zero.
    fn measured(&mut self) -> [f64; 2] {
        let mut noisy = |value: f64| (value + NOISE * self.noise.normal()).max(0.0);
        [noisy(self.volts), noisy(self.amps)]
    }
}

impl Emulator for Load {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        let input = &mut self.input;
        if let Some(bus) = self.place {
            input.volts = plant.bus(bus).volts.0;
            input.amps = plant.sunk(bus).0;
        }
        let replies = self.responder.receive(chunk, words(), |call, _, reply| {
            input.carry_out(call, reply)
        });
        if let Some(bus) = self.place {
            plant.sink(bus, self.input.sink());
        }
        if !replies.is_empty() {
            out.send_at(at.plus_micros(self.latency_us), replies);
        }
    }

    fn next_action(&self) -> BenchTime {
        BenchTime::MAX
    }

    fn act(&mut self, _at: BenchTime, _plant: &mut Plant, _out: &mut Outbox) {}

    fn inject(&mut self, at: BenchTime, fault: &Fault, _plant: &mut Plant) {
        if let Fault::Mute { millis } = fault {
            self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
            self.responder.forget();
        }
    }
}

/// Sets or tells a level; `CURR? MAX` tells its largest.
fn level(
    value: &mut f64,
    domain: &Domain,
    call: &Call<'_, Meaning>,
    reply: &mut String,
) -> Outcome {
    if let Some(told) = setting::level(value, domain, call)? {
        write_text(reply, format_args!("{told:.4}"));
    }
    Ok(())
}
