//! The emulated board that every make speaks for: power, boot, heat, memory and a network that is
//! really run. It knows time and the plant, but no protocol.
//!
//! How long an inference takes is a model (nominal duration, clock, a little jitter from the
//! seed); what comes out of it is computed.

mod clock;
mod faults;
mod health;
mod memory;
mod options;
mod sensors;
mod work;

use std::sync::Arc;

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use profiles::command::PowerMode;
use profiles::quantity::Watts;
use profiles::seed::Stream;
use profiles::time::{BenchTime, Period};

use super::network::{self, Memo, Network};
use super::role::Inference;
use crate::model::EmulatorSetup;
use crate::plant::{self, BoardId, Place, Plant};

pub(crate) use health::{Health, Source, source};
pub(crate) use memory::Refusal;
pub(crate) use options::{
    AIR_CONDUCTANCE_OPTION, AXES, CLOCK_OFFSET, CLOCK_PPM, ECC, HEAT_CAPACITY_OPTION,
    LATCH_UP_TRIP, MIN_VOLTS_OPTION, OnboardClock, Settings, TELEMETRY_HZ, busy_watts, idle_watts,
    latency, network, network_among,
};
pub use options::{board_traits, pacing};

use clock::{Governor, Job};
use faults::Flaws;
use memory::Memory;

/// From power to the first telemetry.
const BOOT: Period = Period::millis(3_000);
/// From a hang to the watchdog's reset: its supervisor waits for 1.6 s, as a MAX706 does (Maxim,
/// "MAX705-MAX708", electrical characteristics, watchdog timeout period).
pub(super) const WATCHDOG: Period = Period::millis(1_600);
/// The converter starts again this far above where it stops, V.
const HYSTERESIS_VOLTS: f64 = 1.0;
/// Standard deviation of the duration of an inference, relative (DRAM refresh, cache misses).
const JITTER: f64 = 0.004;
/// Corrected memory errors per second: one in ten minutes, as quiet orbits have.
const UPSETS_PER_S: f64 = 1.0 / 600.0;

/// CRC-32 of zip and Ethernet, for output digests.
static DIGEST: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// What happened on the board by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Happened {
    /// It is up, for this reason.
    Booted(Cause),
    /// The first token of an inference is there: query, input, and µs since it began.
    FirstToken(u32, u16, u32),
    /// An inference is done.
    Inferred(Inference),
    /// The inference under way has been given up.
    GaveUp(Refusal),
}

/// Why a board booted. The numbers go over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Power came.
    Power = 0,
    /// It reset.
    Reset = 1,
    /// Its watchdog reset it.
    Watchdog = 2,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Power {
    Off,
    Booting {
        until: BenchTime,
        cause: Cause,
    },
    On {
        since: BenchTime,
    },
    /// Its processor does nothing any more, and its watchdog waits.
    Hung {
        until: BenchTime,
    },
}

/// One board.
pub(crate) struct Board {
    id: BoardId,
    settings: Settings,
    network: Network,
    /// As it is in flash.
    flash: Arc<Network>,
    /// How often the network's memory changed: an output of another state is none of this one.
    changes: u64,
    upset: bool,
    memo: Memo,
    memory: Memory,
    power: Power,
    governor: Governor,
    parked: bool,
    job: Option<Job>,
    muted_until: BenchTime,
    /// Until when its sensors say what they said.
    stuck_until: BenchTime,
    /// What its sensors said last.
    sensed: [f64; 4],
    flaws: Flaws,
    now: BenchTime,
    next_look: BenchTime,
    /// Energy since the last look at the plant, J.
    joules: f64,
    counts: Counts,
    noise: Stream,
    jitter: Stream,
    upsets: Stream,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    inferences: u32,
    corrected: u32,
    rejected: u32,
}

impl Board {
    /// A board without power, where `setup` puts it.
    ///
    /// # Panics
    /// If that is no place for a board, or its network does not load: both are ours.
    pub(crate) fn new(setup: &EmulatorSetup) -> Board {
        let Place::Board(id) = setup.place else {
            panic!("{} is a board and has a board's place", setup.device);
        };
        let settings = Settings::new(&setup.options);
        let flash = network::of_board(&setup.options, setup.network.as_ref())
            .expect("a board's options name a network, and files of some are loaded with them");
        let stream = |purpose| setup.seed.stream(setup.device.as_str(), purpose);
        Board {
            id,
            network: (*flash).clone(),
            flash,
            settings,
            changes: 0,
            upset: false,
            memo: Memo::new(),
            memory: Memory::default(),
            power: Power::Off,
            governor: Governor::default(),
            parked: false,
            job: None,
            muted_until: BenchTime::ZERO,
            stuck_until: BenchTime::ZERO,
            sensed: [0.0; 4],
            flaws: Flaws::default(),
            now: BenchTime::ZERO,
            next_look: BenchTime::ZERO,
            joules: 0.0,
            counts: Counts::default(),
            noise: stream("sensors"),
            jitter: stream("latency"),
            upsets: stream("upsets"),
        }
    }

    /// Its settings.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether it takes requests.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.power, Power::On { .. })
    }

    /// Whether its transmitter is silent at `at`.
    pub(crate) fn is_muted(&self, at: BenchTime) -> bool {
        at < self.muted_until
    }

    /// When it next does something by itself, in whole milliseconds.
    pub(crate) fn next_action(&self) -> BenchTime {
        let job = self.job.map_or(BenchTime::MAX, |job| {
            let share = self.governor.share();
            job.first_ends(share).min(job.ends(share)).ceil_millis()
        });
        let boot = match self.power {
            Power::Booting { until, .. } | Power::Hung { until } => until.ceil_millis(),
            Power::Off | Power::On { .. } => BenchTime::MAX,
        };
        self.next_look.min(job).min(boot)
    }

    /// Lives until `at`; what happened meanwhile, and when.
    pub(crate) fn live(&mut self, at: BenchTime, plant: &mut Plant) -> Vec<(BenchTime, Happened)> {
        let mut happened = Vec::new();
        while self.next_action() <= at {
            let then = self.next_action();
            self.spend(then);
            let share = self.governor.share();
            if let Some(job) = &mut self.job
                && let Some(micros) = job.first(then, share)
            {
                let first = Happened::FirstToken(job.query, job.slot, micros);
                happened.push((then, first));
            }
            if let Some(ended) = self.finish(then) {
                happened.push((then, ended));
            }
            match self.power {
                Power::Booting { until, cause } if until <= then => {
                    self.power = Power::On { since: then };
                    happened.push((then, Happened::Booted(cause)));
                }
                Power::Hung { until } if until <= then => self.boot(then, Cause::Watchdog),
                _ => {}
            }
            if self.next_look <= then {
                if let Some(refusal) = self.look(then, plant) {
                    happened.push((then, Happened::GaveUp(refusal)));
                }
                self.next_look = self.next_look + plant::STEP;
            }
        }
        self.spend(at);
        happened
    }

    /// Chooses the power mode; it outlasts a reset.
    pub(crate) fn set_mode(&mut self, at: BenchTime, mode: PowerMode) {
        self.change(at, |governor| governor.mode = mode);
    }

    /// Gives up what it computes, and gates its clock.
    pub(crate) fn stop(&mut self, at: BenchTime) {
        self.spend(at);
        self.job = None;
        self.parked = true;
    }

    /// Counts a request that was refused.
    pub(crate) fn tally<T>(&mut self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        if result.is_err() {
            self.counts.rejected += 1;
        }
        result
    }

    /// Spends power until `at`, as it is until then.
    fn spend(&mut self, at: BenchTime) {
        self.joules += self.watts() * at.micros_since(self.now) as f64 * 1e-6;
        self.now = self.now.max(at);
    }

    /// Changes the clock; work under way goes on at the new one.
    fn change(&mut self, at: BenchTime, change: impl FnOnce(&mut Governor)) {
        self.spend(at);
        let before = self.governor.share();
        if let Some(job) = &mut self.job {
            job.count(at, before);
        }
        change(&mut self.governor);
    }

    /// Looks at its supply and its junction, and tells the plant the mean power since the last
    /// look: the plant is then right in energy, whatever the length of an inference. Tells why it
    /// gave up an inference, if it did and is still there to tell.
    fn look(&mut self, at: BenchTime, plant: &mut Plant) -> Option<Refusal> {
        let state = plant.board(self.id);
        let least = self.settings.min_volts;
        match self.power {
            Power::Off if state.volts.0 >= least + HYSTERESIS_VOLTS && self.flaws.may_start(at) => {
                self.boot(at, Cause::Power);
            }
            Power::Booting { .. } | Power::On { .. } | Power::Hung { .. }
                if state.volts.0 < least =>
            {
                self.switch_off();
            }
            _ => {}
        }
        if self.flaws.look(at, state, self.settings.latch_up_trip) {
            self.switch_off();
        }
        self.change(at, |governor| governor.look_at(state.junction));
        let gave_up = self.governor.overheated && self.job.take().is_some();
        if self.upsets.unit() < UPSETS_PER_S * plant::STEP.as_secs_f64() && self.is_up() {
            self.counts.corrected += 1;
        }
        let mean = self.joules / plant::STEP.as_secs_f64();
        self.joules = 0.0;
        plant.draw(self.id, Watts(mean));
        gave_up.then_some(Refusal::Overheated)
    }

    /// Power is gone, and with it what was under way and what only power held.
    fn switch_off(&mut self) {
        self.power = Power::Off;
        self.job = None;
        self.flaws.power_gone();
    }

    /// Starts anew: memory is empty, and the network comes from flash.
    fn boot(&mut self, at: BenchTime, cause: Cause) {
        let until = at + BOOT;
        self.power = Power::Booting { until, cause };
        self.memory = Memory::default();
        self.counts = Counts::default();
        self.job = None;
        self.parked = false;
        if std::mem::take(&mut self.upset) {
            self.network = (*self.flash).clone();
            self.changes += 1;
        }
    }
}
