//! What the words do.

use super::panel::{LEAST, Panel};
use super::words::{Meaning, Protection, Quantity};
use super::{Kind, MOST_AMPS, MOST_VOLTS, OutputTraits};
use crate::scpi::header::is_mnemonic;
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_nr3, write_text};
use crate::scpi::setting::{boolean, number};
use crate::scpi::status::{Status, code};

/// Longest trigger delay, s.
const LONGEST_DELAY: f64 = 3_600.0;
/// Longest text of the display.
const DISPLAY_CHARACTERS: usize = 40;

type Told<'a> = Call<'a, Meaning>;

impl Panel {
    pub(super) fn carry_out(
        &mut self,
        call: &Told<'_>,
        _status: &mut Status,
        reply: &mut String,
    ) -> Outcome {
        let panel = matches!(call.meaning, Meaning::Remote | Meaning::Local);
        if !(call.query || panel || self.listens()) {
            return Err(code::NOT_IN_LOCAL);
        }
        let selected = self.selected;
        match call.meaning {
            Meaning::Reset => call.none().map(|()| self.reset()),
            Meaning::Save => place(call).map(|number| self.save(number)),
            Meaning::Recall => place(call).map(|number| self.recall(number)),
            Meaning::Initiate => call.none().and_then(|()| self.initiate()),
            Meaning::Trigger => call.none().and_then(|()| self.trigger()),
            Meaning::Apply => self.apply(call, reply),
            Meaning::Volts => self.volts(call, reply),
            Meaning::Amps => self.amps(call, reply),
            Meaning::VoltsStep => self.step(0, call, reply),
            Meaning::AmpsStep => self.step(1, call, reply),
            Meaning::VoltsTriggered => {
                let output = self.output(selected);
                let level = self.waiting[selected][0].unwrap_or(self.stages[selected].volts);
                let told = volts_level(level, output, call, reply)?;
                self.waiting[selected][0] = told.or(self.waiting[selected][0]);
                Ok(())
            }
            Meaning::AmpsTriggered => {
                let mut level = self.waiting[selected][1].unwrap_or(self.stages[selected].amps);
                let domain = amps_domain(self.output(selected));
                number(&mut level, &domain, call, reply)?;
                if !call.query {
                    self.waiting[selected][1] = Some(level);
                }
                Ok(())
            }
            Meaning::Output => {
                let mut on = self.stages[0].on;
                boolean(&mut on, call, reply)?;
                self.stages.iter_mut().for_each(|stage| stage.on = on);
                Ok(())
            }
            Meaning::MeasureVolts | Meaning::MeasureAmps => self.measure(call, reply),
            Meaning::Remote | Meaning::Local => {
                call.none()?;
                self.remote = call.meaning == Meaning::Remote;
                Ok(())
            }
            Meaning::Range => self.range(call, reply),
            Meaning::Protect(quantity, word) => self.protect(quantity, word, call, reply),
            Meaning::Select | Meaning::SelectNumber => self.select(call, reply),
            Meaning::Couple => self.couple(call, reply),
            Meaning::Track => {
                boolean(&mut self.tracking, call, reply)?;
                let volts = self.stages[1].volts;
                self.set_volts(1, volts);
                Ok(())
            }
            Meaning::Instruments
            | Meaning::InstrumentsEnable
            | Meaning::Instrument
            | Meaning::InstrumentCondition
            | Meaning::InstrumentEnable => self.register(call, reply),
            _ => self.front(call, reply),
        }
    }

    /// What leaves no trace at the outputs.
    fn front(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        match call.meaning {
            Meaning::PowerOnClear => boolean(&mut self.face.power_on_clear, call, reply),
            Meaning::Display => boolean(&mut self.face.display, call, reply),
            Meaning::Relay => boolean(&mut self.face.relay, call, reply),
            Meaning::TriggerDelay => {
                let domain = Domain {
                    unit: "S",
                    min: 0.0,
                    max: LONGEST_DELAY,
                    default: 0.0,
                };
                number(&mut self.trigger.delay, &domain, call, reply)
            }
            Meaning::TriggerSource if call.query => {
                reply.push_str(if self.trigger.bus { "BUS" } else { "IMM" });
                call.none()
            }
            Meaning::TriggerSource => {
                self.trigger.bus = call.only()?.choice(&["BUS", "IMMediate"])? == 0;
                Ok(())
            }
            Meaning::DisplayText if call.query => {
                write_text(reply, format_args!("\"{}\"", self.face.text));
                call.none()
            }
            Meaning::DisplayText => match call.only()? {
                Param::Text(text) => {
                    self.face.text = text.chars().take(DISPLAY_CHARACTERS).collect();
                    Ok(())
                }
                _ => Err(code::DATA_TYPE),
            },
            Meaning::DisplayClear => {
                self.face.text.clear();
                call.none()
            }
            // Modes of the display take a word; a beep takes nothing.
            _ => Ok(()),
        }
    }

    /// `APPLy P25V,28,1`, or without the output where there is one only.
    fn apply(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let (index, levels) = match (self.traits.kind, call.params) {
            (Kind::Ranged, params) => (0, params),
            (Kind::Triple, [name, levels @ ..]) => (self.output_named(name)?, levels),
            (Kind::Triple, []) if call.query => (self.selected, call.params),
            (Kind::Triple, []) => return Err(code::MISSING_PARAMETER),
        };
        let output = self.output(index);
        if call.query {
            let (stage, sign) = (&self.stages[index], sign(output));
            let (volts, amps) = (sign * stage.volts + 0.0, stage.amps);
            match self.traits.kind {
                Kind::Triple => write_text(reply, format_args!("\"{volts:.6},{amps:.6}\"")),
                Kind::Ranged => write_text(reply, format_args!("\"{volts:.5},{amps:.5}\"")),
            }
            return if levels.is_empty() {
                Ok(())
            } else {
                Err(code::PARAMETER_NOT_ALLOWED)
            };
        }
        // Nothing of it is done if anything of it cannot be.
        let (volts, amps) = match levels {
            [] if self.traits.kind == Kind::Triple => (None, None),
            [] => return Err(code::MISSING_PARAMETER),
            [volts] => (Some(volts_told(volts, output)?), None),
            [volts, amps] => {
                let amps = amps.number(&amps_domain(output))?;
                (Some(volts_told(volts, output)?), Some(amps))
            }
            _ => return Err(code::PARAMETER_NOT_ALLOWED),
        };
        self.selected = index;
        if let Some(volts) = volts {
            self.set_volts(index, volts);
        }
        let stage = &mut self.stages[index];
        stage.amps = amps.unwrap_or(stage.amps);
        Ok(())
    }

    fn volts(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let (index, output) = (self.selected, self.output(self.selected));
        let level = self.stages[index].volts;
        if let Some(stepped) = self.stepped(call, level, self.steps[0]) {
            if !(0.0..=output.max_volts).contains(&stepped) {
                return Err(code::OUT_OF_RANGE);
            }
            self.set_volts(index, stepped);
        } else if let Some(volts) = volts_level(level, output, call, reply)? {
            self.set_volts(index, volts);
        }
        Ok(())
    }

    fn amps(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let domain = amps_domain(self.output(self.selected));
        let mut level = self.stages[self.selected].amps;
        match self.stepped(call, level, self.steps[1]) {
            Some(stepped) if (domain.min..=domain.max).contains(&stepped) => level = stepped,
            Some(_) => return Err(code::OUT_OF_RANGE),
            None => number(&mut level, &domain, call, reply)?,
        }
        self.stages[self.selected].amps = level;
        Ok(())
    }

    /// The level after `UP` or `DOWN`, if that is what is told, and the model knows it.
    fn stepped(&self, call: &Told<'_>, level: f64, step: f64) -> Option<f64> {
        let [Param::Word(word)] = call.params else {
            return None;
        };
        let stepped = match (self.traits.kind, call.query) {
            (Kind::Ranged, false) if is_mnemonic("UP", word) => level + step,
            (Kind::Ranged, false) if is_mnemonic("DOWN", word) => level - step,
            _ => return None,
        };
        // Down to nothing is nothing, whatever the last bit of the sum.
        Some(if stepped.abs() < 1e-9 { 0.0 } else { stepped })
    }

    fn step(&mut self, index: usize, call: &Told<'_>, reply: &mut String) -> Outcome {
        let output = self.output(0);
        let domain = Domain {
            unit: ["V", "A"][index],
            min: 0.0,
            max: [output.max_volts, output.max_amps][index],
            default: [0.000_55, 0.000_12][index],
        };
        number(&mut self.steps[index], &domain, call, reply)
    }

    fn measure(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let index = match (self.traits.kind, call.params) {
            (_, []) => self.selected,
            (Kind::Triple, [name]) => self.output_named(name)?,
            _ => return Err(code::PARAMETER_NOT_ALLOWED),
        };
        let (output, stage) = (self.output(index), &mut self.stages[index]);
        let value = match call.meaning {
            Meaning::MeasureVolts => sign(output) * stage.measured_volts(&output.meter),
            _ => stage.measured_amps(&output.meter),
        };
        write_nr3(reply, value + 0.0);
        Ok(())
    }

    fn range(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        if call.query {
            reply.push_str(self.output(0).name);
            return call.none();
        }
        let range = call.only()?.choice(&["P15V", "P30V", "LOW", "HIGH"])? % 2;
        self.choose_range(range);
        Ok(())
    }

    fn protect(
        &mut self,
        quantity: Quantity,
        word: Protection,
        call: &Told<'_>,
        reply: &mut String,
    ) -> Outcome {
        let stage = &mut self.stages[0];
        let (guard, tripped, unit, max) = match quantity {
            Quantity::Volts => {
                let tripped = &mut stage.tripped.over_voltage;
                (&mut stage.over_voltage, tripped, "V", MOST_VOLTS)
            }
            Quantity::Amps => {
                let tripped = &mut stage.tripped.over_current;
                (&mut stage.over_current, tripped, "A", MOST_AMPS)
            }
        };
        match word {
            Protection::Level => {
                let min = LEAST[quantity as usize];
                let domain = Domain {
                    unit,
                    min,
                    max,
                    default: max,
                };
                number(&mut guard.level, &domain, call, reply)
            }
            Protection::State => boolean(&mut guard.armed, call, reply),
            Protection::Tripped => {
                write_text(reply, format_args!("{}", u8::from(*tripped)));
                call.none()
            }
            Protection::Clear => {
                *tripped = false;
                call.none()
            }
        }
    }
}

/// A number of `*SAV` and `*RCL`.
fn place(call: &Told<'_>) -> Result<u16, i16> {
    match call.only()?.whole(3)? {
        0 => Err(code::OUT_OF_RANGE),
        number => Ok(number),
    }
}

fn sign(output: &OutputTraits) -> f64 {
    if output.negative { -1.0 } else { 1.0 }
}

fn amps_domain(output: &OutputTraits) -> Domain {
    Domain {
        unit: "A",
        min: 0.0,
        max: output.max_amps,
        default: output.reset_amps,
    }
}

/// Volts as they are told, without their sign. `MAX` is the largest, on either side of zero.
fn volts_told(param: &Param<'_>, output: &OutputTraits) -> Result<f64, i16> {
    let (min, max) = match (output.negative, param) {
        (true, Param::Number { .. }) => (-output.max_volts, 0.0),
        _ => (0.0, output.max_volts),
    };
    let domain = Domain {
        unit: "V",
        min,
        max,
        default: 0.0,
    };
    Ok(param.number(&domain)?.abs())
}

/// The volts that are told; or tells them, with their sign.
fn volts_level(
    level: f64,
    output: &OutputTraits,
    call: &Told<'_>,
    reply: &mut String,
) -> Result<Option<f64>, i16> {
    if !call.query {
        return volts_told(call.only()?, output).map(Some);
    }
    let told = match call.params {
        [] => level,
        [word @ Param::Word(_)] => volts_told(word, output)?,
        _ => return Err(code::PARAMETER_NOT_ALLOWED),
    };
    write_nr3(reply, sign(output) * told + 0.0);
    Ok(None)
}
