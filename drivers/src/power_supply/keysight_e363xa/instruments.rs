//! What only a supply of several outputs knows: which of them is meant, and their registers.

use super::panel::Panel;
use super::words::Meaning;
use crate::scpi::header::is_mnemonic;
use crate::scpi::message::{Domain, Param};
use crate::scpi::responder::{Call, Outcome, write_text};
use crate::scpi::status::{Group, code};

type Told<'a> = Call<'a, Meaning>;

impl Panel {
    pub(super) fn select(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let by_name = call.meaning == Meaning::Select;
        match (call.query, by_name) {
            (true, true) => reply.push_str(self.output(self.selected).name),
            (true, false) => write_text(reply, format_args!("{}", self.selected + 1)),
            (false, true) => self.selected = self.output_named(call.only()?)?,
            (false, false) => {
                let domain = Domain {
                    unit: "",
                    min: 1.0,
                    max: self.stages.len() as f64,
                    default: 1.0,
                };
                self.selected = call.only()?.number(&domain)?.round() as usize - 1;
            }
        }
        if call.query { call.none() } else { Ok(()) }
    }

    pub(super) fn couple(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        if call.query {
            let names = (0..self.stages.len()).filter(|&index| self.coupled[index]);
            let names: Vec<&str> = names.map(|index| self.output(index).name).collect();
            reply.push_str(&match names.len() {
                0 => "NONE".to_owned(),
                count if count == self.stages.len() => "ALL".to_owned(),
                _ => names.join(","),
            });
            return call.none();
        }
        let mut coupled = vec![false; self.stages.len()];
        match call.params {
            [] => return Err(code::MISSING_PARAMETER),
            [Param::Word(word)] if is_mnemonic("ALL", word) => coupled.fill(true),
            [Param::Word(word)] if is_mnemonic("NONE", word) => {}
            names => {
                for name in names {
                    coupled[self.output_named(name)?] = true;
                }
            }
        }
        self.coupled = coupled;
        Ok(())
    }

    pub(super) fn register(&mut self, call: &Told<'_>, reply: &mut String) -> Outcome {
        let group = match call.meaning {
            Meaning::Instruments | Meaning::InstrumentsEnable => &mut self.summary,
            _ => {
                let index = usize::from(call.number) - 1;
                let group = self.instruments.get_mut(index);
                group.ok_or(code::UNDEFINED_HEADER)?
            }
        };
        let enable = matches!(
            call.meaning,
            Meaning::InstrumentsEnable | Meaning::InstrumentEnable
        );
        if !call.query {
            group.enable = call.only()?.whole(32_767)?;
            return Ok(());
        }
        let value = match call.meaning {
            _ if enable => group.enable,
            Meaning::InstrumentCondition => group.condition(),
            _ => Group::take_event(group),
        };
        write_text(reply, format_args!("{value}"));
        call.none()
    }

    pub(super) fn output_named(&self, param: &Param<'_>) -> Result<usize, i16> {
        match param {
            Param::Word(name) => self.named(name).ok_or(code::ILLEGAL_VALUE),
            _ => Err(code::DATA_TYPE),
        }
    }
}
