//! An RCDAT as a state machine: lines in, answers out.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::{STEP_DB, Traits, nearest_step};
use crate::ascii::{Lines, text_of};
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::options::latency_us;
use crate::plant::Plant;

/// An attenuator.
pub(super) struct Attenuator {
    lines: Lines,
    traits: &'static Traits,
    serial: String,
    db: f64,
    /// What it is switched on with, dB, and how that is chosen: last, fixed or the default.
    startup: (f64, char),
    latency_us: u64,
    busy_until: BenchTime,
    muted_until: BenchTime,
}

impl Attenuator {
    pub(super) fn new(setup: &EmulatorSetup, traits: &'static Traits) -> Attenuator {
        Attenuator {
            lines: Lines::default(),
            traits,
            serial: setup.options.text("serial").unwrap_or("0").to_owned(),
            // As it leaves the factory it is switched on with its most.
            db: traits.most_db,
            startup: (traits.most_db, 'N'),
            latency_us: latency_us(&setup.options, 0.003),
            busy_until: BenchTime::ZERO,
            muted_until: BenchTime::ZERO,
        }
    }

    /// Carries out one line; `0` is its answer to whatever it does not know.
    fn carry_out(&mut self, line: &str) -> String {
        let line = line.trim().to_ascii_uppercase();
        let line = line.strip_prefix(':').unwrap_or(&line);
        // Models with one channel take the words of those with four, and have channel 1.
        let line = match line.strip_prefix("CHAN:") {
            Some(rest) => match rest.split_once(':') {
                Some(("1", rest)) => rest,
                _ => return "0".to_owned(),
            },
            None => line,
        };
        let level = |word: &str| {
            let rest = line.strip_prefix(word)?;
            rest.strip_prefix(['=', ':'])?.trim().parse::<f64>().ok()
        };
        match line {
            "MN?" => format!("MN={}", self.traits.model),
            "SN?" => format!("SN={}", self.serial),
            "FIRMWARE?" => "FIRMWARE=C7".to_owned(),
            "ATT?" => format!("{:.2}", self.db),
            "STARTUPATT:VALUE?" => format!("{:.2}", self.startup.0),
            "STARTUPATT:INDICATOR?" => self.startup.1.to_string(),
            _ => match (level("SETATT"), level("STARTUPATT:VALUE")) {
                (Some(db), _) => self.set(db).to_owned(),
                (_, Some(db)) if self.has(db) => {
                    self.startup.0 = nearest_step(db);
                    "1".to_owned()
                }
                _ => match line.strip_prefix("STARTUPATT:INDICATOR:") {
                    Some(word @ ("L" | "F" | "N")) => {
                        self.startup.1 = word.chars().next().unwrap_or('N');
                        "1".to_owned()
                    }
                    _ => "0".to_owned(),
                },
            },
        }
    }

    fn has(&self, db: f64) -> bool {
        (0.0..=self.traits.most_db + STEP_DB / 2.0).contains(&db)
    }

    fn set(&mut self, db: f64) -> &'static str {
        if !db.is_finite() || db < 0.0 {
            "0"
        } else if self.has(db) {
            self.db = nearest_step(db).min(self.traits.most_db);
            "1"
        } else {
            self.db = self.traits.most_db;
            "2"
        }
    }
}

impl Emulator for Attenuator {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], _plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        for line in self.lines.receive(chunk) {
            let answer = match text_of(line) {
                Some(line) => self.carry_out(&line),
                None => "0".to_owned(),
            };
            self.busy_until = at.max(self.busy_until).plus_micros(self.latency_us);
            out.send_at(self.busy_until, format!("{answer}\r\n"));
        }
    }

    fn next_action(&self) -> BenchTime {
        BenchTime::MAX
    }

    fn act(&mut self, _at: BenchTime, _plant: &mut Plant, _out: &mut Outbox) {}

    fn inject(&mut self, at: BenchTime, fault: &Fault, _plant: &mut Plant) {
        if let Fault::Mute { millis } = fault {
            self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
            self.lines.forget();
        }
    }
}
