//! The programs that a P-300 keeps, and the one that is being written: `PRGM DATA WRITE` begins,
//! fills and ends it.

use super::pattern::{self, End, Pattern, STEPS, Step};
use super::refusal;

/// Programs that can be written.
pub(super) const PROGRAMS: usize = 40;

/// All programs.
#[derive(Debug)]
pub(super) struct Memory {
    /// Whether the chamber controls humidity too.
    humid: bool,
    patterns: Vec<Option<Pattern>>,
    draft: Option<Draft>,
}

/// A program that is being written.
#[derive(Debug)]
struct Draft {
    number: usize,
    /// Whether it is an old one, whose steps may be replaced in any order.
    over: bool,
    pattern: Pattern,
}

impl Memory {
    pub(super) fn new(humid: bool) -> Memory {
        Memory {
            humid,
            patterns: vec![None; PROGRAMS],
            draft: None,
        }
    }

    /// A program, counted from 1.
    pub(super) fn get(&self, number: usize) -> Option<&Pattern> {
        self.patterns.get(number.checked_sub(1)?)?.as_ref()
    }

    /// Numbers of those that are there.
    pub(super) fn used(&self) -> Vec<usize> {
        (1..=PROGRAMS)
            .filter(|&number| self.get(number).is_some())
            .collect()
    }

    /// Forgets a program.
    pub(super) fn erase(&mut self, number: usize) -> Result<(), &'static str> {
        let slot = number
            .checked_sub(1)
            .and_then(|index| self.patterns.get_mut(index));
        let slot = slot.ok_or(refusal::READ_ONLY)?;
        slot.take().map(|_| ()).ok_or(refusal::NO_DATA)
    }

    /// Carries out what stands behind `PRGM DATA WRITE,PGM3,`. `empty` is what a new program
    /// begins as; `running` cannot be written.
    pub(super) fn write(
        &mut self,
        number: usize,
        text: &str,
        empty: Pattern,
        running: Option<usize>,
    ) -> Result<(), &'static str> {
        if !(1..=PROGRAMS).contains(&number) {
            return Err(refusal::READ_ONLY);
        }
        match text.trim() {
            "EDIT START" | "OVER WRITE START" if running == Some(number) => Err(refusal::RUNS),
            "EDIT START" | "OVER WRITE START" if self.draft.is_some() => Err(refusal::EDITED),
            "EDIT START" => {
                self.draft = Some(Draft {
                    number,
                    over: false,
                    pattern: empty,
                });
                Ok(())
            }
            "OVER WRITE START" => {
                let pattern = self.get(number).cloned().ok_or(refusal::NO_DATA)?;
                self.draft = Some(Draft {
                    number,
                    over: true,
                    pattern,
                });
                Ok(())
            }
            text => {
                let draft = self.draft.as_mut().ok_or(refusal::NOT_EDITED)?;
                if draft.number != number {
                    return Err(refusal::ANOTHER);
                }
                match text {
                    "EDIT END" | "OVER WRITE END" => self.keep(),
                    "EDIT CANCEL" | "OVER WRITE CANCEL" => {
                        self.draft = None;
                        Ok(())
                    }
                    text => draft.take(text, self.humid),
                }
            }
        }
    }

    fn keep(&mut self) -> Result<(), &'static str> {
        let draft = self.draft.as_ref().ok_or(refusal::NOT_EDITED)?;
        let steps = draft.pattern.steps.len() as u32;
        if steps == 0 {
            return Err(refusal::STEP);
        }
        if draft.pattern.counters.iter().any(|&[_, to, _]| to > steps) {
            return Err(refusal::COUNTER);
        }
        if let Some(draft) = self.draft.take() {
            self.patterns[draft.number - 1] = Some(draft.pattern);
        }
        Ok(())
    }
}

impl Draft {
    fn take(&mut self, text: &str, humid: bool) -> Result<(), &'static str> {
        let (what, rest) = text.split_once(',').ok_or(refusal::PARAMETER)?;
        let pattern = &mut self.pattern;
        match what.trim() {
            "COUNT" => return self.count(rest),
            "NAME" => rest.clone_into(&mut pattern.name),
            "END" => pattern.end = End::read(rest.trim()).ok_or(refusal::PARAMETER)?,
            "HTEMP" => pattern.limits[0] = pattern::number(rest)?,
            "LTEMP" => pattern.limits[1] = pattern::number(rest)?,
            "HHUMI" | "LHUMI" | "PRE HSV" if !humid => return Err(refusal::NOT_FITTED),
            "HHUMI" => pattern.humidity_limits[0] = pattern::number(rest)?,
            "LHUMI" => pattern.humidity_limits[1] = pattern::number(rest)?,
            "PRE TSV" => pattern.before[0].value = pattern::number(rest)?,
            "PRE HSV" => pattern.before[1].value = pattern::number(rest)?,
            "PRE MODE" => {
                let (which, mode) = rest.split_once(',').ok_or(refusal::PARAMETER)?;
                let index = match which.trim() {
                    "TEMP" => 0,
                    "HUMI" => 1,
                    _ => return Err(refusal::PARAMETER),
                };
                let mode = mode.trim();
                if !matches!(mode, "OFF" | "SV") {
                    return Err(refusal::PARAMETER);
                }
                mode.clone_into(&mut pattern.before[index].mode);
            }
            what => {
                let number = what.strip_prefix("STEP").ok_or(refusal::PARAMETER)?;
                let number: usize = number.trim().parse().map_err(|_| refusal::PARAMETER)?;
                let words: Vec<&str> = rest.split(',').collect();
                return self.step(number, &words, humid);
            }
        }
        Ok(())
    }

    /// `A(1.2.3),B(1.4.2)`
    fn count(&mut self, text: &str) -> Result<(), &'static str> {
        for counter in text.split(',') {
            let counter = counter.trim();
            let (which, rest) = counter.split_once('(').ok_or(refusal::PARAMETER)?;
            let index = match which {
                "A" => 0,
                "B" => 1,
                _ => return Err(refusal::PARAMETER),
            };
            let rest = rest.strip_suffix(')').ok_or(refusal::PARAMETER)?;
            let numbers: Vec<u32> = rest
                .split('.')
                .map_while(|number| number.trim().parse().ok())
                .collect();
            let numbers: [u32; 3] = numbers.try_into().map_err(|_| refusal::PARAMETER)?;
            let [from, to, times] = numbers;
            if from == 0 || from > to || to as usize > STEPS || times > 99 {
                return Err(refusal::COUNTER);
            }
            self.pattern.counters[index] = numbers;
        }
        Ok(())
    }

    fn step(&mut self, number: usize, words: &[&str], humid: bool) -> Result<(), &'static str> {
        let steps = &mut self.pattern.steps;
        let [high, low] = self.pattern.limits;
        let is_old = (1..=steps.len()).contains(&number);
        if number == 0 || number > STEPS || (!is_old && number != steps.len() + 1) {
            return Err(refusal::ORDER);
        }
        let has = |word| words.iter().any(|w| w.trim().starts_with(word));
        let mut step = match steps.get(number - 1) {
            Some(step) if self.over || is_old => step.clone(),
            _ if has("TEMP") && has("TIME") => Step::default(),
            _ => return Err(refusal::STEP),
        };
        step.take(words, humid)?;
        if !(low..=high).contains(&step.celsius) {
            return Err(refusal::RANGE);
        }
        match steps.get_mut(number - 1) {
            Some(old) => *old = step,
            None => steps.push(step),
        }
        Ok(())
    }
}
