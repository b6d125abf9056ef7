//! Stations: one task looks after one device. Orders in, what was raised out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use profiles::command::Command;
use profiles::reading::Reading;
use profiles::time::BenchTime;
use reports::event::{DeviceId, Event, EventKind};
use tokio::sync::mpsc::Sender;

/// Somebody wants the run to stop: set by a signal, seen by the dispatcher.
#[derive(Clone, Debug, Default)]
pub struct Stop(pub Arc<AtomicBool>);

impl Stop {
    /// Whether somebody does.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a station is told.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// Tell the device this; it was due at `at`.
    Apply { at: BenchTime, command: Command },
    /// Leave the device safe, then end.
    MakeSafe,
}

/// What a station raises.
#[derive(Debug)]
pub(super) enum Raised {
    /// Something happened.
    Event(Event),
    /// The device answered, is the right one, and is armed.
    Ready,
    /// The device does not answer: nothing may be switched on.
    Absent(String),
    /// The device failed: the run cannot go on.
    Fault(String),
    /// A limit tripped in the device.
    Tripped(String),
    /// The device is safe, or is not: its station ends.
    Left(DeviceId, Result<(), String>),
}

/// A station's way to raise things.
#[derive(Clone, Debug)]
pub(super) struct Reporter {
    pub(super) device: DeviceId,
    pub(super) raised: Sender<Raised>,
}

impl Reporter {
    /// Raises something. A dispatcher that is gone wants to hear nothing more.
    pub(super) async fn raise(&self, raised: Raised) {
        if let Err(error) = self.raised.try_send(raised) {
            let _gone = self.raised.send(error.into_inner()).await;
        }
    }

    /// Something happened at `at`.
    pub(super) async fn tell(&self, at: BenchTime, kind: EventKind) {
        self.raise(Raised::Event(Event {
            at,
            device: self.device,
            kind,
        }))
        .await;
    }

    /// The device told values at `at`.
    pub(super) async fn sampled(&self, at: BenchTime, readings: &[Reading]) {
        self.tell(
            at,
            EventKind::Sampled {
                readings: readings.into(),
            },
        )
        .await;
    }
}
