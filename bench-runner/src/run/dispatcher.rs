//! The dispatcher: walks the timeline, puts all events in one order, and ends the run safely.

use std::collections::{BTreeMap, VecDeque};

use drivers::accelerator;
use drivers::catalog;
use drivers::clock::{Alarm, Clock};
use drivers::error::DeviceError;
use profiles::channel::ChannelSpec;
use profiles::time::{BenchTime, Period};
use reports::event::{DeviceId, Event, EventKind, Observer};
use reports::verdict::Ending;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use super::SAFE_ORDER;
use super::board::{BoardStation, State};
use super::emulation::{self, Near};
use super::instrument::InstrumentStation;
use super::marks::{Mark, marks};
use super::mesh::Meshes;
use super::order::OrderBuffer;
use super::playing::Playing;
use super::station::{Happenings, Order, Raised, Reporter, Stop};
use super::timing::Timing;
use super::way::Way;
use crate::plan::{DevicePlan, Plan};
use crate::runtime::Pace;

/// Orders that may wait for one station: a station that far behind is broken.
const ORDER_QUEUE: usize = 1_024;
/// What stations may raise before the dispatcher takes it.
const RAISED_QUEUE: usize = 1_024;
/// How long one kind of device may take to be left safe, and how long in a hurry: three kinds fit
/// into the seven seconds that CI gives a job between SIGTERM and SIGKILL.
const SAFE_DEADLINE: Period = Period::millis(15_000);
const HURRIED_DEADLINE: Period = Period::millis(2_000);

/// Runs a plan, and tells the observers everything that happens, in order.
pub async fn run(plan: &Plan, observers: &mut [&mut dyn Observer], stop: &Stop) -> Ending {
    let clock = plan.pace.clock();
    let (nears, absent) = emulation::start(plan, clock).await;
    let (raise, raised) = mpsc::channel(RAISED_QUEUE);
    let mut dispatcher = Dispatcher {
        plan,
        clock,
        raised,
        happenings: Happenings::default(),
        orders: BTreeMap::new(),
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
    if let Err(error) = dispatcher.start_stations(nears, &raise) {
        dispatcher.end(Ending::BenchFault {
            why: error.to_string(),
        });
    }
    for (device, why) in absent {
        // Nothing was ever told to it, so there is nothing to make safe.
        dispatcher.left.insert(device, Ok(()));
        dispatcher.end(Ending::Absent { why });
    }
    drop(raise);
    dispatcher.steps().await;
    dispatcher.make_safe().await
}

struct Dispatcher<'a, 'o> {
    plan: &'a Plan,
    clock: Clock,
    raised: Receiver<Raised>,
    happenings: Happenings,
    orders: BTreeMap<DeviceId, Sender<Order>>,
    tasks: JoinSet<()>,
    order: OrderBuffer,
    observers: &'a mut [&'o mut dyn Observer],
    stop: Stop,
    /// How often the dispatcher looks at what happened, and for somebody who wants it to stop.
    look: Period,
    ending: Option<Ending>,
    ready: usize,
    left: BTreeMap<DeviceId, Result<(), String>>,
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
            let reporter = Reporter {
                device: wired.id,
                raised: raise.clone(),
                happenings: self.happenings.clone(),
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
                        reporter,
                        tripped_state: tripped_state(&wired.channels),
                        faults: near.faults,
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
                        faults: near.faults,
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
        let end = self.plan.header.end;
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
                self.end(Ending::Interrupted);
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
            Mark::AllReady => {
                if self.ready < self.orders.len() {
                    let why = "not all devices were identified and armed in time".to_owned();
                    self.end(Ending::BenchFault { why });
                }
            }
        }
    }

    fn push(&mut self, at: BenchTime, device: DeviceId, kind: EventKind) {
        self.order.push(Event { at, device, kind });
    }

    /// Takes what a station raised.
    fn take(&mut self, raised: Option<Raised>) {
        match raised {
            Some(Raised::Ready) => self.ready += 1,
            Some(Raised::Absent(why)) => self.end(Ending::Absent { why }),
            Some(Raised::Fault(why)) => self.end(Ending::BenchFault { why }),
            Some(Raised::Tripped(why)) => self.end(Ending::Interlock { why }),
            Some(Raised::Left(device, result)) => {
                self.left.insert(device, result);
            }
            None => self.end(Ending::BenchFault {
                why: "every station is gone".to_owned(),
            }),
        }
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

    /// Leaves every device safe: first the boards, that they stop working, then the supplies,
    /// then the chambers. Always runs.
    async fn make_safe(mut self) -> Ending {
        for roles in SAFE_ORDER {
            let devices: Vec<DeviceId> = self
                .plan
                .devices
                .iter()
                .map(DevicePlan::wired)
                .filter(|wired| roles.contains(&wired.role))
                .map(|wired| wired.id)
                .collect();
            for device in &devices {
                if let Some(orders) = self.orders.get(device) {
                    // A station that is gone is found missing below.
                    let _gone = orders.try_send(Order::MakeSafe);
                }
            }
            self.until_left(&devices).await;
            for device in devices {
                let result = self.left.get(&device).cloned();
                if let Err(why) = result.unwrap_or_else(|| Err("its station is gone".to_owned())) {
                    let why = format!("{}: {why}", self.plan.device_name(device));
                    // Nothing outranks a bench that may still be live.
                    self.ending = Some(Ending::Unsafe { why });
                }
            }
        }
        let ending = self.ending.take().unwrap_or(Ending::Completed);
        if !matches!(ending, Ending::Unsafe { .. }) {
            self.stop.pulse().left_safe();
        }
        let at = self.clock.now();
        if self.order.take(&self.happenings).is_err() && ending == Ending::Completed {
            return Ending::BenchFault {
                why: "events were lost".to_owned(),
            };
        }
        for event in self.order.rest().chain([Event {
            at,
            device: DeviceId::BENCH,
            kind: EventKind::RunEnded {
                ending: ending.clone(),
            },
        }]) {
            for observer in self.observers.iter_mut() {
                if let Err(error) = observer.observe(&event)
                    && ending == Ending::Completed
                {
                    return Ending::BenchFault {
                        why: error.to_string(),
                    };
                }
            }
        }
        ending
    }

    /// Waits until the stations of `devices` have left them, or for as long as they may take.
    async fn until_left(&mut self, devices: &[DeviceId]) {
        let start = self.clock.now();
        while devices.iter().any(|device| !self.left.contains_key(device)) {
            self.stop.pulse().beat();
            let hurried = self.stop.hurried();
            let deadline = start
                + if hurried {
                    HURRIED_DEADLINE
                } else {
                    SAFE_DEADLINE
                };
            let now = self.clock.now();
            if now >= deadline {
                return;
            }
            let look = deadline.min(now + self.look);
            match self.clock.until(look, self.raised.recv()).await {
                Some(Some(raised)) => self.take(Some(raised)),
                Some(None) => return,
                None => {}
            }
        }
    }
}

/// The channel and number of the state `protected`, where a device has it.
fn tripped_state(channels: &[ChannelSpec]) -> Option<(u16, u16)> {
    (0..).zip(channels).find_map(|(channel, spec)| {
        let state = spec
            .states
            .iter()
            .position(|state| &**state == "protected")?;
        Some((channel, state as u16))
    })
}
