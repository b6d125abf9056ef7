//! What the words do.

use super::panel::Panel;
use super::words::{Meaning, Whose};
use super::{METER, OUTPUTS, RESET};
use crate::power_supply::stage::Regulation;
use crate::scpi::header::is_mnemonic;
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_text};
use crate::scpi::setting::level;
use crate::scpi::status::{Status, code, text_of};

/// Decimals of volts, amperes and watts that are told, and that are measured.
const TOLD: [usize; 2] = [3, 4];
const MEASURED: [usize; 3] = [4, 4, 3];

type Told<'a> = Call<'a, Meaning>;

impl Panel {
    pub(super) fn carry_out(
        &mut self,
        call: &Told<'_>,
        status: &mut Status,
        reply: &mut String,
    ) -> Outcome {
        match call.meaning {
            Meaning::Reset => call.none().map(|()| self.reset()),
            Meaning::Save => place(call).map(|number| self.save(number)),
            Meaning::Recall => place(call).map(|number| self.recall(number)),
            Meaning::Initiate => call.none().map(|()| self.initiate()),
            Meaning::Trigger => call.none().and_then(|()| self.trigger()),
            Meaning::ClearStatus => {
                call.none()?;
                status.clear();
                self.summary.take_event();
                for channel in &mut self.channels {
                    channel.registers.take_event();
                }
                Ok(())
            }
            Meaning::Options => {
                reply.push('0');
                call.none()
            }
            Meaning::NextError => {
                call.none()?;
                let code = status.take_error();
                let more = if code == code::UNDEFINED_HEADER {
                    "; keyword cannot be found"
                } else {
                    ""
                };
                write_text(reply, format_args!("{code},\"{}{more}\"", text_of(code)));
                Ok(())
            }
            Meaning::Apply => self.apply(call, reply),
            Meaning::Select | Meaning::SelectNumber => self.select(call, reply),
            Meaning::Nothing => Ok(()),
            Meaning::Kept(index) => keep(&mut self.kept[index], call, reply),
            Meaning::Instruments
            | Meaning::InstrumentsEnable
            | Meaning::Instrument
            | Meaning::InstrumentCondition
            | Meaning::InstrumentEnable => self.register(call, reply),
            Meaning::Level(..)
            | Meaning::Triggered(..)
            | Meaning::Step(..)
            | Meaning::Guard(..)
            | Meaning::Guarded(..)
            | Meaning::Tripped(..)
            | Meaning::Clear(..) => self.source(call, reply),
            _ => {
                let (index, params) = self.meant(call.params)?;
                self.output(index, &Call { params, ..*call }, reply)
            }
        }
    }

    /// `:APPLy CH1,5,1`
    fn apply(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let (index, values) = self.meant(call.params)?;
        if call.query {
            let (stage, range) = (&self.stages[index], OUTPUTS[index].range);
            let (volts, amps) = (stage.volts, stage.amps);
            match values {
                [] => write_text(
                    reply,
                    format_args!("CH{}:{range},{volts:.3},{amps:.4}", index + 1),
                ),
                [one] => match one.choice(&["VOLTage", "CURRent"])? {
                    0 => write_text(reply, format_args!("{volts:.3}")),
                    _ => write_text(reply, format_args!("{amps:.4}")),
                },
                _ => return Err(code::PARAMETER_NOT_ALLOWED),
            }
            return Ok(());
        }
        if values.len() > 2 {
            return Err(code::PARAMETER_NOT_ALLOWED);
        }
        if call.params.is_empty() {
            return Err(code::MISSING_PARAMETER);
        }
        // Nothing of it is done if anything of it cannot be.
        let stage = &self.stages[index];
        let mut levels = [stage.volts, stage.amps];
        for (which, value) in values.iter().enumerate() {
            levels[which] = value.number(&domain(index, which))?;
        }
        self.selected = index;
        let stage = &mut self.stages[index];
        [stage.volts, stage.amps] = levels;
        Ok(())
    }

    /// The channel that comes first, or the selected one; and the other parameters.
    fn meant<'a, 'b>(&self, params: &'a [Param<'b>]) -> Result<(usize, &'a [Param<'b>]), i16> {
        match params {
            [name @ Param::Word(word), rest @ ..] => match channel(name) {
                Some(index) => Ok((index, rest)),
                None if word.to_ascii_uppercase().starts_with("CH") => Err(code::ILLEGAL_VALUE),
                None => Ok((self.selected, params)),
            },
            params => Ok((self.selected, params)),
        }
    }

    fn select(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let number = self.selected + 1;
        match (call.query, call.meaning) {
            (true, Meaning::Select) => write_text(reply, format_args!("CH{number}")),
            (true, _) => write_text(reply, format_args!("{number}")),
            (false, Meaning::Select) => {
                self.selected = channel(call.only()?).ok_or(code::ILLEGAL_VALUE)?;
                return Ok(());
            }
            (false, _) => {
                let domain = Domain {
                    unit: "",
                    min: 1.0,
                    max: self.stages.len() as f64,
                    default: 1.0,
                };
                self.selected = call.only()?.number(&domain)?.round() as usize - 1;
                return Ok(());
            }
        }
        call.none()
    }

    /// `VOLT 5` and `SOUR2:VOLT 5`.
    fn source(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let (Meaning::Level(which, whose)
        | Meaning::Triggered(which, whose)
        | Meaning::Step(which, whose)
        | Meaning::Guard(which, whose)
        | Meaning::Guarded(which, whose)
        | Meaning::Tripped(which, whose)
        | Meaning::Clear(which, whose)) = call.meaning
        else {
            return Err(code::UNDEFINED_HEADER);
        };
        let index = match whose {
            Whose::Selected => self.selected,
            Whose::Numbered => usize::from(call.number) - 1,
        };
        if index >= self.stages.len() {
            return Err(code::UNDEFINED_HEADER);
        }
        let domain = domain(index, which);
        match call.meaning {
            Meaning::Level(..) => {
                let stage = &mut self.stages[index];
                let mut levels = [stage.volts, stage.amps];
                let step = self.channels[index].steps[which];
                match stepped(call, step) {
                    Some(step) => {
                        let stepped = levels[which] + step;
                        if !(domain.min - 1e-9..=domain.max + 1e-9).contains(&stepped) {
                            return Err(code::OUT_OF_RANGE);
                        }
                        levels[which] = stepped.clamp(domain.min, domain.max);
                    }
                    None => number(&mut levels[which], &domain, TOLD[which], call, reply)?,
                }
                [stage.volts, stage.amps] = levels;
                Ok(())
            }
            Meaning::Triggered(..) => {
                let (stage, channel) = (&self.stages[index], &mut self.channels[index]);
                let in_force = [stage.volts, stage.amps][which];
                let mut waiting = channel.waiting[which].unwrap_or(in_force);
                number(&mut waiting, &domain, TOLD[which], call, reply)?;
                if !call.query {
                    channel.waiting[which] = Some(waiting);
                }
                Ok(())
            }
            Meaning::Step(..) => {
                let step = &mut self.channels[index].steps[which];
                number(step, &domain, TOLD[which], call, reply)
            }
            Meaning::Guard(..) => self.guard(index, which, call, reply),
            Meaning::Guarded(..) => self.guarded(index, which, call, reply),
            Meaning::Tripped(..) => self.tripped(index, which, call, reply),
            _ => self.clear(index, which, call),
        }
    }

    /// What has its channel among the parameters.
    fn output(&mut self, index: usize, call: &Told<'_>, reply: &mut String) -> Outcome {
        let stage = &mut self.stages[index];
        match call.meaning {
            Meaning::OutputGuard(which) => self.guard(index, which, call, reply),
            Meaning::OutputGuarded(which) => self.guarded(index, which, call, reply),
            Meaning::OutputTripped(which) => self.tripped(index, which, call, reply),
            Meaning::OutputClear(which) => self.clear(index, which, call),
            Meaning::Channel(which) => {
                switch(&mut self.channels[index].switches[which], call, reply)
            }
            Meaning::Output => {
                let mut on = stage.is_feeding();
                switch(&mut on, call, reply)?;
                // What has tripped stays off until that is cleared.
                stage.on = on && !stage.tripped.any();
                Ok(())
            }
            Meaning::Mode => {
                reply.push_str(match stage.regulation() {
                    Regulation::Off => "UR",
                    Regulation::Voltage => "CV",
                    Regulation::Current | Regulation::Power => "CC",
                });
                call.none()
            }
            Meaning::Measure(_) | Meaning::MeasureAll => {
                call.none()?;
                let volts = stage.measured_volts(&METER).max(0.0);
                let amps = stage.measured_amps(&METER).max(0.0);
                let values = [volts, amps, volts * amps];
                let text = |which: usize| format!("{:.*}", MEASURED[which], values[which]);
                match call.meaning {
                    Meaning::Measure(which) => reply.push_str(&text(which)),
                    _ => reply.push_str(&[0, 1, 2].map(text).join(",")),
                }
                Ok(())
            }
            _ => Err(code::UNDEFINED_HEADER),
        }
    }

    fn guard(
        &mut self,
        index: usize,
        which: usize,
        call: &Told<'_>,
        reply: &mut String,
    ) -> Outcome {
        let [min, max] = OUTPUTS[index].protection[which];
        let domain = Domain {
            unit: ["V", "A"][which],
            min,
            max,
            default: max,
        };
        let stage = &mut self.stages[index];
        let guard = [&mut stage.over_voltage, &mut stage.over_current];
        let [volts, amps] = guard;
        let guard = if which == 0 { volts } else { amps };
        number(&mut guard.level, &domain, TOLD[which], call, reply)
    }

    fn guarded(
        &mut self,
        index: usize,
        which: usize,
        call: &Told<'_>,
        reply: &mut String,
    ) -> Outcome {
        let stage = &mut self.stages[index];
        match which {
            0 => switch(&mut stage.over_voltage.armed, call, reply),
            _ => switch(&mut stage.over_current.armed, call, reply),
        }
    }

    fn tripped(&self, index: usize, which: usize, call: &Told<'_>, reply: &mut String) -> Outcome {
        let tripped = self.stages[index].tripped;
        let tripped = [tripped.over_voltage, tripped.over_current][which];
        reply.push_str(if tripped { "YES" } else { "NO" });
        call.none()
    }

    fn clear(&mut self, index: usize, which: usize, call: &Told<'_>) -> Outcome {
        call.none()?;
        let tripped = &mut self.stages[index].tripped;
        match which {
            0 => tripped.over_voltage = false,
            _ => tripped.over_current = false,
        }
        Ok(())
    }

    fn register(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let group = match call.meaning {
            Meaning::Instruments | Meaning::InstrumentsEnable => &mut self.summary,
            _ => {
                let channel = self.channels.get_mut(usize::from(call.number) - 1);
                &mut channel.ok_or(code::UNDEFINED_HEADER)?.registers
            }
        };
        if !call.query {
            group.enable = call.only()?.whole(32_767)?;
            return Ok(());
        }
        let value = match call.meaning {
            Meaning::InstrumentsEnable | Meaning::InstrumentEnable => group.enable,
            Meaning::InstrumentCondition => group.condition(),
            _ => group.take_event(),
        };
        write_text(reply, format_args!("{value}"));
        call.none()
    }
}

/// The channel that `CH1` names, from zero.
fn channel(param: &Param<'_>) -> Option<usize> {
    let Param::Word(word) = param else {
        return None;
    };
    ["CH1", "CH2", "CH3"]
        .iter()
        .position(|name| word.eq_ignore_ascii_case(name))
}

fn domain(index: usize, which: usize) -> Domain {
    Domain {
        unit: ["V", "A"][which],
        min: 0.0,
        max: OUTPUTS[index].most[which],
        default: RESET[which],
    }
}

/// By how much `UP` and `DOWN` change a level.
fn stepped(call: &Told<'_>, step: f64) -> Option<f64> {
    match call.params {
        [Param::Word(word)] if !call.query && is_mnemonic("UP", word) => Some(step),
        [Param::Word(word)] if !call.query && is_mnemonic("DOWN", word) => Some(-step),
        _ => None,
    }
}

/// A number of `*SAV` and `*RCL`.
fn place(call: &Told<'_>) -> Result<u16, i16> {
    match call.only()?.whole(10)? {
        0 => Err(code::OUT_OF_RANGE),
        number => Ok(number),
    }
}

/// Sets or tells a level with so many decimals.
fn number(
    value: &mut f64,
    domain: &Domain,
    decimals: usize,
    call: &Told<'_>,
    reply: &mut String,
) -> Outcome {
    if let Some(told) = level(value, domain, call)? {
        write_text(reply, format_args!("{told:.decimals$}"));
    }
    Ok(())
}

/// Sets or tells a switch, which this maker answers in words.
fn switch(value: &mut bool, call: &Told<'_>, reply: &mut String) -> Outcome {
    if call.query {
        reply.push_str(if *value { "ON" } else { "OFF" });
        return call.none();
    }
    *value = call.only()?.boolean()?;
    Ok(())
}

/// Keeps a word, a number or a text, and tells it again.
fn keep(kept: &mut String, call: &Told<'_>, reply: &mut String) -> Outcome {
    if call.query {
        reply.push_str(kept);
        return call.none();
    }
    *kept = match call.params {
        [Param::Word(word), ..] => word.to_ascii_uppercase(),
        [Param::Text(text), ..] => format!("\"{text}\""),
        [Param::Number { value, .. }, ..] => format!("{value}"),
        [Param::Expression(_), ..] => return Err(code::DATA_TYPE),
        [] => return Err(code::MISSING_PARAMETER),
    };
    Ok(())
}
