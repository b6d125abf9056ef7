//! Programs of a P-300: steps, two counters and an end, as they are written and as they are told.

use std::fmt::Write as _;

use super::refusal;
use crate::thermal_chamber::program::{Leg, Program, Return, Way};

/// Steps of a program.
pub(super) const STEPS: usize = 99;
/// How near the air must be for the time of a guaranteed step to count, K.
const GUARANTEED: f64 = 1.0;

/// One program.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    pub(super) name: String,
    /// `24.01/31`, when it was written.
    pub(super) date: String,
    pub(super) steps: Vec<Step>,
    /// First step, last step and how often, for counters A and B.
    pub(super) counters: [[u32; 3]; 2],
    pub(super) end: End,
    /// Highest and lowest temperature.
    pub(super) limits: [f64; 2],
    /// Highest and lowest humidity.
    pub(super) humidity_limits: [f64; 2],
    /// Where it begins: `OFF` at the air's own temperature, `SV` at a set point.
    pub(super) before: [Before; 2],
}

/// Where temperature and humidity begin.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Before {
    pub(super) mode: String,
    pub(super) value: f64,
}

/// What a program ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Off,
    Standby,
    Constant,
    Hold,
    Run(usize),
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own that is written and told"
)]
pub(super) struct Step {
    pub(super) celsius: f64,
    pub(super) ramp: bool,
    pub(super) humidity: Option<f64>,
    pub(super) humidity_ramp: bool,
    pub(super) minutes: u32,
    pub(super) guaranteed: bool,
    pub(super) pauses: bool,
    pub(super) refrigeration: u8,
    pub(super) relays: u16,
}

impl Default for Step {
    fn default() -> Step {
        Step {
            celsius: 23.0,
            ramp: false,
            humidity: None,
            humidity_ramp: false,
            minutes: 0,
            guaranteed: false,
            pauses: false,
            refrigeration: 9,
            relays: 0,
        }
    }
}

impl Pattern {
    pub(super) fn new(limits: [f64; 2], date: String) -> Pattern {
        let before = Before {
            mode: "OFF".to_owned(),
            value: 0.0,
        };
        Pattern {
            name: String::new(),
            date,
            steps: Vec::new(),
            counters: [[0; 3]; 2],
            end: End::Off,
            limits,
            humidity_limits: [98.0, 0.0],
            before: [before.clone(), before],
        }
    }

    /// `2,<name>,COUNT,A(1.2.3),B(0.0.0),END(OFF)`
    pub(super) fn told(&self) -> String {
        let [a, b] = self
            .counters
            .map(|[from, to, times]| format!("{from}.{to}.{times}"));
        let (steps, name, end) = (self.steps.len(), &self.name, self.end.told());
        format!("{steps},<{name}>,COUNT,A({a}),B({b}),END({end})")
    }

    /// `155.0,-45.0,98,0,TEMPOFF,HUMIOFF`
    pub(super) fn details(&self, humid: bool) -> String {
        let [high, low] = self.limits;
        let mut text = format!("{high:.1},{low:.1},");
        let [celsius, humidity] = &self.before;
        if humid {
            let [high, low] = self.humidity_limits;
            write(&mut text, format_args!("{high:.0},{low:.0},"));
        }
        write(&mut text, format_args!("TEMP{}", celsius.mode));
        if celsius.mode == "SV" {
            write(&mut text, format_args!(",{:.1}", celsius.value));
        }
        if humid {
            write(&mut text, format_args!(",HUMI{}", humidity.mode));
            if humidity.mode == "SV" {
                write(&mut text, format_args!(",{:.0}", humidity.value));
            }
        }
        text
    }

    /// What it means to the set point.
    pub(super) fn program(&self) -> Program {
        let legs = self.steps.iter().map(|step| Leg {
            target: Some(step.celsius),
            way: if step.ramp { Way::Ramp } else { Way::Step },
            seconds: f64::from(step.minutes) * 60.0,
            within: step.guaranteed.then_some(GUARANTEED),
            pauses: step.pauses,
        });
        let returns = self.counters.iter().map(|&[from, to, times]| Return {
            // A counter that is not set never returns.
            after: (to as usize).wrapping_sub(1),
            to: (from as usize).saturating_sub(1),
            times,
        });
        Program {
            legs: legs.collect(),
            returns: returns.collect(),
        }
    }
}

impl End {
    /// Reads `OFF`, `RUN,PTN3`.
    pub(super) fn read(text: &str) -> Option<End> {
        Some(match text {
            "OFF" => End::Off,
            "STANDBY" => End::Standby,
            "CONSTANT" | "CONST" => End::Constant,
            "HOLD" => End::Hold,
            _ => End::Run(text.strip_prefix("RUN,PTN")?.parse().ok()?),
        })
    }

    /// `OFF`, `RUN:3`
    pub(super) fn told(self) -> String {
        match self {
            End::Off => "OFF".to_owned(),
            End::Standby => "STANDBY".to_owned(),
            End::Constant => "CONSTANT".to_owned(),
            End::Hold => "HOLD".to_owned(),
            End::Run(number) => format!("RUN:{number}"),
        }
    }
}

impl Step {
    /// `1,TEMP25.0,TEMP RAMP OFF,HUMI OFF,TIME1:30,GRANTY OFF,REF9,RELAY ON1.2,PAUSE OFF`
    pub(super) fn told(&self, number: usize, humid: bool) -> String {
        let on = |on| if on { "ON" } else { "OFF" };
        let mut text = format!(
            "{number},TEMP{:.1},TEMP RAMP {}",
            self.celsius,
            on(self.ramp)
        );
        match self.humidity {
            _ if !humid => {}
            None => text.push_str(",HUMI OFF"),
            Some(humidity) => {
                let ramp = on(self.humidity_ramp);
                write(
                    &mut text,
                    format_args!(",HUMI{humidity:.0},HUMI RAMP {ramp}"),
                );
            }
        }
        let (hours, minutes) = (self.minutes / 60, self.minutes % 60);
        let granty = on(self.guaranteed);
        write(
            &mut text,
            format_args!(
                ",TIME{hours}:{minutes:02},GRANTY {granty},REF{}",
                self.refrigeration
            ),
        );
        if self.relays != 0 {
            let relays: Vec<String> = numbers(self.relays).map(|n| n.to_string()).collect();
            write(&mut text, format_args!(",RELAY ON{}", relays.join(".")));
        }
        write(&mut text, format_args!(",PAUSE {}", on(self.pauses)));
        text
    }

    /// Takes what is written to a step: `TEMP25.0`, `TRAMPON`, `HUMI60`, `TIME1:30`, …
    pub(super) fn take(&mut self, words: &[&str], humid: bool) -> Result<(), &'static str> {
        for word in words {
            self.take_word(word.trim(), humid)?;
        }
        Ok(())
    }

    fn take_word(&mut self, word: &str, humid: bool) -> Result<(), &'static str> {
        let on = |text: &str| match text.trim() {
            "ON" => Ok(true),
            "OFF" => Ok(false),
            _ => Err(refusal::PARAMETER),
        };
        let relays = |text: &str| relays(text, '.').ok_or(refusal::PARAMETER);
        if let Some(rest) = word.strip_prefix("TRAMP") {
            self.ramp = on(rest)?;
        } else if let Some(rest) = word.strip_prefix("TEMP") {
            self.celsius = number(rest)?;
        } else if word.starts_with("HUMI") && !humid {
            return Err(refusal::NOT_FITTED);
        } else if let Some(rest) = word.strip_prefix("HRAMP") {
            self.humidity_ramp = on(rest)?;
        } else if let Some(rest) = word.strip_prefix("HUMI") {
            self.humidity = match rest.trim() {
                "OFF" => None,
                rest => Some(number(rest)?),
            };
        } else if let Some(rest) = word.strip_prefix("TIME") {
            self.minutes = minutes(rest)?;
        } else if let Some(rest) = word.strip_prefix("GRANTY") {
            self.guaranteed = on(rest)?;
        } else if let Some(rest) = word.strip_prefix("PAUSE") {
            self.pauses = on(rest)?;
        } else if let Some(rest) = word.strip_prefix("RELAY ON") {
            self.relays |= relays(rest)?;
        } else if let Some(rest) = word.strip_prefix("RELAY OFF") {
            self.relays &= !relays(rest)?;
        } else if let Some(rest) = word.strip_prefix("REF") {
            self.refrigeration = refrigeration(rest)?;
        } else if word.starts_with("PTC") || word.starts_with("DEV") {
            return Err(refusal::NOT_FITTED);
        } else {
            return Err(refusal::PARAMETER);
        }
        Ok(())
    }
}

/// A finite number, perhaps with blanks around it.
pub(super) fn number(text: &str) -> Result<f64, &'static str> {
    let number = text.trim().parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite());
    number.ok_or(refusal::PARAMETER)
}

/// `1:30`; a step lasts at most 99 h 59 min.
pub(super) fn minutes(text: &str) -> Result<u32, &'static str> {
    let (hours, minutes) = text.split_once(':').ok_or(refusal::PARAMETER)?;
    let whole = |text: &str| text.trim().parse::<u32>().map_err(|_| refusal::PARAMETER);
    let (hours, minutes) = (whole(hours)?, whole(minutes)?);
    if hours > 99 || minutes > 59 {
        return Err(refusal::RANGE);
    }
    Ok(hours * 60 + minutes)
}

/// The cooling that is set by hand: 0 none, 1 20 %, 3 50 %, 6 100 %, 9 automatic.
pub(super) fn refrigeration(text: &str) -> Result<u8, &'static str> {
    let number: u8 = text.trim().parse().map_err(|_| refusal::PARAMETER)?;
    let is_known = matches!(number, 0 | 1 | 3 | 6 | 9);
    is_known.then_some(number).ok_or(refusal::RANGE)
}

/// `1,3` as bits; there are twelve.
pub(super) fn relays(text: &str, between: char) -> Option<u16> {
    text.split(between).try_fold(0, |bits, number| {
        let number: u16 = number.trim().parse().ok()?;
        (1..=12).contains(&number).then(|| bits | 1 << (number - 1))
    })
}

/// Bits as `1`, `3`.
pub(super) fn numbers(relays: u16) -> impl Iterator<Item = u16> {
    (1..=12).filter(move |number| relays >> (number - 1) & 1 == 1)
}

pub(super) fn write(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what)
        .expect("a String takes whatever is written");
}
