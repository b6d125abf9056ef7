//! The way to a device: opens the line that leads there, again after it was lost, and finds a
//! speaker of its language.

use std::collections::{BTreeMap, VecDeque};

use drivers::catalog::Role;
use drivers::clock::Clock;
use drivers::error::{DeviceError, DeviceErrorKind, LinkError};
use drivers::instrument::Instrument;
use drivers::link::{Bus, Fence, LineSpec, Link, Manners, Meter, Pacing, Socket, Witness};
use drivers::model::DriverSetup;
use profiles::name::DeviceName;
use profiles::option::Options;
use profiles::time::{BenchTime, Period};
use reports::event::DeviceId;
use tokio::sync::mpsc::Receiver;

use super::instrument::open;
use super::station::Order;
use crate::plan::{DevicePlan, Wired};

/// How often a line that is away is looked for.
const LOOK: Period = Period::millis(250);

/// The way to one device.
pub(super) struct Way {
    pub(super) device: DeviceName,
    pub(super) clock: Clock,
    /// How long the line may be away.
    pub(super) reconnect: Option<Period>,
    role: Role,
    model: &'static str,
    options: Options,
    door: Door,
    /// Measures what the instrument is told.
    pub(super) meter: Meter,
    witness: Option<Witness>,
    /// Whether the line is still this run's.
    fence: Option<Fence>,
}

/// What leads to a device.
#[derive(Clone, Debug)]
pub(super) enum Door {
    /// Its emulator, in this process, and where its line is plugged in, if it can be pulled out.
    Memory(Option<Socket>),
    /// A line of its own.
    Line(LineSpec, Manners),
    /// A line that it shares.
    Bus(Bus),
}

/// What leads to each device. Those at the end of one line share it; on a bus of CAN each has an end
/// of its own.
pub(super) fn doors(devices: &[DevicePlan], clock: Clock) -> BTreeMap<DeviceId, Door> {
    let lines = || {
        let wired = devices.iter().map(DevicePlan::wired);
        wired.filter_map(|wired| Some((wired, wired.link.line()?)))
    };
    let mut ends: BTreeMap<String, Vec<DeviceId>> = BTreeMap::new();
    for (wired, line) in lines().filter(|(_, line)| !line.is_can()) {
        ends.entry(line.far_end()).or_default().push(wired.id);
    }
    let mut doors: BTreeMap<DeviceId, Door> = lines()
        .map(|(wired, line)| (wired.id, Door::Line(line.clone(), wired.manners.clone())))
        .collect();
    for sharing in ends.values().filter(|sharing| sharing.len() > 1) {
        let Some(Door::Line(line, manners)) = doors.get(&sharing[0]).cloned() else {
            continue;
        };
        let bus = Bus::new(line, manners, clock);
        for device in sharing {
            doors.insert(*device, Door::Bus(bus.clone()));
        }
    }
    doors
}

impl Door {
    /// Opens it.
    ///
    /// # Errors
    /// If there is nothing behind it.
    pub(super) async fn open(&self, clock: Clock) -> Result<Link, LinkError> {
        match self {
            Door::Memory(socket) => socket.as_ref().ok_or(LinkError::Closed)?.take(),
            Door::Line(line, manners) => {
                let link = Link::open(line, clock).await?;
                Ok(link.with_manners(manners.clone(), line, clock))
            }
            Door::Bus(bus) => bus.tap().await,
        }
    }
}

impl Way {
    /// The way through `door`, watched by `witness`.
    pub(super) fn to(wired: &Wired, door: Door, clock: Clock, witness: Option<Witness>) -> Way {
        Way {
            device: wired.name.clone(),
            clock,
            reconnect: wired.reconnect,
            role: wired.role,
            model: wired.model,
            options: wired.options.clone(),
            door,
            meter: Meter::default(),
            witness,
            fence: wired.fence.clone(),
        }
    }

    /// The same link, watched as every link of this way is.
    pub(super) fn watched(&self, link: Link) -> Link {
        link.with_witness(self.witness.clone())
            .with_fence(self.fence.clone())
    }

    /// Whether there is a line that may come back.
    pub(super) fn may_come_back(&self) -> bool {
        !matches!(self.door, Door::Memory(None))
    }

    /// How long a character is on the line, µs; 0 where the bench does not set it.
    pub(super) fn byte_us(&self) -> u64 {
        let line = match &self.door {
            Door::Memory(_) => None,
            Door::Line(line, _) => line.settings(),
            Door::Bus(bus) => bus.line().settings(),
        };
        line.map_or(0, |line| {
            u64::from(line.bits_per_byte()) * 1_000_000 / u64::from(line.baud)
        })
    }

    /// Opens the line.
    ///
    /// # Errors
    /// If it is not there.
    pub(super) async fn link(&self) -> Result<Link, LinkError> {
        let link = self.door.open(self.clock).await?;
        Ok(self.watched(link))
    }

    /// A link that leads nowhere. Who waits for a line must not hold on to what is left of it:
    /// the kernel would give the adapter another name.
    pub(super) fn nowhere(&self) -> Link {
        Link::pair(self.clock, Pacing::Instant).0
    }

    /// A speaker of the instrument's language on `link`.
    ///
    /// # Errors
    /// If the catalog has none.
    pub(super) fn instrument(&self, link: Link) -> Result<Instrument, DeviceError> {
        // In memory nothing is sent before its time, and nothing is measured.
        let link = match self.door {
            Door::Memory(_) => link,
            Door::Line(..) | Door::Bus(_) => link.with_meter(self.meter.clone()),
        };
        let setup = DriverSetup {
            device: self.device.clone(),
            link,
            clock: self.clock,
            options: self.options.clone(),
        };
        open(self.role, self.model, setup)
    }

    /// Opens the line as soon as it is there again, until `deadline`.
    ///
    /// # Errors
    /// If it does not come back; what was seen last.
    pub(super) async fn link_until(&self, deadline: BenchTime) -> Result<Link, LinkError> {
        loop {
            let error = match self.clock.until(deadline, self.link()).await {
                Some(Ok(link)) => return Ok(link),
                Some(Err(error)) => error,
                None => return Err(LinkError::Closed),
            };
            let now = self.clock.now();
            if now >= deadline {
                return Err(error);
            }
            self.clock.sleep_until(deadline.min(now + LOOK)).await;
        }
    }

    /// Waits a moment between two looks.
    pub(super) async fn pause(&self) {
        self.clock.sleep_until(self.clock.now() + LOOK).await;
    }
}

/// Whether an error says that the line is gone, and not that something is wrong on it.
pub(super) fn is_gone(error: &DeviceError) -> bool {
    let lost = |error: &LinkError| matches!(error, LinkError::Closed | LinkError::Failed(_));
    matches!(&error.kind, DeviceErrorKind::Link(error) if lost(error))
}

/// Keeps the orders that come while a device is away, and returns when it is to be left safe;
/// that order is then the last one that is kept. Cancel-safe.
pub(super) async fn keep(orders: &mut Receiver<Order>, kept: &mut VecDeque<Order>) {
    if let Some(Order::MakeSafe) = kept.back() {
        return;
    }
    loop {
        match orders.recv().await {
            Some(order @ (Order::Apply { .. } | Order::React { .. })) => kept.push_back(order),
            Some(Order::MakeSafe) | None => return kept.push_back(Order::MakeSafe),
        }
    }
}
