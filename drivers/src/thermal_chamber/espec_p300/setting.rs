//! What a P-300 is told. Whatever it takes it repeats behind `OK:`.

use super::monitor;
use super::pattern::{self, Before, End, Pattern, Step};
use super::state::{Mode, State};
use super::{MARGIN, REACH, refusal};
use crate::thermal_chamber::calendar::Moment;

type Done = Result<(), &'static str>;

impl State {
    /// Carries out a setting: what stands before its first comma, and what behind it, as it was
    /// sent.
    pub(super) fn tell(&mut self, what: &str, sent: &str) -> Done {
        let rest = sent.trim().to_ascii_uppercase();
        let rest = rest.as_str();
        if self.key_protect && !matches!(what, "KEYPROTECT" | "MASK" | "SRQ") {
            return Err(refusal::PROTECTED);
        }
        match what {
            "TEMP" => self.set_temperature(rest),
            "HUMI" => self.set_humidity(rest),
            "MODE" => self.set_mode(rest),
            "POWER" => match rest {
                // It starts at its constant set point.
                "ON" if !self.is_conditioning() => self.enter(Mode::Constant),
                "ON" => Ok(()),
                "OFF" => self.enter(Mode::Off),
                _ => Err(refusal::PARAMETER),
            },
            "RELAY" => {
                let (on, which) = rest.split_once(',').ok_or(refusal::PARAMETER)?;
                let relays = pattern::relays(which, ',').ok_or(refusal::PARAMETER)?;
                match on.trim() {
                    "ON" => self.relays |= relays,
                    "OFF" => self.relays &= !relays,
                    _ => return Err(refusal::PARAMETER),
                }
                Ok(())
            }
            "SET" => {
                let number = rest.strip_prefix("REF").ok_or(refusal::PARAMETER)?;
                self.refrigeration = pattern::refrigeration(number)?;
                Ok(())
            }
            "KEYPROTECT" => self.protect_keys(rest),
            "MASK" => {
                let is_mask = rest.len() == 8 && rest.bytes().all(|b| matches!(b, b'0' | b'1'));
                if !is_mask {
                    return Err(refusal::PARAMETER);
                }
                rest.clone_into(&mut self.mask);
                Ok(())
            }
            "SRQ" if rest == "RESET" => {
                self.requests = [false; 2];
                Ok(())
            }
            "DATE" | "TIME" => self.set_clock(what, rest),
            "IPSET" => {
                let is_address = |text: &str| text.trim().parse::<std::net::Ipv4Addr>().is_ok();
                let parts: Vec<&str> = rest.split(',').collect();
                if parts.len() != 3 || !parts.iter().all(|part| is_address(part)) {
                    return Err(refusal::PARAMETER);
                }
                rest.clone_into(&mut self.network);
                Ok(())
            }
            "PRGM" => self.tell_program(rest),
            "PRGM ERASE" => {
                let number = monitor::number(rest)?;
                if self.running() == Some(number) {
                    return Err(refusal::RUNS);
                }
                self.memory.erase(number)
            }
            "PRGM DATA WRITE" => self.write_program(sent),
            "RUN PRGM" => self.run_line(rest),
            "TEMP PTC" | "PTC" | "PRGM DATA WRITE PTC" => Err(refusal::NOT_FITTED),
            "TIMER" | "TIMER WRITE" | "TIMER ERASE" => Err(refusal::NOT_SUPPORTED),
            "SRQ" => Err(refusal::PARAMETER),
            _ => Err(refusal::COMMAND),
        }
    }

    /// `S25.0 H130.0 L-40.0`, any of them: all are taken, or none.
    fn set_temperature(&mut self, text: &str) -> Done {
        let mut new = self.temperature;
        for (letter, number) in letters(text)? {
            let number = pattern::number(number)?;
            match letter {
                'S' => new.set = number,
                'H' => new.high = number,
                'L' => new.low = number,
                _ => return Err(refusal::PARAMETER),
            }
        }
        let [low, high] = [REACH[0] - MARGIN, REACH[1] + MARGIN];
        let fits = low <= new.low && new.high <= high && new.low < new.high;
        if !fits || !(new.low..=new.high).contains(&new.set) {
            return Err(refusal::RANGE);
        }
        self.temperature = new;
        Ok(())
    }

    fn set_humidity(&mut self, text: &str) -> Done {
        if !self.humid {
            return Err(refusal::NOT_FITTED);
        }
        let mut new = self.humidity;
        let mut on = self.humidity_on;
        for (letter, number) in letters(text)? {
            match (letter, number) {
                ('S', "OFF") => on = false,
                ('S', number) => (new.set, on) = (pattern::number(number)?, true),
                ('H', number) => new.high = pattern::number(number)?,
                ('L', number) => new.low = pattern::number(number)?,
                _ => return Err(refusal::PARAMETER),
            }
        }
        let fits = 0.0 <= new.low && new.high <= 100.0 && new.low < new.high;
        if !fits || !(new.low..=new.high).contains(&new.set) {
            return Err(refusal::RANGE);
        }
        (self.humidity, self.humidity_on) = (new, on);
        Ok(())
    }

    fn set_mode(&mut self, text: &str) -> Done {
        match text {
            "OFF" => self.enter(Mode::Off),
            "STANDBY" => self.enter(Mode::Standby),
            "CONSTANT" => self.enter(Mode::Constant),
            _ => {
                let number = text.strip_prefix("RUN").ok_or(refusal::PARAMETER)?;
                let number = number.trim().parse().map_err(|_| refusal::PARAMETER)?;
                self.run(number, 1)
            }
        }
    }

    fn protect_keys(&mut self, text: &str) -> Done {
        match text {
            "ON" if matches!(self.mode, Mode::Off) => Err(refusal::OFF),
            "ON" | "OFF" => {
                self.key_protect = text == "ON";
                Ok(())
            }
            _ => Err(refusal::PARAMETER),
        }
    }

    /// `24.1/31. WED`, `12:34:56`
    fn set_clock(&mut self, what: &str, text: &str) -> Done {
        let whole = |text: &str| text.trim().parse::<i64>().map_err(|_| refusal::PARAMETER);
        let now = self.calendar.now(self.now);
        let moment = if what == "DATE" {
            let (year, rest) = text.split_once('.').ok_or(refusal::PARAMETER)?;
            let (month, rest) = rest.split_once('/').ok_or(refusal::PARAMETER)?;
            let (day, _weekday) = rest.split_once('.').unwrap_or((rest, ""));
            Moment {
                year: 2_000 + whole(year)?,
                month: whole(month)?,
                day: whole(day)?,
                ..now
            }
        } else {
            let parts: Vec<&str> = text.split(':').collect();
            let &[hour, minute, second] = parts.as_slice() else {
                return Err(refusal::PARAMETER);
            };
            Moment {
                hour: whole(hour)?,
                minute: whole(minute)?,
                second: whole(second)?,
                ..now
            }
        };
        let is_set = self.calendar.set(self.now, moment);
        is_set.then_some(()).ok_or(refusal::RANGE)
    }

    /// `RUN,RAM:3,STEP1`, `PAUSE`, `CONTINUE`, `ADVANCE`, `END,HOLD`
    fn tell_program(&mut self, text: &str) -> Done {
        let (what, rest) = text.split_once(',').unwrap_or((text, ""));
        if what.trim() == "RUN" {
            let (slot, step) = rest.split_once(',').ok_or(refusal::PARAMETER)?;
            let step = step.trim().strip_prefix("STEP").ok_or(refusal::PARAMETER)?;
            let step = step.trim().parse().map_err(|_| refusal::PARAMETER)?;
            return self.run(monitor::number(slot)?, step);
        }
        let Mode::Run(run) = &mut self.mode else {
            return Err(refusal::NO_PROGRAM);
        };
        match (what.trim(), rest.trim()) {
            ("PAUSE", "") => run.player.hold(true),
            ("CONTINUE", "") => run.player.hold(false),
            ("ADVANCE", "") => run.player.skip(),
            ("END", end @ ("HOLD" | "CONST" | "OFF" | "STANDBY")) => {
                return self.end_in(End::read(end).ok_or(refusal::PARAMETER)?);
            }
            _ => return Err(refusal::PARAMETER),
        }
        Ok(())
    }

    /// `PGM3,STEP1,TEMP25.0,TIME1:00`. Names keep their letters.
    fn write_program(&mut self, sent: &str) -> Done {
        let (number, text) = sent.trim().split_once(',').ok_or(refusal::PARAMETER)?;
        let number = number.trim().to_ascii_uppercase();
        let number = number.strip_prefix("PGM").ok_or(refusal::PARAMETER)?;
        let number = number.trim().parse().map_err(|_| refusal::PARAMETER)?;
        let upper = text.to_ascii_uppercase();
        let text = if upper.trim_start().starts_with("NAME,") {
            text
        } else {
            &upper
        };
        let now = self.calendar.now(self.now);
        let date = format!("{:02}.{:02}/{:02}", now.year % 100, now.month, now.day);
        let empty = Pattern::new([self.temperature.high, self.temperature.low], date);
        let running = self.running();
        self.memory.write(number, text, empty, running)
    }

    /// `TEMP25.0 TIME1:30 GOTEMP85.0 HUMI60 RELAYON,1,2`
    fn run_line(&mut self, text: &str) -> Done {
        let limits = [self.temperature.high, self.temperature.low];
        let mut pattern = Pattern::new(limits, String::new());
        pattern.end = End::Hold;
        let mut step = Step::default();
        let (mut from, mut to, mut minutes) = (None, None, None);
        for word in text.split_whitespace() {
            if let Some(rest) = word.strip_prefix("GOTEMP") {
                to = Some(pattern::number(rest)?);
            } else if let Some(rest) = word.strip_prefix("TEMP") {
                from = Some(pattern::number(rest)?);
            } else if let Some(rest) = word.strip_prefix("TIME") {
                minutes = Some(pattern::minutes(rest)?);
            } else if let Some(rest) = word.strip_prefix("RELAYON,") {
                step.relays |= pattern::relays(rest, ',').ok_or(refusal::PARAMETER)?;
            } else if let Some(rest) = word.strip_prefix("RELAYOFF,") {
                step.relays &= !pattern::relays(rest, ',').ok_or(refusal::PARAMETER)?;
            } else if word.starts_with("HUMI") || word.starts_with("GOHUMI") {
                let humidity = word.trim_start_matches("GO").trim_start_matches("HUMI");
                step.take(&[&format!("HUMI{humidity}")], self.humid)?;
            } else {
                return Err(refusal::PARAMETER);
            }
        }
        let from = from.ok_or(refusal::PARAMETER)?;
        let minutes = minutes.ok_or(refusal::PARAMETER)?;
        let to = to.unwrap_or(from);
        let range = self.temperature.low..=self.temperature.high;
        if !range.contains(&from) || !range.contains(&to) {
            return Err(refusal::RANGE);
        }
        (step.celsius, step.minutes) = (to, minutes);
        pattern.steps = vec![step];
        pattern.before[0] = Before {
            mode: "SV".to_owned(),
            value: from,
        };
        self.run_remote(pattern, from, to, minutes)
    }
}

/// `S25.0 H 130.0` as letters and what follows each.
fn letters(text: &str) -> Result<Vec<(char, &str)>, &'static str> {
    let starts: Vec<usize> = text
        .char_indices()
        .filter(|&(at, letter)| {
            let before = text[..at].chars().next_back();
            matches!(letter, 'S' | 'H' | 'L') && before.is_none_or(|c| c == ' ' || c == ',')
        })
        .map(|(at, _)| at)
        .collect();
    if starts.first() != Some(&0) {
        return Err(refusal::PARAMETER);
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let pieces = starts.iter().zip(ends).map(|(&start, end)| {
        let piece = text[start..end].trim_end_matches([' ', ',']);
        let mut rest = piece.chars();
        let letter = rest.next().ok_or(refusal::PARAMETER)?;
        Ok((letter, rest.as_str().trim()))
    });
    pieces.collect()
}
