//! One channel: its levels, its list, its trigger and its registers.

use profiles::time::BenchTime;

use super::list::{List, Play};
use super::words::{KEPT, Meaning};
use super::{ChannelTraits, Kind, Traits, operation, questionable, summary};
use crate::power_supply::stage::{Guard, Regulation, Stage};
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_nr3, write_text};
use crate::scpi::setting::{boolean, number};
use crate::scpi::status::{Group, code};

/// Delay of over-current protection after `*RST`, s; and the longest.
const PROTECTION_DELAY: [f64; 2] = [0.02, 0.255];

/// Where a level comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Fixed,
    Step,
    List,
}

/// What is set of a channel, and can be saved.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// Volts and amperes: immediate, and those that wait for a trigger.
    levels: [f64; 2],
    triggered: [f64; 2],
    sources: [Source; 2],
    list: List,
    on: bool,
    guards: [Guard; 2],
    trigger_on_bus: bool,
    continuous: bool,
    kept: [String; KEPT.len()],
}

/// A channel without its stage.
#[derive(Debug)]
pub(super) struct Channel {
    traits: &'static Traits,
    pub(super) output: &'static ChannelTraits,
    pub(super) settings: Settings,
    /// Initiated: waits for a trigger.
    armed: bool,
    pub(super) questionable: Group,
    pub(super) operation: Group,
    /// What it is now at: of its list, or as it is set.
    now: [f64; 2],
}

impl Settings {
    /// As after `*RST`.
    pub(super) fn reset(output: &ChannelTraits) -> Settings {
        let levels = [0.0, output.reset_amps];
        let guard = |armed, level, delay| Guard {
            armed,
            level,
            delay,
        };
        Settings {
            levels,
            triggered: levels,
            sources: [Source::Fixed; 2],
            list: List::new(output.reset_amps),
            on: false,
            guards: [
                guard(true, output.max_protection, 0.0),
                guard(false, output.max_amps, PROTECTION_DELAY[0]),
            ],
            trigger_on_bus: true,
            continuous: false,
            kept: std::array::from_fn(|index| KEPT[index].1.to_owned()),
        }
    }
}

impl Channel {
    pub(super) fn new(traits: &'static Traits, output: &'static ChannelTraits) -> Channel {
        let settings = Settings::reset(output);
        Channel {
            traits,
            output,
            now: settings.levels,
            settings,
            armed: false,
            questionable: Group::default(),
            operation: Group::default(),
        }
    }

    /// Takes settings, and plays nothing any more.
    pub(super) fn take(&mut self, settings: Settings) {
        self.settings = settings;
        self.settings.list.abort();
        self.armed = false;
    }

    pub(super) fn next_action(&self) -> BenchTime {
        self.settings.list.next_action()
    }

    /// The stage as the settings and the list have it.
    pub(super) fn act(&mut self, at: BenchTime, stage: &mut Stage) {
        let played = self.settings.list.play(at);
        self.played(played);
        stage.volts = self.now[0];
        stage.amps = self.now[1];
        stage.on = self.settings.on;
        stage.most_watts = self.output.max_watts;
        [stage.over_voltage, stage.over_current] = self.settings.guards;
    }

    fn played(&mut self, played: Option<Play>) {
        let settings = &mut self.settings;
        if let Some(Play::Over(last)) = played {
            let sources = settings.sources.iter().zip(&mut settings.levels);
            for ((source, level), last) in sources.zip(last.into_iter().flatten()) {
                if *source == Source::List {
                    *level = last;
                }
            }
            self.armed = settings.continuous;
        }
        let playing = match played {
            Some(Play::Step(levels)) => Some(levels),
            _ => None,
        };
        self.now = std::array::from_fn(|index| match (settings.sources[index], playing) {
            (Source::List, Some(levels)) => levels[index],
            _ => settings.levels[index],
        });
    }

    /// `INITiate`.
    ///
    /// # Errors
    /// If it is initiated already, or its lists do not go together.
    pub(super) fn initiate(&mut self, at: BenchTime) -> Outcome {
        if self.armed || self.settings.list.is_running() {
            return Err(code::INIT_IGNORED);
        }
        if self.settings.sources.contains(&Source::List) {
            self.settings.list.check()?;
        }
        self.armed = true;
        if !self.settings.trigger_on_bus {
            self.trigger(at);
        }
        Ok(())
    }

    /// Whether `*TRG` is for it.
    pub(super) fn waits_for_bus(&self) -> bool {
        let moves = self.armed || self.settings.list.is_running();
        self.settings.trigger_on_bus && moves
    }

    /// A trigger: begins what was initiated, or moves a list on.
    pub(super) fn trigger(&mut self, at: BenchTime) {
        if self.settings.list.is_running() {
            let played = self.settings.list.advance(at);
            if played.is_some() {
                self.played(played);
            }
            return;
        }
        if !self.armed {
            return;
        }
        let settings = &mut self.settings;
        self.armed = settings.continuous;
        for index in 0..2 {
            if settings.sources[index] == Source::Step {
                settings.levels[index] = settings.triggered[index];
            }
        }
        if settings.sources.contains(&Source::List) {
            settings.list.start(at);
        }
    }

    pub(super) fn abort(&mut self) {
        self.armed = false;
        self.settings.list.abort();
    }

    /// The registers as the output is.
    pub(super) fn settle(&mut self, stage: &Stage) {
        let bit = |is: bool, bit: u16| if is { bit } else { 0 };
        let (tripped, mode) = (stage.tripped, stage.regulation());
        let waiting = bit(self.armed, operation::WAITING);
        let initiated = bit(
            self.armed || self.settings.list.is_running(),
            operation::INITIATED,
        );
        let off = bit(!self.settings.on, operation::OFF);
        let (operating, questioned) = match self.traits.kind {
            Kind::Modular => (
                match mode {
                    Regulation::Off | Regulation::Power => 0,
                    Regulation::Voltage => operation::VOLTAGE,
                    Regulation::Current => operation::CURRENT,
                } | waiting
                    | initiated
                    | off,
                bit(tripped.over_voltage, questionable::OVER_VOLTAGE)
                    | bit(tripped.over_current, questionable::OVER_CURRENT)
                    | bit(mode == Regulation::Power, questionable::POWER_LIMIT)
                    | bit(mode == Regulation::Current, questionable::CURRENT_LIMIT),
            ),
            Kind::Bench => (
                waiting | initiated,
                match mode {
                    Regulation::Off => 0,
                    Regulation::Voltage => summary::VOLTAGE,
                    Regulation::Current | Regulation::Power => summary::CURRENT,
                } | bit(tripped.over_voltage, summary::OVER_VOLTAGE)
                    | bit(tripped.over_current, summary::OVER_CURRENT),
            ),
        };
        self.operation.set_condition(operating);
        self.questionable.set_condition(questioned);
    }

    pub(super) fn carry_out(
        &mut self,
        call: &Call<'_, Meaning>,
        stage: &mut Stage,
        reply: &mut String,
    ) -> Outcome {
        let output = self.output;
        let settings = &mut self.settings;
        match call.meaning {
            Meaning::Level(which) => number(
                &mut settings.levels[which],
                &level(output, which),
                call,
                reply,
            ),
            Meaning::Triggered(which) => number(
                &mut settings.triggered[which],
                &level(output, which),
                call,
                reply,
            ),
            Meaning::Source(which) => source(&mut settings.sources[which], call, reply),
            Meaning::Output => {
                boolean(&mut settings.on, call, reply)?;
                Ok(())
            }
            Meaning::Measure(which) => {
                call.none()?;
                let value = match which {
                    0 => stage.measured_volts(&output.meter),
                    1 => stage.measured_amps(&output.meter),
                    _ => stage.measured_volts(&output.meter) * stage.measured_amps(&output.meter),
                };
                write_nr3(reply, value + 0.0);
                Ok(())
            }
            Meaning::List(word) => {
                settings
                    .list
                    .carry_out(word, call, (self.traits, output), reply)
            }
            Meaning::TriggerSource if call.query => {
                reply.push_str(if settings.trigger_on_bus {
                    "BUS"
                } else {
                    "IMM"
                });
                call.none()
            }
            Meaning::TriggerSource => {
                settings.trigger_on_bus = call.only()?.choice(&["IMMediate", "BUS"])? == 1;
                Ok(())
            }
            Meaning::Continuous => boolean(&mut settings.continuous, call, reply),
            Meaning::Abort => call.none().map(|()| self.abort()),
            Meaning::Kept(index) => keep(&mut settings.kept[index], call, reply),
            _ => self.protect(call, stage, reply),
        }
    }

    /// What guards it.
    fn protect(
        &mut self,
        call: &Call<'_, Meaning>,
        stage: &mut Stage,
        reply: &mut String,
    ) -> Outcome {
        let (output, settings) = (self.output, &mut self.settings);
        match call.meaning {
            Meaning::Protection => {
                let domain = Domain {
                    unit: "V",
                    min: 0.0,
                    max: output.max_protection,
                    default: output.max_protection,
                };
                number(&mut settings.guards[0].level, &domain, call, reply)
            }
            Meaning::Guarded(which) => boolean(&mut settings.guards[which].armed, call, reply),
            Meaning::ProtectionDelay => {
                let domain = Domain {
                    unit: "S",
                    min: 0.0,
                    max: PROTECTION_DELAY[1],
                    default: PROTECTION_DELAY[0],
                };
                number(&mut settings.guards[1].delay, &domain, call, reply)
            }
            Meaning::Tripped(which) => {
                let tripped = [stage.tripped.over_voltage, stage.tripped.over_current];
                write_text(reply, format_args!("{}", u8::from(tripped[which])));
                call.none()
            }
            Meaning::ClearOne(which) => {
                call.none()?;
                match which {
                    0 => stage.tripped.over_voltage = false,
                    _ => stage.tripped.over_current = false,
                }
                Ok(())
            }
            Meaning::Clear => {
                call.none()?;
                (stage.tripped.over_voltage, stage.tripped.over_current) = (false, false);
                Ok(())
            }
            _ => Err(code::UNDEFINED_HEADER),
        }
    }

    /// Volts and amperes, for `APPLy`.
    pub(super) fn levels(&mut self) -> &mut [f64; 2] {
        &mut self.settings.levels
    }
}

/// What volts or amperes may be.
pub(super) fn level(output: &ChannelTraits, which: usize) -> Domain {
    Domain {
        unit: ["V", "A"][which],
        min: 0.0,
        max: [output.max_volts, output.max_amps][which],
        default: [0.0, output.reset_amps][which],
    }
}

fn source(source: &mut Source, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
    if call.query {
        reply.push_str(match source {
            Source::Fixed => "FIX",
            Source::Step => "STEP",
            Source::List => "LIST",
        });
        return call.none();
    }
    *source = match call.only()?.choice(&["FIXed", "STEP", "LIST"])? {
        0 => Source::Fixed,
        1 => Source::Step,
        _ => Source::List,
    };
    Ok(())
}

/// Keeps a word, a number or a text, and tells it again.
fn keep(kept: &mut String, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
    if call.query {
        reply.push_str(kept);
        return call.none();
    }
    *kept = match call.only()? {
        Param::Word(word) if word.eq_ignore_ascii_case("ON") => "1".to_owned(),
        Param::Word(word) if word.eq_ignore_ascii_case("OFF") => "0".to_owned(),
        Param::Word(word) => word.to_ascii_uppercase(),
        Param::Text(text) => format!("\"{text}\""),
        Param::Number { value, .. } => format!("{value}"),
        Param::Expression(_) => return Err(code::DATA_TYPE),
    };
    Ok(())
}
