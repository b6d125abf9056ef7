//! The end of a run: every device is left safe, in order, each with its deadline, and what became of it
//! is the last thing that is told.

use profiles::time::Period;
use reports::event::{DeviceId, Event, EventKind};
use reports::verdict::Ending;

use super::SAFE_ORDER;
use super::dispatcher::Dispatcher;
use super::station::Order;
use crate::plan::DevicePlan;

/// How long one kind of device may take to be left safe, and how long in a hurry: three kinds fit
/// into the seven seconds that CI gives a job between SIGTERM and SIGKILL.
const SAFE_DEADLINE: Period = Period::millis(15_000);
const HURRIED_DEADLINE: Period = Period::millis(2_000);

impl Dispatcher<'_, '_> {
    /// Leaves every device safe: first the boards, that they stop working, then the supplies,
    /// then the chambers. Always runs.
    pub(super) async fn make_safe(mut self) -> Ending {
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
                if let Err(why) = result.unwrap_or_else(|| Err("not confirmed in time".to_owned()))
                {
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
        for (device, kind) in self.reactions.events(&self.plan.interlocks, at) {
            self.order.push(Event { at, device, kind });
        }
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
