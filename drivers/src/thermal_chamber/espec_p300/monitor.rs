//! What a P-300 answers to questions.

use super::memory::{Memory, PROGRAMS};
use super::pattern::{Pattern, numbers};
use super::state::{Mode, Run, State};
use super::{Outcome, refusal};
use crate::thermal_chamber::cabinet::effort;

impl State {
    /// Answers `what?`, with what stands behind its comma.
    pub(super) fn answer(&self, what: &str, rest: &str) -> Outcome {
        let on = |on| if on { "ON" } else { "OFF" };
        Ok(match (what, rest) {
            ("TEMP", "") => {
                let (set, limits) = (self.set_point(), self.temperature);
                format!(
                    "{:.1},{set:.1},{:.1},{:.1}",
                    self.air, limits.high, limits.low
                )
            }
            ("HUMI", "") => self.humidity_told()?,
            ("MON", "" | "DETAIL") => {
                let mode = self.mode_told(rest == "DETAIL");
                let damp = if self.humid {
                    format!("{:.0}", self.damp)
                } else {
                    String::new()
                };
                format!("{:.1},{damp},{mode},{}", self.air, self.alarms.len())
            }
            ("MODE", "" | "DETAIL") => self.mode_told(rest == "DETAIL").to_owned(),
            ("TYPE", "") if self.humid => "T,T,S2,160.0".to_owned(),
            ("TYPE", "") => "T,S2,160.0".to_owned(),
            ("ROM", "") => "P3.01".to_owned(),
            ("ROM", "DISP") => "D1.01".to_owned(),
            ("DATE", "") => {
                let now = self.calendar.now(self.now);
                format!(
                    "{:02}.{:02}/{:02}. {}",
                    now.year % 100,
                    now.month,
                    now.day,
                    now.weekday()
                )
            }
            ("TIME", "") => {
                let now = self.calendar.now(self.now);
                format!("{:02}:{:02}:{:02}", now.hour, now.minute, now.second)
            }
            ("SRQ", "") => {
                let [alarm, change] = self.requests.map(u8::from);
                format!("0{alarm}0{change}0000")
            }
            ("MASK", "") => self.mask.clone(),
            ("ALARM", "") => counted(self.alarms.iter()),
            ("KEYPROTECT", "") => on(self.key_protect).to_owned(),
            ("RELAY", "") => counted(numbers(self.relays)),
            ("SET", "") => format!("REF{}", self.refrigeration),
            ("REF", "") => {
                let cools = self.power() < -0.05;
                let deep = cools && self.set_point() < 0.0;
                format!("2,{}1,{}2", on(deep), on(cools))
            }
            ("%", "") => self.heaters(),
            ("TIMER ON" | "TIMER USE", "") => "0".to_owned(),
            ("SYSTEM SET", "PTCOPT" | "PTC" | "PTS") => "OFF".to_owned(),
            ("IPSET", "") => self.network.clone(),
            ("CONSTANT SET", rest) => self.constant(rest)?,
            ("PRGM MON", "") => self.program_monitor()?,
            ("PRGM SET", "") => self.program_set()?,
            ("PRGM USE", rest) => used(&self.memory, rest)?,
            ("PRGM DATA", rest) => self.program_told(rest)?,
            ("RUN PRGM MON" | "RUN PRGM", "") => self.remote_told(what == "RUN PRGM")?,
            ("MON PTC" | "TEMP PTC" | "SET PTC" | "PTC" | "PRGM DATA PTC", _) => {
                return Err(refusal::NOT_FITTED);
            }
            ("TIMER LIST", _) => return Err(refusal::NOT_SUPPORTED),
            _ if KNOWN.contains(&what) => return Err(refusal::PARAMETER),
            _ => return Err(refusal::COMMAND),
        })
    }

    fn humidity_told(&self) -> Outcome {
        if !self.humid {
            return Err(refusal::NOT_FITTED);
        }
        let limits = self.humidity;
        let set = if self.humidity_on {
            format!("{:.0}", limits.set)
        } else {
            "OFF".to_owned()
        };
        Ok(format!(
            "{:.0},{set},{:.0},{:.0}",
            self.damp, limits.high, limits.low
        ))
    }

    fn power(&self) -> f64 {
        self.target().map_or(0.0, |target| effort(target, self.air))
    }

    fn heaters(&self) -> String {
        let heat = self.power().max(0.0) * 100.0;
        if !self.humid {
            return format!("1,{heat:.1}");
        }
        let humidity = self.humidity_target().unwrap_or(0.0);
        let wet = ((humidity - self.damp) * 10.0).clamp(0.0, 100.0);
        format!("2,{heat:.1},{wet:.1}")
    }

    fn constant(&self, what: &str) -> Outcome {
        Ok(match what {
            "TEMP" => format!("{:.1},ON", self.temperature.set),
            "HUMI" if self.humid => {
                let on = if self.humidity_on { "ON" } else { "OFF" };
                format!("{:.0},{on}", self.humidity.set)
            }
            "HUMI" | "PTC" => return Err(refusal::NOT_FITTED),
            "REF" => match self.refrigeration {
                0 => "OFF".to_owned(),
                1 => "20".to_owned(),
                3 => "50".to_owned(),
                6 => "100".to_owned(),
                _ => "AUTO".to_owned(),
            },
            "RELAY" => counted(numbers(self.relays)),
            _ => return Err(refusal::PARAMETER),
        })
    }

    fn program_monitor(&self) -> Outcome {
        let run = self.run_of(false)?;
        let (step, player) = (run.player.leg() + 1, &run.player);
        let step = step.min(run.pattern.steps.len());
        let [a, b] = [0, 1].map(|counter| player.returns_left(counter));
        let (hours, minutes) = left(run);
        let humidity = match self.humidity_target() {
            _ if !self.humid => String::new(),
            Some(humidity) => format!("{humidity:.0},"),
            None => "OFF,".to_owned(),
        };
        let set = player.set_point();
        Ok(format!(
            "{step},{set:.1},{humidity}{hours}:{minutes:02},{a},{b}"
        ))
    }

    fn program_set(&self) -> Outcome {
        let run = self.run_of(false)?;
        let number = run.number.ok_or(refusal::NO_PROGRAM)?;
        let name = match run.pattern.name.as_str() {
            "" => " ",
            name => name,
        };
        let end = run.pattern.end.told();
        let end = end.split(':').next().unwrap_or_default();
        Ok(format!("RAM:{number},{name},END({end})"))
    }

    fn remote_told(&self, settings: bool) -> Outcome {
        let run = self.run_of(true)?;
        let humidity = self.humidity_target();
        if !settings {
            let (hours, minutes) = left(run);
            let set = run.player.set_point();
            let humidity = match humidity {
                _ if !self.humid => String::new(),
                humidity => format!("{:.0},", humidity.unwrap_or(0.0)),
            };
            return Ok(format!("1,{set:.1},{humidity}{hours}:{minutes:02},0"));
        }
        let step = run.pattern.steps.first().ok_or(refusal::NO_PROGRAM)?;
        let from = run.pattern.before[0].value;
        let damp = humidity.map_or(String::new(), |h| format!(" HUMI{h:.0} GOHUMI{h:.0}"));
        let relays: Vec<String> = numbers(step.relays).map(|n| n.to_string()).collect();
        let relays = match relays.join(",") {
            none if none.is_empty() => none,
            relays => format!(" RELAYON,{relays}"),
        };
        Ok(format!(
            "TEMP{from:.1} GOTEMP{:.1}{damp} TIME{}:{:02} REF{}{relays}",
            step.celsius,
            step.minutes / 60,
            step.minutes % 60,
            self.refrigeration
        ))
    }

    fn run_of(&self, remote: bool) -> Result<&Run, &'static str> {
        match &self.mode {
            Mode::Run(run) if run.number.is_none() == remote => Ok(run),
            _ => Err(refusal::NO_PROGRAM),
        }
    }

    /// `RAM:3`, `RAM:3,DETAIL`, `RAM:3,STEP1`
    fn program_told(&self, rest: &str) -> Outcome {
        let (slot, what) = rest.split_once(',').unwrap_or((rest, ""));
        let pattern = kept(&self.memory, slot)?;
        match what.trim() {
            "" => Ok(pattern.told()),
            "DETAIL" => Ok(pattern.details(self.humid)),
            what => {
                let number = what.strip_prefix("STEP").ok_or(refusal::PARAMETER)?;
                let number: usize = number.trim().parse().map_err(|_| refusal::PARAMETER)?;
                let step = number
                    .checked_sub(1)
                    .and_then(|index| pattern.steps.get(index));
                let step = step.ok_or(refusal::RANGE)?;
                Ok(step.told(number, self.humid))
            }
        }
    }
}

/// Questions that are known, whatever stands behind them.
const KNOWN: [&str; 24] = [
    "TEMP",
    "HUMI",
    "MON",
    "MODE",
    "TYPE",
    "ROM",
    "DATE",
    "TIME",
    "SRQ",
    "MASK",
    "ALARM",
    "KEYPROTECT",
    "RELAY",
    "SET",
    "REF",
    "%",
    "TIMER ON",
    "TIMER USE",
    "SYSTEM SET",
    "IPSET",
    "PRGM MON",
    "PRGM SET",
    "RUN PRGM MON",
    "RUN PRGM",
];

/// `2,1,3`: how many, then which.
fn counted<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    let mut told = vec![items.len().to_string()];
    told.extend(items);
    told.join(",")
}

/// Hours and minutes that are left of the step, whole minutes that have begun.
fn left(run: &Run) -> (u32, u32) {
    let minutes = (run.player.seconds_left() / 60.0).ceil() as u32;
    (minutes / 60, minutes % 60)
}

/// Number of the program in `RAM:3`.
pub(super) fn number(slot: &str) -> Result<usize, &'static str> {
    let (kind, number) = slot.trim().split_once(':').ok_or(refusal::PARAMETER)?;
    let number: usize = number.trim().parse().map_err(|_| refusal::PARAMETER)?;
    match kind {
        "RAM" if (1..=PROGRAMS).contains(&number) => Ok(number),
        // There is nothing in read-only memory.
        "RAM" | "ROM" => Err(refusal::NO_DATA),
        _ => Err(refusal::PARAMETER),
    }
}

fn kept<'a>(memory: &'a Memory, slot: &str) -> Result<&'a Pattern, &'static str> {
    memory.get(number(slot)?).ok_or(refusal::NO_DATA)
}

/// `RAM`: the programs that are there; `RAM:3`: name and date of one.
fn used(memory: &Memory, rest: &str) -> Outcome {
    match rest.trim() {
        "RAM" => Ok(counted(memory.used().into_iter())),
        "ROM" => Ok("0".to_owned()),
        slot => {
            let pattern = kept(memory, slot)?;
            Ok(format!("{},{}", pattern.name, pattern.date))
        }
    }
}
