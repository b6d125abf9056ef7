//! A WT310E as a state machine: lines in, answers out, its element between a source and the rest
//! of a bus of the plant.

use profiles::command::Fault;
use profiles::seed::Stream;
use profiles::time::BenchTime;

use super::items::{ITEMS, Integrator, Item, PRESET, State, write_scientific};
use super::words::{KEPT, Meaning, words};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::options::latency_us;
use crate::plant::{BusId, Place, Plant, STEP};
use crate::scpi::header::is_mnemonic;
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, Responder, write_text};
use crate::scpi::status::{Status, code, text_of};

/// Longest line.
const LONGEST_LINE: usize = 1_024;
/// Items that the list of values has at most.
const MOST_ITEMS: usize = 255;
/// Noise of a measurement over its value, rms: a fiftieth of what the maker guarantees.
const NOISE: f64 = 2e-5;
/// Update rates, s.
const RATES: [f64; 8] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];

/// An analyser on a bus.
pub(super) struct Analyser {
    responder: Responder,
    element: Element,
    place: Option<BusId>,
    latency_us: u64,
    muted_until: BenchTime,
    /// When it measures next.
    next: BenchTime,
}

struct Element {
    items: Vec<Item>,
    count: usize,
    rate: usize,
    kept: Vec<String>,
    /// What it measured last, V and A.
    measured: [f64; 2],
    integrator: Integrator,
    noise: Stream,
}

impl Analyser {
    pub(super) fn new(setup: &EmulatorSetup) -> Analyser {
        let serial = setup.options.text("serial").unwrap_or("0");
        let mut element = Element {
            items: Vec::new(),
            count: 0,
            rate: 0,
            kept: Vec::new(),
            measured: [0.0; 2],
            integrator: Integrator::default(),
            noise: setup.seed.stream(setup.device.as_str(), "noise"),
        };
        element.reset();
        Analyser {
            responder: Responder::new(format!("YOKOGAWA,WT310E,{serial},F1.03"))
                .on_a_bus(LONGEST_LINE),
            element,
            place: match setup.place {
                Place::Bus(bus) => Some(bus),
                _ => None,
            },
            latency_us: latency_us(&setup.options, 0.010),
            muted_until: BenchTime::ZERO,
            next: BenchTime::ZERO + STEP,
        }
    }
}

impl Element {
    fn reset(&mut self) {
        self.items = PRESET.to_vec();
        self.count = PRESET.len();
        self.rate = 1;
        self.kept = KEPT.iter().map(|(_, word)| (*word).to_owned()).collect();
        self.integrator = Integrator::default();
    }

    fn value(&self, item: Item) -> f64 {
        let [volts, amps] = self.measured;
        let integrator = &self.integrator;
        let integrated = |value: f64| match integrator.state {
            State::Reset => f64::NAN,
            _ => value,
        };
        match item {
            Item::Volts => volts,
            Item::Amps => amps,
            Item::Watts | Item::VoltAmperes => volts * amps,
            Item::Vars => 0.0,
            Item::Factor if volts * amps == 0.0 => f64::NAN,
            Item::Factor => 1.0,
            // Direct current has no frequency.
            Item::Hertz | Item::None => f64::NAN,
            Item::WattHours => integrated(integrator.joules / 3_600.0),
            Item::AmpereHours => integrated(integrator.coulombs / 3_600.0),
            Item::Seconds => integrated(integrator.seconds),
        }
    }

    fn carry_out(
        &mut self,
        call: &Call<'_, Meaning>,
        status: &mut Status,
        reply: &mut String,
    ) -> Outcome {
        match call.meaning {
            Meaning::Reset => {
                call.none()?;
                self.reset();
            }
            Meaning::NextError => {
                call.none()?;
                let code = status.take_error();
                write_text(reply, format_args!("{code},\"{}\"", text_of(code)));
            }
            Meaning::Values => self.values(call, reply)?,
            Meaning::Item => self.item(call, reply)?,
            Meaning::Count if call.query => {
                call.none()?;
                write_text(reply, format_args!("{}", self.count));
            }
            Meaning::Count => {
                let count = usize::from(call.only()?.whole(MOST_ITEMS as u16)?).max(1);
                self.items.resize(count.max(self.items.len()), Item::None);
                self.count = count;
            }
            Meaning::Preset => {
                self.items = PRESET.to_vec();
                self.count = PRESET.len();
            }
            Meaning::Rate => self.rate(call, reply)?,
            Meaning::Start | Meaning::Stop | Meaning::IntegrationReset => {
                call.none()?;
                self.integrator.carry_out(call.meaning)?;
            }
            Meaning::State => {
                call.none()?;
                reply.push_str(match self.integrator.state {
                    State::Reset => "RES",
                    State::Running => "STAR",
                    State::Stopped => "STOP",
                    State::TimeUp => "TIM",
                });
            }
            Meaning::Timer => self.timer(call, reply)?,
            Meaning::Kept(index) => self.keep(index, call, reply)?,
            Meaning::Nothing if call.query => reply.push('0'),
            Meaning::Nothing => {}
        }
        Ok(())
    }

    /// All values of the list, or one of them.
    fn values(&self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let shown = match call.params {
            [] => 0..self.count,
            [param] => {
                let number = usize::from(param.whole(MOST_ITEMS as u16)?);
                if !(1..=self.count).contains(&number) {
                    return Err(code::OUT_OF_RANGE);
                }
                number - 1..number
            }
            _ => return Err(code::PARAMETER_NOT_ALLOWED),
        };
        for (position, item) in self.items[shown].iter().enumerate() {
            if position > 0 {
                reply.push(',');
            }
            write_scientific(reply, self.value(*item));
        }
        Ok(())
    }

    fn item(&mut self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let index = usize::from(call.number) - 1;
        if index >= MOST_ITEMS {
            return Err(code::OUT_OF_RANGE);
        }
        if call.query {
            call.none()?;
            let item = self.items.get(index).copied().unwrap_or(Item::None);
            let known = ITEMS.iter().find(|(_, known)| *known == item);
            let word = known.map_or("NONE", |(word, _)| word);
            let short = word.chars().filter(|c| !c.is_ascii_lowercase());
            reply.extend(short);
            if item != Item::None {
                reply.push_str(",1");
            }
            return Ok(());
        }
        let word = match call.params {
            [Param::Word(word)] => word,
            // There is one element.
            [Param::Word(word), element] if element.whole(1)? == 1 => word,
            [Param::Word(_), _] => return Err(code::OUT_OF_RANGE),
            [] => return Err(code::MISSING_PARAMETER),
            [_] | [_, _] => return Err(code::DATA_TYPE),
            _ => return Err(code::PARAMETER_NOT_ALLOWED),
        };
        let known = ITEMS.iter().find(|(name, _)| is_mnemonic(name, word));
        let (_, item) = known.ok_or(code::ILLEGAL_VALUE)?;
        let length = self.items.len().max(index + 1);
        self.items.resize(length, Item::None);
        self.items[index] = *item;
        Ok(())
    }

    fn rate(&mut self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        if call.query {
            call.none()?;
            write_scientific(reply, RATES[self.rate]);
            return Ok(());
        }
        let domain = Domain {
            unit: "S",
            min: RATES[0],
            max: RATES[7],
            default: RATES[1],
        };
        let seconds = call.only()?.number(&domain)?;
        let fits = |rate: &f64| (rate - seconds).abs() < 1e-6;
        self.rate = RATES.iter().position(fits).ok_or(code::ILLEGAL_VALUE)?;
        Ok(())
    }

    /// Hours, minutes and seconds.
    fn timer(&mut self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        if call.query {
            call.none()?;
            let whole = self.integrator.timer as u64;
            let (hours, minutes) = (whole / 3_600, whole / 60 % 60);
            write_text(reply, format_args!("{hours},{minutes},{}", whole % 60));
            return Ok(());
        }
        let [hours, minutes, seconds] = call.params else {
            return Err(code::MISSING_PARAMETER);
        };
        let (hours, minutes) = (hours.whole(10_000)?, minutes.whole(59)?);
        let seconds = f64::from(seconds.whole(59)?);
        self.integrator.timer = f64::from(hours) * 3_600.0 + f64::from(minutes) * 60.0 + seconds;
        Ok(())
    }

    fn keep(&mut self, index: usize, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let kept = &mut self.kept[index];
        if call.query {
            call.none()?;
            reply.push_str(kept);
            return Ok(());
        }
        *kept = match call.only()? {
            Param::Word(word) if word.eq_ignore_ascii_case("ON") => "1".to_owned(),
            Param::Word(word) if word.eq_ignore_ascii_case("OFF") => "0".to_owned(),
            Param::Word(word) => word.to_ascii_uppercase(),
            Param::Number { value, .. } => format!("{value}"),
            Param::Text(_) | Param::Expression(_) => return Err(code::DATA_TYPE),
        };
        Ok(())
    }
}

impl Emulator for Analyser {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        if let Some(bus) = self.place.map(|bus| plant.bus(bus)) {
            let mut noisy = |value: f64| value * (1.0 + NOISE * self.element.noise.normal());
            self.element.measured = [noisy(bus.volts.0), noisy(bus.amps.0)];
        }
        let element = &mut self.element;
        let replies = self
            .responder
            .receive(chunk, words(), |call, status, reply| {
                element.carry_out(call, status, reply)
            });
        if !replies.is_empty() {
            out.send_at(at.plus_micros(self.latency_us), replies);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.next
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, _out: &mut Outbox) {
        let bus = self.place.map(|bus| plant.bus(bus)).unwrap_or_default();
        while self.next <= at {
            self.element.integrator.step(bus.volts.0, bus.amps.0);
            self.next = self.next + STEP;
        }
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, _plant: &mut Plant) {
        if let Fault::Mute { millis } = fault {
            self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
            self.responder.forget();
        }
    }
}
