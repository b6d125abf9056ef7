//! The dispatcher: walks the timeline, puts all events in one order, and ends the run safely.

use std::collections::{BTreeMap, VecDeque};

use drivers::accelerator;
use drivers::catalog;
use drivers::clock::{Alarm, Clock};
use drivers::error::DeviceError;
use drivers::plant::STEP;
use profiles::command::{Command, Fault};
use profiles::time::{BenchTime, Period};
use reports::event::{DeviceId, Event, EventKind, Observer};
use reports::verdict::Ending;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use super::board::{BoardStation, State};
use super::emulation::{self, Near, World};
use super::instrument::{InstrumentStation, Playing, Timing, Watched};
use super::interlocks::{Fired, Interlocks, Reactions};
use super::latch::Latch;
use super::marks::{Mark, marks};
use super::mesh::Meshes;
use super::order::OrderBuffer;
use super::station::{Happenings, Order, Raised, Reporter, Stop};
use super::way::Way;
use crate::plan::rates::Rates;
use crate::plan::steps::rest::REACHED;
use crate::plan::{DevicePlan, Plan};
use crate::runtime::Pace;

/// Orders that may wait for one station: a station that far behind is broken.
const ORDER_QUEUE: usize = 1_024;
/// What stations may raise before the dispatcher takes it.
const RAISED_QUEUE: usize = 1_024;

/// Runs a plan, and tells the observers everything that happens, in order. Gives how it ended, and
/// the emulated world as it was left.
pub async fn run(plan: &Plan, observers: &mut [&mut dyn Observer], stop: &Stop) -> (Ending, World) {
    let clock = plan.pace.clock();
    let happenings = Happenings::default();
    let started = emulation::start(plan, clock, &happenings).await;
    let (raise, raised) = mpsc::channel(RAISED_QUEUE);
    let mut dispatcher = Dispatcher {
        plan,
        clock,
        raised,
        happenings,
        interlocks: Interlocks::new(&plan.interlocks, reached(plan)),
        reactions: Reactions::default(),
        orders: BTreeMap::new(),
        broken: BTreeMap::new(),
        tasks: JoinSet::new(),
        order: OrderBuffer::new(plan.pace),
        observers,
        stop: stop.clone(),
        look: match plan.pace {
            // A second of virtual time passes at once.
            Pace::Virtual => Period::millis(1_000),
            Pace::Real => Period::millis(100),
        },
        ending: None,
        ready: 0,
        left: BTreeMap::new(),
    };
    if let Err(error) = dispatcher.start_stations(started.nears, &raise) {
        dispatcher.end(Ending::BenchFault {
            why: error.to_string(),
        });
    }
    for (device, why) in started.absent {
        // Nothing was ever told to it, so there is nothing to make safe.
        dispatcher.left.insert(device, Ok(()));
        dispatcher.end(Ending::Absent { why });
    }
    drop(raise);
    dispatcher.steps().await;
    let ending = dispatcher.make_safe().await;
    // What was told last takes effect in the next step of the plant.
    started.world.plant.lock().advance(clock.now() + STEP);
    (ending, started.world)
}

pub(super) struct Dispatcher<'a, 'o> {
    pub(super) plan: &'a Plan,
    pub(super) clock: Clock,
    pub(super) raised: Receiver<Raised>,
    pub(super) happenings: Happenings,
    interlocks: Interlocks,
    /// What was done by interlocks that held.
    pub(super) reactions: Reactions,
    pub(super) orders: BTreeMap<DeviceId, Sender<Order>>,
    /// The ways to break emulated devices.
    broken: BTreeMap<DeviceId, Sender<Fault>>,
    tasks: JoinSet<()>,
    pub(super) order: OrderBuffer,
    pub(super) observers: &'a mut [&'o mut dyn Observer],
    pub(super) stop: Stop,
    /// How often the dispatcher looks at what happened, and for somebody who wants it to stop.
    pub(super) look: Period,
    pub(super) ending: Option<Ending>,
    ready: usize,
    /// The devices that are left, and whether they were left safe.
    pub(super) left: BTreeMap<DeviceId, Result<(), String>>,
}

impl Dispatcher<'_, '_> {
    fn start_stations(
        &mut self,
        mut nears: BTreeMap<DeviceId, Near>,
        raise: &Sender<Raised>,
    ) -> Result<(), DeviceError> {
        let meshes = Meshes::new(self.plan);
        for device in &self.plan.devices {
            let wired = device.wired();
            let Some(near) = nears.remove(&wired.id) else {
                continue;
            };
            let (send, orders) = mpsc::channel(ORDER_QUEUE);
            self.orders.insert(wired.id, send);
            self.broken.insert(wired.id, near.faults);
            let reporter = Reporter {
                device: wired.id,
                raised: raise.clone(),
                happenings: self.happenings.clone(),
                interlocks: self.interlocks.clone(),
            };
            let witness = self.plan.header.wire.then(|| reporter.witness(self.clock));
            let way = Way::to(wired, near.door, self.clock, witness);
            let link = way.watched(near.link);
            match device {
                DevicePlan::Instrument(plan) => {
                    let station = InstrumentStation {
                        instrument: way.instrument(link)?,
                        name: wired.name.clone(),
                        serial: wired.serial.clone(),
                        limits: plan.limits.clone(),
                        poll: plan.poll,
                        clock: self.clock,
                        orders,
                        kept: VecDeque::new(),
                        way,
                        identity: None,
                        timing: Timing::default(),
                        playing: Playing::default(),
                        looks: BenchTime::ZERO,
                        bare: false,
                        rates: Rates::default(),
                        latch: plan
                            .latch_up
                            .map(|(rule, channel)| Latch::new(rule, channel)),
                        reporter,
                        watched: Watched::of(plan),
                    };
                    self.tasks.spawn(station.run());
                }
                DevicePlan::Board(plan) => {
                    let stream = self.plan.seed.stream(wired.name.as_str(), "workload");
                    let setup = wired.board_setup();
                    let model = catalog::find(accelerator::MODELS, wired.model);
                    let Some(model) = model else { continue };
                    let station = BoardStation {
                        name: wired.name.clone(),
                        serial: wired.serial.clone(),
                        way,
                        accelerator: (model.drive)(setup)?,
                        link,
                        clock: self.clock,
                        orders,
                        reporter,
                        state: State::new(plan.work.clone(), stream, meshes.seat(plan)),
                    };
                    self.tasks.spawn(station.run());
                }
            }
        }
        Ok(())
    }

    /// Walks the marks until the last one, or until the run must end.
    async fn steps(&mut self) {
        let marks = marks(self.plan);
        let end = self.plan.end();
        let mut next = marks.into_iter().peekable();
        let mut alarm = Alarm::new(self.clock);
        while self.ending.is_none() {
            let now = self.clock.now();
            while let Some((at, mark)) = next.next_if(|(at, _)| at.ceil_millis() <= now) {
                self.carry_out(at, mark);
            }
            self.settle(now);
            self.stop.pulse().beat();
            if let Some(why) = self.stop.pulse().is_unwatched() {
                self.end(Ending::BenchFault { why });
            }
            if self.stop.asked() {
                self.push(now, DeviceId::BENCH, EventKind::Interrupted);
                self.end(Ending::Interrupted { why: None });
            }
            if now >= end || self.ending.is_some() {
                break;
            }
            let due = next.peek().map_or(end, |(at, _)| at.ceil_millis());
            let wake = due.min(now + self.look);
            tokio::select! {
                biased;
                raised = self.raised.recv() => self.take(raised),
                () = alarm.at(wake) => {}
            }
        }
        if self.ending.is_some() {
            self.push(self.clock.now(), DeviceId::BENCH, EventKind::StepsAbandoned);
        }
    }

    fn carry_out(&mut self, at: BenchTime, mark: Mark) {
        match mark {
            Mark::Event(device, kind) => self.push(at, device, kind),
            Mark::Order(device, order) => {
                if self
                    .orders
                    .get(&device)
                    .is_none_or(|orders| orders.try_send(order).is_err())
                {
                    let name = self.plan.device_name(device);
                    let why = format!("{name}: takes no orders any more ({ORDER_QUEUE} wait)");
                    self.end(Ending::BenchFault { why });
                }
            }
            Mark::Broken(device, fault) => {
                // One that is gone cannot break any more.
                let _gone = self
                    .broken
                    .get(&device)
                    .map(|way| way.try_send(fault.clone()));
                let command = Command::Inject(fault);
                let late_us = self.clock.now().micros_since(at);
                self.push(at, device, EventKind::SetPointApplied { command, late_us });
            }
            Mark::Reached => self.has_reached(),
            Mark::AllReady => {
                if self.ready < self.orders.len() {
                    let why = "not all devices were identified and armed in time".to_owned();
                    self.end(Ending::BenchFault { why });
                }
            }
        }
    }

    /// Before power comes back to a bench that goes on with a run, its temperatures must be back.
    fn has_reached(&mut self) {
        let rest = self.plan.rest.as_ref();
        for (device, channel, target) in rest.iter().flat_map(|rest| &rest.reached) {
            let read = self.interlocks.last(*device, *channel);
            if read.is_some_and(|read| (read - target).abs() <= REACHED) {
                continue;
            }
            let read = read.map_or("tells no temperature".to_owned(), |read| {
                format!("is at {read:.1} °C")
            });
            let name = self.plan.device_name(*device);
            let why = format!(
                "{name} {read} and not at {target:.1} °C, as it was before: nothing was switched \
                 on; give it longer with `--settle`"
            );
            self.end(Ending::BenchFault { why });
        }
    }

    fn push(&mut self, at: BenchTime, device: DeviceId, kind: EventKind) {
        self.order.push(Event { at, device, kind });
    }

    /// Takes what a station raised.
    pub(super) fn take(&mut self, raised: Option<Raised>) {
        match raised {
            Some(Raised::Ready) => self.ready += 1,
            Some(Raised::Absent(why)) => self.end(Ending::Absent { why }),
            Some(Raised::Fault(why)) => self.end(Ending::BenchFault { why }),
            Some(Raised::Tripped(why)) => self.end(Ending::Interlock { why }),
            Some(Raised::Fired(fired)) => self.react(fired),
            Some(Raised::Reacted { rule, result }) => self.reactions.reacted(rule, result),
            Some(Raised::Left(device, result)) => {
                self.left.insert(device, result);
            }
            None => self.end(Ending::BenchFault {
                why: "every station is gone".to_owned(),
            }),
        }
    }

    /// An interlock holds: what it asks for is told before anything else, and the run ends.
    fn react(&mut self, fired: Fired) {
        let rule = &self.plan.interlocks[fired.rule];
        let (mut awaited, mut failed) = (0, Vec::new());
        for (device, command) in &rule.then {
            let (rule, command) = (fired.rule, command.clone());
            let told = self
                .orders
                .get(device)
                .map(|orders| orders.try_send(Order::React { rule, command }));
            if matches!(told, Some(Ok(()))) {
                awaited += 1;
            } else {
                failed.push(format!("{} is gone", self.plan.device_name(*device)));
            }
        }
        let why = format!("{}: {}", rule.name, fired.why);
        self.reactions.begin(fired, awaited, failed);
        self.end(Ending::Interlock { why });
    }

    /// The first reason to end is the ending.
    fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
    }

    /// Tells the observers what is settled.
    fn settle(&mut self, now: BenchTime) {
        let mut failed = None;
        if self.order.take(&self.happenings).is_err() {
            let why = "more happened than the bench can record".to_owned();
            self.end(Ending::BenchFault { why });
        }
        for event in self.order.settled(now) {
            for observer in self.observers.iter_mut() {
                failed = observer.observe(&event).err().or(failed);
            }
        }
        for observer in self.observers.iter_mut() {
            failed = observer.settled(now).err().or(failed);
        }
        if let Some(error) = failed {
            self.end(Ending::BenchFault {
                why: error.to_string(),
            });
        }
    }
}

/// The channels on which temperatures must be reached before power comes back.
fn reached(plan: &Plan) -> Vec<(DeviceId, u16)> {
    let reached = plan.rest.iter().flat_map(|rest| &rest.reached);
    reached
        .map(|(device, channel, _)| (*device, *channel))
        .collect()
}
