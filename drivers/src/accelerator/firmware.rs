//! A board whose firmware is the real one: it runs in QEMU in lock-step with the plant. This is what
//! is around the processor: its supply, its sensors, what it draws, and its line.
//!
//! The only emulator that is not a state machine of its own. It asks another process what the board
//! does next, and that process does nothing while it is not asked.

use std::sync::{Arc, OnceLock};

use profiles::command::Fault;
use profiles::quantity::Watts;
use profiles::time::BenchTime;

use super::board::Settings;
use crate::emulator::{Emulator, Outbox};
use crate::link::QemuSpec;
use crate::link::qemu::{CONTROL, Flip, Hears, LockStep, Upset};
use crate::model::EmulatorSetup;
use crate::plant::{self, BoardId, Place, Plant};

/// The converter starts again this far above where it stops, V.
const HYSTERESIS_VOLTS: f64 = 1.0;

/// Hears when bits turned over, at what place, and what that did.
pub type Witness = Arc<dyn Fn(BenchTime, String, Upset) + Send + Sync>;

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
    running: Option<LockStep>,
    /// What came on its line since it was told last.
    heard: Vec<u8>,
    /// What a latch-up takes until power goes, A.
    latched: f64,
    /// What turns over when it waits next.
    flips: Vec<(Flip, String)>,
    /// Who hears what they did.
    upsets: Option<Witness>,
    next: BenchTime,
    /// Energy since the plant was told last, J.
    joules: f64,
    trouble: Arc<OnceLock<String>>,
}

impl Firmware {
    /// Looks at the supply, and tells the plant the mean power since the last look.
    fn look(&mut self, plant: &mut Plant) -> Result<(), String> {
        let volts = plant.board(self.id).volts.0;
        let least = self.settings.min_volts;
        if self.running.is_some() && volts < least {
            self.running = None;
            self.heard.clear();
            self.flips.clear();
            self.latched = 0.0;
            self.joules = 0.0;
        } else if self.running.is_none() && volts >= least + HYSTERESIS_VOLTS {
            let running = LockStep::start(&self.spec, self.upsets.is_some())
                .map_err(|error| error.to_string())?;
            self.running = Some(running);
        }
        let mean = self.joules / plant::STEP.as_secs_f64();
        self.joules = 0.0;
        plant.draw(self.id, Watts(mean));
        Ok(())
    }

    /// Takes what the firmware told of the control period that is over, and lets it go on.
    fn step(&mut self, at: BenchTime, plant: &Plant, out: &mut Outbox) -> Result<(), String> {
        let Some(running) = &mut self.running else {
            return Ok(());
        };
        let told = running.told()?;
        if !told.octets.is_empty() {
            out.send_at(at, told.octets);
        }
        let Settings {
            idle_watts,
            busy_watts,
            ..
        } = self.settings;
        let busy_s = f64::from(told.busy_us) * 1e-6;
        self.joules += idle_watts * CONTROL.as_secs_f64() + (busy_watts - idle_watts) * busy_s;
        let state = plant.board(self.id);
        self.joules += self.latched * state.volts.0 * CONTROL.as_secs_f64();
        let (flips, places): (Vec<Flip>, Vec<String>) = self.flips.drain(..).unzip();
        let upsets = running.upset(&flips)?;
        if let Some(witness) = &self.upsets {
            for (upset, place) in upsets.into_iter().zip(places) {
                witness(at, place, upset);
            }
        }
        let rest = self.heard.split_off(self.heard.len().min(LockStep::MOST));
        running.go_on(&Hears {
            volts: state.volts.0,
            amps: state.amps.0,
            board: state.board.0,
            junction: state.junction.0,
            octets: &self.heard,
        })?;
        self.heard = rest;
        Ok(())
    }

    fn live(&mut self, at: BenchTime, plant: &mut Plant, out: &mut Outbox) -> Result<(), String> {
        self.step(at, plant, out)?;
        if at.as_micros().is_multiple_of(plant::STEP.as_micros()) {
            self.look(plant)?;
        }
        Ok(())
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
        if self.running.is_none() {
            // It may be new: what was before is none of its business.
            let grid = plant::STEP.as_micros();
            let last = BenchTime::from_micros(at.as_micros() / grid * grid);
            self.next = self.next.max(last);
        }
        // At real pace the bench may be late; the firmware's periods are none the longer.
        while self.next <= at && !self.is_over() {
            let now = self.next;
            if let Err(why) = self.live(now, plant, out) {
                self.running = None;
                let _told_once = self.trouble.set(why);
            }
            // Without power it looks for some as often as the plant moves.
            let step = self.running.as_ref().map_or(plant::STEP, |_| CONTROL);
            self.next = self.next + step;
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
