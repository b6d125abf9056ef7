//! What became of each injection: effects are laid to the last injection before them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::{Judged, Upsets};
use crate::check::inference::Answer;

/// What became of an injection, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    Unobserved,
    Masked,
    Corrected,
    Detected,
    Hang,
    Silent,
}

impl Effect {
    /// Those that count, the gravest first.
    pub(super) const COUNTED: [Effect; 5] = [
        Effect::Silent,
        Effect::Hang,
        Effect::Detected,
        Effect::Corrected,
        Effect::Masked,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Effect::Unobserved => "unobserved",
            Effect::Masked => "masked",
            Effect::Corrected => "corrected",
            Effect::Detected => "detected",
            Effect::Hang => "hang",
            Effect::Silent => "silent",
        }
    }
}

/// One injection with what came of it.
pub(super) struct Told {
    pub(super) at: BenchTime,
    pub(super) fault: String,
    pub(super) effect: Effect,
    /// When the effect was first seen.
    pub(super) seen: Option<BenchTime>,
    /// It, in words.
    pub(super) words: String,
    pub(super) answers: usize,
    /// Whether a new output decided otherwise than the golden.
    pub(super) decides_otherwise: bool,
}

/// Wrong outputs behind an injection that had not been given before it.
#[derive(Default)]
struct New {
    first: Option<(BenchTime, Answer)>,
    /// The first that decides otherwise, too.
    otherwise: Option<(BenchTime, Answer)>,
}

impl Upsets {
    /// What became of each injection.
    pub(super) fn told(&self) -> Vec<Told> {
        let mut wrong_before: BTreeSet<Answer> = BTreeSet::new();
        let (mut next_answer, mut next_boot) = (0, 0);
        let mut told = Vec::new();
        // Before the first injection: what is wrong then is no effect of any.
        let starts = std::iter::once(None).chain(self.injections.iter().map(Some));
        let ends = self
            .injections
            .iter()
            .map(|(at, _)| *at)
            .chain([BenchTime::MAX]);
        for (injection, end) in starts.zip(ends) {
            let from = next_answer;
            let mut new = New::default();
            while let Some(&(at, answer)) =
                self.answers.get(next_answer).filter(|(at, _)| *at < end)
            {
                while self.boots.get(next_boot).is_some_and(|boot| *boot <= at) {
                    wrong_before.clear();
                    next_boot += 1;
                }
                let is_wrong = !matches!(self.judged.get(&answer), Some(Judged::Right) | None);
                if is_wrong && wrong_before.insert(answer) {
                    new.first.get_or_insert((at, answer));
                    if matches!(self.judged.get(&answer), Some(Judged::Wrong(_))) {
                        new.otherwise.get_or_insert((at, answer));
                    }
                }
                next_answer += 1;
            }
            if let Some((at, fault)) = injection {
                let answers = next_answer - from;
                told.push(self.one((*at, end), fault, (&new, answers)));
            }
        }
        told
    }

    fn one(
        &self,
        (at, end): (BenchTime, BenchTime),
        fault: &Fault,
        (new, answers): (&New, usize),
    ) -> Told {
        let first = |times: &[BenchTime]| times.iter().copied().find(|t| at <= *t && *t < end);
        let boot = first(&self.boots);
        let silence = first(&self.silences);
        let refusal = first(&self.refusals);
        let corrected = self.rises(at, end);
        let mut stops = self.stops.iter();
        let stop = stops.find(|(when, ..)| at <= *when && *when < end);
        let (effect, seen, words) = match new.first {
            Some((when, answer)) => match self.judged.get(&answer) {
                Some(Judged::NotFinite(because)) => (Effect::Detected, Some(when), because.clone()),
                Some(Judged::Wrong(because) | Judged::Degraded(because)) => {
                    (Effect::Silent, Some(when), because.clone())
                }
                Some(Judged::Right) | None => (Effect::Masked, None, String::new()),
            },
            None if let Some((when, why, by_itself)) = stop => {
                let effect = if *by_itself {
                    Effect::Detected
                } else {
                    Effect::Hang
                };
                (effect, Some(*when), why.clone())
            }
            None if silence.is_some() => (
                Effect::Hang,
                silence,
                "a query was never answered".to_owned(),
            ),
            None if refusal.is_some() => (
                Effect::Detected,
                refusal,
                "the board refused a question".to_owned(),
            ),
            None if boot.is_some() => (Effect::Detected, boot, "the board started anew".to_owned()),
            None if corrected.is_some() => (
                Effect::Corrected,
                corrected,
                "the board counted a corrected error".to_owned(),
            ),
            None if answers == 0 => (
                Effect::Unobserved,
                None,
                "no answer came after it".to_owned(),
            ),
            None => (Effect::Masked, None, String::new()),
        };
        let mut words = words;
        if let Some((when, answer)) = new.otherwise.filter(|_| new.otherwise != new.first)
            && let Some(Judged::Wrong(because)) = self.judged.get(&answer)
        {
            let after = when.micros_since(at) as f64 * 1e-6;
            // Writing to a string cannot fail.
            let _ = write!(words, "; after {after:.3} s {because}");
        }
        if let Fault::LatchUp { .. } = fault {
            let until = boot.unwrap_or(end);
            if let Some(step) = self.current_step(at, until) {
                // Writing to a string cannot fail.
                let _ = write!(words, "{}{step}", if words.is_empty() { "" } else { "; " });
            }
        }
        Told {
            at,
            fault: format!("{}{}", injected(fault), self.site(fault)),
            effect,
            seen,
            words,
            answers,
            decides_otherwise: new.otherwise.is_some(),
        }
    }

    /// Which parameter a flip of memory hits; nothing where nobody knows.
    fn site(&self, fault: &Fault) -> String {
        let all: u64 = self.memory.iter().map(|tensor| tensor.bytes).sum();
        let Fault::BitFlip { byte, .. } = fault else {
            return String::new();
        };
        // Bytes count modulo the memory's size.
        let Some(mut byte) = u64::from(*byte).checked_rem(all) else {
            return String::new();
        };
        for tensor in &self.memory {
            if byte < tensor.bytes {
                let width = tensor
                    .bytes
                    .checked_div(tensor.elements)
                    .unwrap_or(1)
                    .max(1);
                return format!(
                    " (element {} of `{}`, {})",
                    byte / width,
                    tensor.name,
                    tensor.dtype
                );
            }
            byte -= tensor.bytes;
        }
        String::new()
    }

    /// When the count of corrected errors first rose between two times.
    fn rises(&self, at: BenchTime, end: BenchTime) -> Option<BenchTime> {
        let begin = self.corrected.partition_point(|(time, _)| *time < at);
        let inside = self.corrected.iter().skip(begin.saturating_sub(1));
        let inside = inside.take_while(|(time, _)| *time < end);
        let pairs = inside.clone().zip(inside.skip(1));
        let mut risen = pairs.filter(|(before, now)| now.1 > before.1 && now.0 >= at);
        risen.next().map(|(_, now)| now.0)
    }

    /// The board's current before a latch-up, and the most of it after.
    fn current_step(&self, at: BenchTime, end: BenchTime) -> Option<String> {
        let begin = self.amps.partition_point(|(time, _)| *time < at);
        let before = self.amps.get(begin.checked_sub(1)?)?.1;
        let after = self.amps[begin..]
            .iter()
            .take_while(|(time, _)| *time < end);
        let most = after.map(|(_, amps)| *amps).reduce(f64::max)?;
        Some(format!("its current rose from {before:.3} to {most:.3} A"))
    }
}

/// A fault as evidence tells it.
pub(super) fn injected(fault: &Fault) -> String {
    match fault {
        Fault::BitFlip { byte, bit } => format!("flip of bit {bit} of byte {byte}"),
        Fault::MemoryFlip { bit, place, .. } => format!("flip of bit {bit} of {place}"),
        Fault::OutputFlip { byte, bit } => format!("flip of bit {bit} of byte {byte} of an output"),
        Fault::ActivationFlip { byte, bit } => {
            format!("flip of bit {bit} of byte {byte} of activations")
        }
        Fault::StuckBit { byte, bit, high } => {
            format!(
                "bit {bit} of byte {byte} of outputs stuck at {}",
                u8::from(*high)
            )
        }
        Fault::Drift { percent_per_k } => format!("drift of {percent_per_k} % for each kelvin"),
        Fault::LatchUp { amps } => format!("latch-up of {amps} A"),
        Fault::Reset => "reset".to_owned(),
        Fault::Hang => "hang".to_owned(),
        Fault::Mute { millis } => format!("silence of {} s", f64::from(*millis) * 1e-3),
        Fault::BusOff { .. } => "bus-off".to_owned(),
        Fault::Babble { .. } => "babble".to_owned(),
        Fault::OverVoltageTrip => "over-voltage trip".to_owned(),
        Fault::Line { .. } => "trouble of its line".to_owned(),
        Fault::Stuck { .. } => "stuck readings".to_owned(),
        Fault::PowerCycle { .. } => "power cycle".to_owned(),
        Fault::BrownOut { .. } => "brown-out".to_owned(),
        Fault::Weak { .. } => "weakness".to_owned(),
    }
}
