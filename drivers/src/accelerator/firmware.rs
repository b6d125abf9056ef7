//! A board whose firmware is the real one: it runs in QEMU in lock-step with the plant. This is what
//! is around the processor: its supply, its sensors, what it draws, and its line.
//!
//! The only emulator that is not a state machine of its own. It asks another process what the board
//! does next, and that process does nothing while it is not asked.

use std::sync::{Arc, OnceLock};

use profiles::command::Fault;
use profiles::quantity::Watts;
use profiles::time::BenchTime;

use super::board::{Settings, WATCHDOG};
use crate::emulator::{Emulator, Outbox};
use crate::link::QemuSpec;
use crate::link::qemu::{CONTROL, Flip, Guest, Hears, LockStep, Stopped, Upset};
use crate::model::EmulatorSetup;
use crate::plant::{self, BoardId, Place, Plant};

/// The converter starts again this far above where it stops, V.
const HYSTERESIS_VOLTS: f64 = 1.0;

/// What a firmware suffered whose memory is upset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suffered {
    /// A bit turned over, at this place.
    Upset(String, Upset),
    /// Since a bit did it runs no more. Its supervisor resets it.
    Stopped {
        /// What was seen of it.
        why: String,
        /// Whether it ended itself, as a handler of faults does.
        by_itself: bool,
    },
}

/// Hears what a firmware suffered, and when.
pub type Witness = Arc<dyn Fn(BenchTime, Suffered) + Send + Sync>;

/// A board that runs `spec`, and says in `trouble` why it runs no more. Its memory can be upset if
/// there is somebody to tell of it.
///
/// # Panics
/// If `setup` puts it where no board is: the plan puts boards at places of boards.
pub fn firmware(
    spec: &QemuSpec,
    setup: &EmulatorSetup,
    trouble: &Arc<OnceLock<String>>,
    upsets: Option<Witness>,
) -> Box<dyn Emulator> {
    let Place::Board(id) = setup.place else {
        panic!("{} is a board and has a board's place", setup.device);
    };
    Box::new(Firmware {
        id,
        spec: spec.clone(),
        settings: Settings::new(&setup.options),
        running: None,
        heard: Vec::new(),
        latched: 0.0,
        flips: Vec::new(),
        upsets,
        is_upset: false,
        resets_at: None,
        next: BenchTime::ZERO,
        joules: 0.0,
        trouble: Arc::clone(trouble),
    })
}

struct Firmware {
    id: BoardId,
    spec: QemuSpec,
    settings: Settings,
    /// Nothing runs without power.
    running: Option<Guest>,
    /// What came on its line since it was told last.
    heard: Vec<u8>,
    /// What a latch-up takes until power goes, A.
    latched: f64,
    /// What turns over when it waits next.
    flips: Vec<(Flip, String)>,
    /// Who hears what they did.
    upsets: Option<Witness>,
    /// Whether a bit turned over since it started.
    is_upset: bool,
    /// When its supervisor resets it, which hears nothing of it any more.
    resets_at: Option<BenchTime>,
    next: BenchTime,
    /// Energy since the plant was told last, J.
    joules: f64,
    trouble: Arc<OnceLock<String>>,
}

impl Firmware {
    /// Looks at the supply, and tells the plant the mean power since the last look.
    fn look(&mut self, at: BenchTime, plant: &mut Plant) -> Result<(), Stopped> {
        let volts = plant.board(self.id).volts.0;
        let least = self.settings.min_volts;
        let is_on = self.running.is_some() || self.resets_at.is_some();
        if is_on && volts < least {
            self.running = None;
            self.resets_at = None;
            self.heard.clear();
            self.flips.clear();
            self.latched = 0.0;
            self.joules = 0.0;
        } else if !is_on && volts >= least + HYSTERESIS_VOLTS
            || self.resets_at.is_some_and(|resets_at| resets_at <= at)
        {
            let running = Guest::start(&self.spec, self.upsets.is_some());
            self.running = Some(running.map_err(|error| Stopped {
                why: error.to_string(),
                by_itself: false,
            })?);
            self.resets_at = None;
            self.is_upset = false;
        }
        let mean = self.joules / plant::STEP.as_secs_f64();
        self.joules = 0.0;
        plant.draw(self.id, Watts(mean));
        Ok(())
    }

    /// What it takes in a control period in which it worked for so long.
    fn takes(&mut self, busy_us: u32, plant: &Plant) {
        let Settings {
            idle_watts,
            busy_watts,
            ..
        } = self.settings;
        let period = CONTROL.as_secs_f64();
        // What is upset may tell more than there is.
        let busy_s = (f64::from(busy_us) * 1e-6).min(period);
        self.joules += idle_watts * period + (busy_watts - idle_watts) * busy_s;
        self.joules += self.latched * plant.board(self.id).volts.0 * period;
    }

    /// Takes what the firmware told of the control period that is over, and lets it go on.
    fn step(&mut self, at: BenchTime, plant: &Plant, out: &mut Outbox) -> Result<(), Stopped> {
        if self.resets_at.is_some() {
            self.takes(0, plant);
        }
        let Some(running) = &mut self.running else {
            return Ok(());
        };
        let told = running.told()?;
        if !told.octets.is_empty() {
            out.send_at(at, told.octets);
        }
        let (flips, places): (Vec<Flip>, Vec<String>) = self.flips.drain(..).unzip();
        let upsets = running.upset(&flips)?;
        self.is_upset |= !upsets.is_empty();
        if let Some(witness) = &self.upsets {
            for (upset, place) in upsets.into_iter().zip(places) {
                witness(at, Suffered::Upset(place, upset));
            }
        }
        let rest = self.heard.split_off(self.heard.len().min(LockStep::MOST));
        let state = plant.board(self.id);
        running.go_on(&Hears {
            volts: state.volts.0,
            amps: state.amps.0,
            board: state.board.0,
            junction: state.junction.0,
            octets: &self.heard,
        })?;
        self.heard = rest;
        self.takes(told.busy_us, plant);
        Ok(())
    }

    /// It runs no more. After an upset that is an effect like others: its supervisor hears nothing of
    /// it, and resets it. Without one it is the firmware's own failure.
    fn stopped(&mut self, at: BenchTime, stopped: Stopped) {
        self.running = None;
        self.heard.clear();
        self.flips.clear();
        let Stopped { why, by_itself } = stopped;
        match &self.upsets {
            Some(witness) if self.is_upset => {
                witness(at, Suffered::Stopped { why, by_itself });
                self.resets_at = Some(at + WATCHDOG);
            }
            _ => {
                let _told_once = self.trouble.set(why);
            }
        }
    }

    fn live(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        if let Err(stopped) = self.step(at, plant, out) {
            self.stopped(at, stopped);
        }
        if at.as_micros().is_multiple_of(plant::STEP.as_micros())
            && let Err(stopped) = self.look(at, plant)
        {
            self.stopped(at, stopped);
        }
    }
}

impl Emulator for Firmware {
    fn receive(&mut self, _: BenchTime, chunk: &[u8], _: &mut Plant, _: &mut Outbox) {
        // A board without power hears nothing.
        if self.running.is_some() {
            self.heard.extend_from_slice(chunk);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.next
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) {
        if self.running.is_none() && self.resets_at.is_none() {
            // It may be new: what was before is none of its business.
            let grid = plant::STEP.as_micros();
            let last = BenchTime::from_micros(at.as_micros() / grid * grid);
            self.next = self.next.max(last);
        }
        // At real pace the bench may be late; the firmware's periods are none the longer.
        while self.next <= at && !self.is_over() {
            let now = self.next;
            self.live(now, plant, out);
            // Without power it looks for some as often as the plant moves.
            let is_on = self.running.is_some() || self.resets_at.is_some();
            self.next = self.next + if is_on { CONTROL } else { plant::STEP };
        }
    }

    fn inject(&mut self, _: BenchTime, fault: &Fault, _: &mut Plant) {
        // Without power there is neither memory nor current.
        if self.running.is_none() {
            return;
        }
        // The plan allows no other fault inside of real firmware.
        match fault {
            Fault::MemoryFlip {
                address,
                bit,
                place,
            } => {
                let (address, bit) = (*address, *bit);
                self.flips.push((Flip { address, bit }, place.clone()));
            }
            Fault::LatchUp { amps } => self.latched += amps,
            _ => {}
        }
    }

    fn is_over(&self) -> bool {
        self.trouble.get().is_some()
    }
}
