//! What the words do: settings of the channels, tables, lists, measurements, status.

use std::collections::BTreeMap;

use profiles::seed::Stream;
use profiles::time::BenchTime;

use super::channel::{Channel, Mode, Settings, Touched};
use super::memory::{self, Memory};
use super::registers::{register, split};
use super::words::{Fresh, Group, Level, ListWord, Meaning, Quantity, SWITCHES, TableWord};
use super::{Dialect, Traits, questionable};
use crate::scpi::message::Param;
use crate::scpi::responder::{Call, Outcome, write_nr3, write_text};
use crate::scpi::setting::{boolean, number};
use crate::scpi::status::{Status, code};

/// Settings that can be saved: `*SAV 0` to `*SAV 4`.
const MOST_SAVED: u16 = 4;

/// A simulator without its line.
pub(super) struct Machine {
    traits: &'static Traits,
    pub(super) channels: Vec<Channel>,
    memory: Memory,
    switches: [String; SWITCHES.len()],
    saved: BTreeMap<u16, Vec<Settings>>,
    serial: String,
    /// When the line that is being carried out arrived.
    pub(super) at: BenchTime,
}

impl Machine {
    pub(super) fn new(traits: &'static Traits, serial: &str, noise: Vec<Stream>) -> Machine {
        let channels = noise.into_iter();
        let channels = channels.map(|noise| Channel::new(traits, noise)).collect();
        Machine {
            traits,
            channels,
            memory: Memory::new(traits),
            switches: std::array::from_fn(|index| switch_default(SWITCHES[index])),
            saved: BTreeMap::new(),
            serial: serial.to_owned(),
            at: BenchTime::ZERO,
        }
    }

    /// The end of a line: each channel takes the curve that it was told, or keeps its own.
    pub(super) fn end_line(&mut self, status: &mut Status) {
        for channel in &mut self.channels {
            if let Err(code) = channel.end_line() {
                status.error(code);
            }
        }
        self.settle(status);
    }

    /// Brings all conditions up to date. The first channel's registers are the responder's own.
    pub(super) fn settle(&mut self, status: &mut Status) {
        status.beside = 0;
        for (index, channel) in self.channels.iter_mut().enumerate() {
            channel.settle_status();
            if index == 0 {
                let (conditions, modes) = channel.conditions;
                status.questionable.set_condition(conditions);
                status.operation.set_condition(modes);
            } else {
                status.beside |= u8::from(channel.questionable.summary()) << 3;
                status.beside |= u8::from(channel.operation.summary()) << 7;
            }
        }
    }

    pub(super) fn carry_out(
        &mut self,
        call: &Call<'_, Meaning>,
        status: &mut Status,
        reply: &mut String,
    ) -> Outcome {
        let listed = self.traits.dialect == Dialect::Modular;
        let (params, numbers) = split(call.params, self.channels.len(), listed)?;
        let call = Call { params, ..*call };
        match call.meaning {
            Meaning::Reset => {
                call.none()?;
                let traits = self.traits;
                let channels = self.channels.iter_mut();
                channels.for_each(|channel| channel.take(Settings::reset(traits)));
            }
            Meaning::Save => {
                let settings = self.channels.iter().map(|channel| channel.settings.clone());
                self.saved
                    .insert(call.only()?.whole(MOST_SAVED)?, settings.collect());
            }
            Meaning::Recall => self.recall(call.only()?.whole(MOST_SAVED)?),
            Meaning::Clear => {
                call.none()?;
                status.clear();
                for channel in &mut self.channels {
                    channel.questionable.take_event();
                    channel.operation.take_event();
                }
            }
            Meaning::Preset => {
                call.none()?;
                status.preset();
                for channel in &mut self.channels {
                    channel.questionable.preset();
                    channel.operation.preset();
                }
            }
            Meaning::Table(word) => self.table(word, &call, reply)?,
            Meaning::Switch(index) => self.switch(index, &call, reply)?,
            Meaning::Panel => call.none()?,
            Meaning::ChannelCount => {
                call.none()?;
                write_text(reply, format_args!("{}", self.channels.len()));
            }
            _ => self.each(&call, &numbers, status, reply)?,
        }
        Ok(())
    }

    /// What is done to each of the listed channels; their answers are separated by commas.
    fn each(
        &mut self,
        call: &Call<'_, Meaning>,
        numbers: &[usize],
        status: &mut Status,
        reply: &mut String,
    ) -> Outcome {
        for (position, &number) in numbers.iter().enumerate() {
            if call.query && position > 0 {
                reply.push(',');
            }
            match call.meaning {
                Meaning::Status(group, which) => {
                    let channel = &mut self.channels[number];
                    let group = match (number, group) {
                        (0, Group::Questionable) => &mut status.questionable,
                        (0, Group::Operation) => &mut status.operation,
                        (_, Group::Questionable) => &mut channel.questionable,
                        (_, Group::Operation) => &mut channel.operation,
                    };
                    register(group, which, call, reply)?;
                }
                Meaning::TableName if !call.query => self.take_table(number, call)?,
                Meaning::ChannelSerial => {
                    call.none()?;
                    write_text(reply, format_args!("{}{:02}", self.serial, number + 1));
                }
                _ => self.channels[number].carry_out(call, self.at, reply)?,
            }
            self.settle(status);
        }
        Ok(())
    }

    fn recall(&mut self, number: u16) {
        // What was never saved is as after `*RST`.
        let saved = self.saved.get(&number);
        for (index, channel) in self.channels.iter_mut().enumerate() {
            let settings = saved.and_then(|saved| saved.get(index)).cloned();
            channel.take(settings.unwrap_or_else(|| Settings::reset(self.traits)));
        }
    }

    fn table(&mut self, word: TableWord, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let in_use: Vec<&str> = self
            .channels
            .iter()
            .filter(|channel| channel.settings.mode == Mode::Table)
            .filter_map(|channel| Some(channel.settings.table.as_ref()?.0.as_str()))
            .collect();
        self.memory.carry_out(word, call, &in_use, reply)
    }

    /// A channel takes a table, if it is one; else it keeps its last.
    fn take_table(&mut self, number: usize, call: &Call<'_, Meaning>) -> Outcome {
        let name = memory::name(call.only()?)?;
        let points = self.memory.points(&name)?;
        let channel = &mut self.channels[number];
        channel.settings.table = Some((name, points));
        channel.changes += 1;
        Ok(())
    }

    fn switch(&mut self, index: usize, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let kept = &mut self.switches[index];
        if call.query {
            call.none()?;
            reply.push_str(kept);
            return Ok(());
        }
        *kept = match call.only()? {
            Param::Word(word) if word.eq_ignore_ascii_case("ON") => "1".to_owned(),
            Param::Word(word) if word.eq_ignore_ascii_case("OFF") => "0".to_owned(),
            Param::Word(word) => word.to_ascii_uppercase(),
            Param::Text(text) => format!("\"{text}\""),
            Param::Number { value, suffix: "" } => format!("{value}"),
            Param::Number { .. } => return Err(code::SUFFIX_NOT_ALLOWED),
            Param::Expression(_) => return Err(code::DATA_TYPE),
        };
        Ok(())
    }
}

impl Channel {
    fn carry_out(
        &mut self,
        call: &Call<'_, Meaning>,
        at: BenchTime,
        reply: &mut String,
    ) -> Outcome {
        match call.meaning {
            Meaning::Level(level) => self.level(level, call, reply)?,
            Meaning::Mode => self.mode(call, reply)?,
            Meaning::CurveSource => self.curve_source(call, reply)?,
            Meaning::Resolution => self.resolution(call, reply)?,
            Meaning::TableName => {
                call.none()?;
                let table = self.settings.table.as_ref();
                reply.push_str(table.map_or("", |(name, _)| name));
            }
            Meaning::Output => boolean(&mut self.settings.on, call, reply)?,
            Meaning::OverCurrent => boolean(&mut self.settings.over_current_trips, call, reply)?,
            Meaning::ClearProtection => {
                call.none()?;
                // What is still there trips again when the output is looked at next.
                self.latched &= !questionable::TRIPPED;
            }
            Meaning::Measure(quantity, fresh) => {
                call.none()?;
                if fresh == Fresh::Yes {
                    self.measure();
                }
                write_nr3(
                    reply,
                    match quantity {
                        Quantity::Volts => self.measured.0,
                        Quantity::Amps => self.measured.1,
                    },
                );
            }
            Meaning::List(word) => self.list(word, call, reply)?,
            Meaning::Initiate => {
                call.none()?;
                self.armed = true;
                self.settings.list.arm(self.traits)?;
            }
            Meaning::Trigger => {
                call.none()?;
                self.trigger(at);
            }
            Meaning::Abort => {
                call.none()?;
                self.armed = false;
                self.settings.list.abort();
            }
            Meaning::ChannelModel => {
                call.none()?;
                reply.push_str(self.traits.module);
            }
            Meaning::ChannelOptions => {
                call.none()?;
                reply.push('0');
            }
            _ => return Err(code::UNDEFINED_HEADER),
        }
        Ok(())
    }

    fn mode(&mut self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        if call.query {
            reply.push_str(["FIX", "SAS", "TABL"][self.settings.mode as usize]);
            return call.none();
        }
        let mode = Mode::from_index(call.only()?.choice(&Mode::WORDS)?);
        if mode == Mode::Table && self.settings.table.is_none() {
            return Err(self.traits.conflict());
        }
        self.settings.mode = mode;
        Ok(())
    }

    fn curve_source(&mut self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let list = &mut self.settings.list;
        if call.query {
            reply.push_str(if list.chosen { "LIST" } else { "IMM" });
            return call.none();
        }
        list.chosen = call.only()?.choice(&["IMMediate", "FIXed", "LIST"])? == 2;
        list.abort();
        Ok(())
    }

    fn list(&mut self, word: ListWord, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        // A list that runs is not changed under way.
        if !call.query && self.settings.list.is_running() {
            return Err(self.traits.conflict());
        }
        let list = &mut self.settings.list;
        list.carry_out(word, call, self.traits, reply)
    }

    /// Sets or tells a level; `VOLT? MAX` tells its largest.
    fn level(&mut self, level: Level, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        let domain = self.traits.domain(level);
        if call.query {
            return number(&mut self.settings.level(level), &domain, call, reply);
        }
        let of_supply = matches!(
            level,
            Level::Volts | Level::VoltsTriggered | Level::Amps | Level::AmpsTriggered
        );
        let of_curve = matches!(level, Level::Isc | Level::Imp | Level::Voc | Level::Vmp);
        let value = call.only()?.number(&domain);
        if of_curve {
            // One point that cannot be spoils all that the line tells.
            self.touched = match (self.touched, &value) {
                (Some(Touched::Spoilt), _) | (_, Err(_)) => Some(Touched::Spoilt),
                (_, Ok(_)) => Some(Touched::Told),
            };
        }
        let value = value?;
        if of_supply && self.settings.mode != Mode::Fixed {
            return Err(self.traits.conflict());
        }
        self.settings.levels[level as usize] = value;
        Ok(())
    }

    /// Points of the converter's table, which only change as a plain supply.
    fn resolution(&mut self, call: &Call<'_, Meaning>, reply: &mut String) -> Outcome {
        if call.query {
            call.none()?;
            reply.push_str(if self.settings.fine { "4096" } else { "256" });
            return Ok(());
        }
        let points = call.only()?.whole(4_096)?;
        if !matches!(points, 256 | 4_096) {
            return Err(code::ILLEGAL_VALUE);
        }
        if self.settings.mode != Mode::Fixed {
            return Err(self.traits.conflict());
        }
        self.settings.fine = points == 4_096;
        Ok(())
    }

    fn trigger(&mut self, at: BenchTime) {
        self.settings.list.trigger(at);
        if std::mem::take(&mut self.armed) && self.settings.mode == Mode::Fixed {
            let levels = &mut self.settings.levels;
            levels[Level::Volts as usize] = levels[Level::VoltsTriggered as usize];
            levels[Level::Amps as usize] = levels[Level::AmpsTriggered as usize];
        }
    }
}

/// What a switch says before it is told anything.
fn switch_default(pattern: &str) -> String {
    let word = match pattern {
        "DISPlay[:WINDow]:MODE[?]" => "NORM",
        "DISPlay[:WINDow]:TEXT[:DATA][?]" => "\"\"",
        "DISPlay[:WINDow]:VIEW[?]" => "METER1",
        "OUTPut:INHibit:MODE[?]" | "OUTPut:DFI:SOURce[?]" => "OFF",
        "SYSTem:COMMunicate:RLSTate[?]" => "LOC",
        "TRIGger:TRANsient:SOURce[?]" => "BUS",
        _ => "0",
    };
    word.to_owned()
}
