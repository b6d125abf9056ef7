//! An emulated supply on SCPI: the line on one side, the plant on the other, and a make's panel
//! between them.

use profiles::command::Fault;
use profiles::time::BenchTime;

use super::stage::Stage;
use crate::emulator::{Emulator, Outbox};
use crate::model::EmulatorSetup;
use crate::options::latency_us;
use crate::plant::{BusId, Place, Plant};
use crate::scpi::header::Table;
use crate::scpi::responder::{Call, Outcome, Responder, Word};
use crate::scpi::status::Status;

/// What a make makes of words: `P` is its panel, `M` what its headers mean.
pub(super) struct Dialect<P, M: 'static> {
    /// Its headers.
    pub(super) words: fn() -> &'static Table<Word<M>>,
    /// Carries out one unit of a message.
    pub(super) carry_out: fn(&mut P, &Call<'_, M>, &mut Status, &mut String) -> Outcome,
    /// Its outputs.
    pub(super) stages: fn(&mut P) -> &mut [Stage],
    /// Does what is due by then: a list's next step, a delayed trigger.
    pub(super) act: fn(&mut P, BenchTime),
    /// When it does something by itself next.
    pub(super) next_action: fn(&P) -> BenchTime,
    /// Brings the status registers up to date.
    pub(super) settle: fn(&mut P, &mut Status),
}

/// Where a supply's outputs lead: one of them to a bus, the others nowhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlets {
    /// Which of its outputs feeds the bus.
    placed: usize,
    place: Option<BusId>,
    load_ohm: Option<f64>,
}

impl Outlets {
    /// Those of a supply whose output number `placed`, from zero, is in the plant.
    pub(super) fn new(setup: &EmulatorSetup, placed: usize) -> Outlets {
        Outlets {
            placed,
            place: match setup.place {
                Place::Bus(bus) => Some(bus),
                Place::Air(_) | Place::Board(_) | Place::Apart => None,
            },
            load_ohm: setup.options.number("load_ohm"),
        }
    }

    /// Sees the outputs as they now are, and trips what must trip.
    pub(super) fn regulate(self, stages: &mut [Stage], at: BenchTime, plant: &Plant) {
        self.look(stages, plant);
        for stage in stages.iter_mut() {
            stage.guard(at);
        }
        // What has tripped is off at once.
        self.look(stages, plant);
    }

    /// Feeds the bus.
    pub(super) fn drive(self, stages: &[Stage], plant: &mut Plant) {
        if let Some(bus) = self.place
            && let Some(stage) = stages.get(self.placed)
        {
            plant.drive(bus, stage.drive());
        }
    }

    /// What the plant has nothing to say of is there at once.
    fn look(self, stages: &mut [Stage], plant: &Plant) {
        for (index, stage) in stages.iter_mut().enumerate() {
            let bus = self.place.filter(|_| index == self.placed);
            stage.bus = match bus.filter(|&bus| plant.is_loaded(bus)) {
                Some(bus) => plant.bus(bus),
                None => stage.alone(self.load_ohm),
            };
        }
    }
}

/// A supply, one of whose outputs feeds a bus.
pub(super) struct Front<P: 'static, M: 'static> {
    dialect: &'static Dialect<P, M>,
    responder: Responder,
    panel: P,
    outlets: Outlets,
    latency_us: u64,
    muted_until: BenchTime,
    looks_at: BenchTime,
}

impl<P, M: Copy> Front<P, M> {
    /// A supply whose output number `placed`, from zero, is in the plant.
    pub(super) fn new(
        setup: &EmulatorSetup,
        dialect: &'static Dialect<P, M>,
        responder: Responder,
        panel: P,
        placed: usize,
    ) -> Front<P, M> {
        Front {
            dialect,
            responder,
            panel,
            outlets: Outlets::new(setup, placed),
            latency_us: latency_us(&setup.options, 0.010),
            muted_until: BenchTime::ZERO,
            looks_at: BenchTime::MAX,
        }
    }

    /// What is due, what trips, and what the registers say of it.
    fn settle(&mut self, at: BenchTime, plant: &mut Plant) {
        let (panel, status) = (&mut self.panel, &mut self.responder.status);
        regulate(self.dialect, panel, self.outlets, (at, plant), status);
        let stages = (self.dialect.stages)(panel);
        self.outlets.drive(stages, plant);
        let looks_at = stages.iter().map(|stage| stage.looks_at(at)).min();
        let acts_at = (self.dialect.next_action)(panel);
        let next = looks_at.map_or(acts_at, |looks_at| looks_at.min(acts_at));
        self.looks_at = next.max(at.plus_micros(1));
    }
}

fn regulate<P, M>(
    dialect: &Dialect<P, M>,
    panel: &mut P,
    outlets: Outlets,
    (at, plant): (BenchTime, &Plant),
    status: &mut Status,
) {
    (dialect.act)(panel, at);
    outlets.regulate((dialect.stages)(panel), at, plant);
    (dialect.settle)(panel, status);
}

impl<P: Send, M: Copy + Send> Emulator for Front<P, M> {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        self.settle(at, plant);
        let (dialect, outlets, panel) = (self.dialect, self.outlets, &mut self.panel);
        let words = (dialect.words)();
        let replies = self.responder.receive(chunk, words, |call, status, reply| {
            let outcome = (dialect.carry_out)(panel, call, status, reply);
            if !call.query {
                // A question behind it finds what it did.
                regulate(dialect, panel, outlets, (at, plant), status);
            }
            outcome
        });
        self.settle(at, plant);
        if !replies.is_empty() {
            out.send_at(at.plus_micros(self.latency_us), replies);
        }
    }

    fn next_action(&self) -> BenchTime {
        self.looks_at
    }

    fn act(&mut self, at: BenchTime, plant: &mut Plant, _out: &mut Outbox) {
        if at >= self.looks_at {
            self.settle(at, plant);
        }
    }

    fn inject(&mut self, at: BenchTime, fault: &Fault, plant: &mut Plant) {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
                self.responder.forget();
            }
            Fault::OverVoltageTrip => {
                let stages = (self.dialect.stages)(&mut self.panel);
                // What has no such protection cannot trip by it.
                if let Some(stage) = stages.get_mut(self.outlets.placed)
                    && stage.over_voltage.armed
                {
                    stage.tripped.over_voltage = true;
                }
                self.settle(at, plant);
            }
            _ => {}
        }
    }
}
