//! All channels of a supply, and whom a word is for.

use std::collections::BTreeMap;

use profiles::seed::Stream;
use profiles::time::BenchTime;

use super::channel::{self, Channel, Settings};
use super::words::{Group, Meaning, Register};
use super::{Kind, Traits, summary};
use crate::power_supply::stage::{OverCurrent, Stage};
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_text};
use crate::scpi::status::{self, Status, code};

/// Highest number of `*SAV`.
const MOST_SAVED: u16 = 9;

/// A supply without its line.
pub(super) struct Machine {
    traits: &'static Traits,
    pub(super) stages: Vec<Stage>,
    channels: Vec<Channel>,
    /// The channel that settings are for where none is listed, from zero.
    selected: usize,
    /// What sums up the outputs of the E36312A.
    summary: status::Group,
    saved: BTreeMap<u16, Vec<Settings>>,
    serial: String,
    now: BenchTime,
}

type Told<'a> = Call<'a, Meaning>;

impl Machine {
    pub(super) fn new(traits: &'static Traits, serial: &str, noise: Vec<Stream>) -> Machine {
        let stages = noise.into_iter();
        let stages = stages.map(|noise| Stage::new(OverCurrent::Limit, noise));
        let channels = traits.channels.iter();
        Machine {
            traits,
            stages: stages.collect(),
            channels: channels
                .map(|output| Channel::new(traits, output))
                .collect(),
            selected: 0,
            summary: status::Group::default(),
            saved: BTreeMap::new(),
            serial: serial.to_owned(),
            now: BenchTime::ZERO,
        }
    }

    /// Plays what is due.
    pub(super) fn act(&mut self, at: BenchTime) {
        self.now = at;
        for (channel, stage) in self.channels.iter_mut().zip(&mut self.stages) {
            channel.act(at, stage);
        }
    }

    pub(super) fn next_action(&self) -> BenchTime {
        let next = self.channels.iter().map(Channel::next_action).min();
        next.unwrap_or(BenchTime::MAX)
    }

    /// The registers as the outputs are.
    pub(super) fn settle(&mut self, status: &mut Status) {
        let (mut summed, mut beside) = (0, 0);
        for (index, (channel, stage)) in self.channels.iter_mut().zip(&self.stages).enumerate() {
            channel.settle(stage);
            summed |= u16::from(channel.questionable.summary()) << (index + 1);
            beside |= u8::from(channel.questionable.summary()) << 3;
            beside |= u8::from(channel.operation.summary()) << 7;
        }
        match self.traits.kind {
            Kind::Modular => status.beside = beside,
            Kind::Bench => {
                self.summary.set_condition(summed);
                let told = if self.summary.summary() {
                    summary::INSTRUMENTS
                } else {
                    0
                };
                status.questionable.set_condition(told);
            }
        }
    }

    pub(super) fn carry_out(
        &mut self,
        call: &Told<'_>,
        status: &mut Status,
        reply: &mut String,
    ) -> Outcome {
        match call.meaning {
            Meaning::Reset => {
                call.none()?;
                self.selected = 0;
                for channel in &mut self.channels {
                    channel.take(Settings::reset(channel.output));
                }
            }
            Meaning::Save => {
                let settings = self.channels.iter().map(|channel| channel.settings.clone());
                let settings = settings.collect();
                self.saved.insert(call.only()?.whole(MOST_SAVED)?, settings);
            }
            Meaning::Recall => self.recall(call.only()?.whole(MOST_SAVED)?),
            Meaning::Trigger => {
                call.none()?;
                let mut meant = self.channels.iter_mut().filter(|c| c.waits_for_bus());
                let first = meant.next().ok_or(code::TRIGGER_IGNORED)?;
                for channel in [first].into_iter().chain(meant) {
                    channel.trigger(self.now);
                }
            }
            Meaning::ClearStatus => {
                call.none()?;
                status.clear();
                self.summary.take_event();
                for channel in &mut self.channels {
                    channel.questionable.take_event();
                    channel.operation.take_event();
                }
            }
            Meaning::Preset => {
                call.none()?;
                status.preset();
                self.summary.preset();
                for channel in &mut self.channels {
                    channel.questionable.preset();
                    channel.operation.preset();
                }
            }
            Meaning::Panel => call.none()?,
            Meaning::Apply => self.apply(call, reply)?,
            Meaning::Select | Meaning::SelectNumber => self.select(call, reply)?,
            Meaning::Summary(which) => register(&mut self.summary, which, call, reply)?,
            Meaning::ChannelCount => {
                call.none()?;
                write_text(reply, format_args!("{}", self.channels.len()));
            }
            Meaning::Register(group, which) if self.traits.kind == Kind::Bench => {
                let index = usize::from(call.number) - 1;
                if index >= self.channels.len() {
                    return Err(code::UNDEFINED_HEADER);
                }
                register(self.group(index, group), which, call, reply)?;
            }
            _ => self.each(call, reply)?,
        }
        Ok(())
    }

    /// What is done to each of the listed channels; their answers are separated by commas.
    fn each(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let (params, meant) = self.meant(call.params)?;
        let call = Call { params, ..*call };
        for (position, index) in meant.into_iter().enumerate() {
            if call.query && position > 0 {
                reply.push(',');
            }
            match call.meaning {
                Meaning::Register(group, which) => {
                    register(self.group(index, group), which, &call, reply)?;
                }
                Meaning::Initiate => {
                    call.none()?;
                    self.channels[index].initiate(self.now)?;
                }
                Meaning::TriggerNow => {
                    call.none()?;
                    self.channels[index].trigger(self.now);
                }
                Meaning::ChannelModel => reply.push_str(self.channels[index].output.name),
                Meaning::ChannelSerial => {
                    write_text(reply, format_args!("{}{}", self.serial, index + 1));
                }
                Meaning::ChannelOptions => reply.push('0'),
                _ => {
                    let stage = &mut self.stages[index];
                    self.channels[index].carry_out(&call, stage, reply)?;
                }
            }
        }
        Ok(())
    }

    /// The parameters without their list of channels, and the channels from zero.
    fn meant<'a, 'b>(&self, params: &'a [Param<'b>]) -> Result<(&'a [Param<'b>], Vec<usize>), i16> {
        let Some((Param::Expression(list), values)) = params.split_last() else {
            return match self.traits.kind {
                Kind::Bench => Ok((params, vec![self.selected])),
                Kind::Modular => Err(code::MISSING_PARAMETER),
            };
        };
        let inside = list.strip_prefix("(@");
        let inside = inside.and_then(|list| list.strip_suffix(')'));
        let mut meant = Vec::new();
        for part in inside.ok_or(code::INVALID_EXPRESSION)?.split(',') {
            let (first, last) = part.split_once(':').unwrap_or((part, part));
            let number = |text: &str| text.trim().parse::<usize>();
            let (Ok(first), Ok(last)) = (number(first), number(last)) else {
                return Err(code::INVALID_EXPRESSION);
            };
            let (least, most) = (first.min(last), first.max(last));
            if least == 0 || most > self.channels.len() {
                return Err(code::HARDWARE_MISSING);
            }
            let range: Vec<usize> = (least - 1..most).collect();
            // As they are listed: `(@3:1)` is from the third to the first.
            if first > last {
                meant.extend(range.into_iter().rev());
            } else {
                meant.extend(range);
            }
        }
        Ok((values, meant))
    }

    fn group(&mut self, index: usize, group: Group) -> &mut status::Group {
        let channel = &mut self.channels[index];
        match group {
            Group::Questionable => &mut channel.questionable,
            Group::Operation => &mut channel.operation,
        }
    }

    /// What was never saved is as after `*RST`.
    fn recall(&mut self, number: u16) {
        let saved = self.saved.get(&number);
        for (index, channel) in self.channels.iter_mut().enumerate() {
            let settings = saved.and_then(|saved| saved.get(index)).cloned();
            channel.take(settings.unwrap_or_else(|| Settings::reset(channel.output)));
        }
    }

    /// `APPLy CH1,5,1`
    fn apply(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let (index, values) = match call.params {
            [name @ Param::Word(_), values @ ..] => (self.named(name)?, values),
            [] if call.query => (self.selected, call.params),
            [] => return Err(code::MISSING_PARAMETER),
            values => (self.selected, values),
        };
        let channel = &mut self.channels[index];
        if call.query {
            let [volts, amps] = *channel.levels();
            write_text(reply, format_args!("\"{volts:.6},{amps:.6}\""));
            return if values.is_empty() {
                Ok(())
            } else {
                Err(code::PARAMETER_NOT_ALLOWED)
            };
        }
        if values.len() > 2 {
            return Err(code::PARAMETER_NOT_ALLOWED);
        }
        // Nothing of it is done if anything of it cannot be.
        let mut levels = *channel.levels();
        for (which, value) in values.iter().enumerate() {
            levels[which] = value.number(&channel::level(channel.output, which))?;
        }
        *channel.levels() = levels;
        self.selected = index;
        Ok(())
    }

    fn select(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        if call.query {
            let number = self.selected + 1;
            match call.meaning {
                Meaning::Select => write_text(reply, format_args!("CH{number}")),
                _ => write_text(reply, format_args!("{number}")),
            }
            return call.none();
        }
        self.selected = if call.meaning == Meaning::Select {
            self.named(call.only()?)?
        } else {
            let domain = Domain {
                unit: "",
                min: 1.0,
                max: self.channels.len() as f64,
                default: 1.0,
            };
            call.only()?.number(&domain)?.round() as usize - 1
        };
        Ok(())
    }

    /// `CH1`, or what the older supply calls it: `P6V`.
    fn named(&self, param: &Param<'_>) -> Result<usize, i16> {
        let Param::Word(word) = param else {
            return Err(code::DATA_TYPE);
        };
        let is = |index: usize| {
            let name = self.channels[index].output.name;
            let number = format!("CH{}", index + 1);
            word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&number)
        };
        (0..self.channels.len())
            .find(|&index| is(index))
            .ok_or(code::ILLEGAL_VALUE)
    }
}

/// Sets or tells a register.
fn register(
    group: &mut status::Group,
    which: Register,
    call: &Told<'_>,
    reply: &mut String,
) -> Outcome {
    if !call.query {
        let value = call.only()?.whole(32_767)?;
        match which {
            Register::Enable => group.enable = value,
            Register::Positive => group.positive = value,
            Register::Negative => group.negative = value,
            Register::Event | Register::Condition => return Err(code::UNDEFINED_HEADER),
        }
        return Ok(());
    }
    call.none()?;
    let value = match which {
        Register::Event => group.take_event(),
        Register::Condition => group.condition(),
        Register::Enable => group.enable,
        Register::Positive => group.positive,
        Register::Negative => group.negative,
    };
    write_text(reply, format_args!("{value}"));
    Ok(())
}
