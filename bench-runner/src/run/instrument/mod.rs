//! The station of an instrument: identifies it, arms it, polls it, tells it, leaves it safe.

mod arming;
mod playing;
mod returning;
mod timing;
mod watching;

use std::collections::{BTreeMap, VecDeque};

use drivers::catalog::Role;
use drivers::clock::{Alarm, Clock};
use drivers::device::Identity;
use drivers::error::{DeviceError, DeviceErrorKind};
use drivers::instrument::Instrument;
use drivers::model::DriverSetup;
use profiles::command::{Command, Switch};
use profiles::name::DeviceName;
use profiles::reading::Reading;
use profiles::time::{BenchTime, Period};
use reports::event::EventKind;
use tokio::sync::mpsc::Receiver;

use super::latch::Latch;
use super::station::{Order, Raised, Reporter, Task};
use super::way::{Way, is_gone};
use crate::plan::rates::Rates;
pub(super) use playing::Playing;
pub(crate) use returning::{is_expected, may_pass};
pub(super) use timing::{AHEAD, Timing};
pub(super) use watching::Watched;

/// Tries of a poll before the instrument counts as failed.
pub(super) const TRIES: u32 = 3;
/// How long it is tried to leave a device safe: most of what the dispatcher waits for. What is wrong
/// may pass, and a bench that is given up after three quick tries is live for nothing.
const SAFE_WITHIN: Period = Period::millis(13_000);

/// How far an instrument came before the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prepared {
    /// It is the right one, and has its limits.
    Armed,
    /// It answered, but the run must not start.
    Wrong,
    /// Another answered, which is not this run's to tell anything.
    Stranger,
    /// It never answered.
    Absent,
}

/// The station of one instrument.
pub(super) struct InstrumentStation {
    pub(super) instrument: Instrument,
    pub(super) name: DeviceName,
    pub(super) serial: Option<String>,
    pub(super) limits: BTreeMap<String, f64>,
    pub(super) poll: Period,
    pub(super) clock: Clock,
    pub(super) orders: Receiver<Order>,
    /// Orders that came while the instrument was away.
    pub(super) kept: VecDeque<Order>,
    pub(super) way: Way,
    /// Who answered first.
    pub(super) identity: Option<Identity>,
    pub(super) timing: Timing,
    pub(super) playing: Playing,
    /// When it is asked next whether it was switched off and on.
    pub(super) looks: BenchTime,
    /// Whether it was, and was not armed since.
    pub(super) bare: bool,
    /// What it was told lately, where that may not change too fast.
    pub(super) rates: Rates,
    /// The rule against latch-ups of what it feeds.
    pub(super) latch: Option<Latch>,
    pub(super) reporter: Reporter,
    /// What its readings are watched for.
    pub(super) watched: Watched,
}

impl InstrumentStation {
    /// Looks after the instrument until it is left safe.
    pub(super) async fn run(mut self) {
        let prepared = self.prepare().await;
        if prepared == Prepared::Armed {
            self.reporter.raise(Raised::Ready).await;
            self.attend().await;
        } else {
            self.wait_for_the_end(false).await;
        }
        self.make_safe(prepared).await;
    }

    /// Identifies and arms.
    async fn prepare(&mut self) -> Prepared {
        let identity = match self.instrument.identify().await {
            Ok(identity) => identity,
            Err(error) => {
                let why = error.to_string();
                let (prepared, raised) = match error.kind {
                    DeviceErrorKind::Silent { .. } | DeviceErrorKind::Link(_) => {
                        (Prepared::Absent, Raised::Absent(why))
                    }
                    DeviceErrorKind::WrongIdentity { .. } => {
                        (Prepared::Stranger, Raised::Fault(why))
                    }
                    _ => (Prepared::Wrong, Raised::Fault(why)),
                };
                self.reporter.raise(raised).await;
                return prepared;
            }
        };
        if let Err(error) = is_expected(&identity, self.serial.as_deref()) {
            let why = error.of(&self.name).to_string();
            self.reporter.raise(Raised::Fault(why)).await;
            return Prepared::Stranger;
        }
        self.identity = Some(identity.clone());
        let event = EventKind::Identified {
            maker: identity.maker,
            model: identity.model,
            serial: identity.serial,
            firmware: identity.firmware,
        };
        self.reporter.tell(self.clock.now(), event);
        if let Err(error) = self.arm().await {
            self.reporter.raise(Raised::Fault(error.to_string())).await;
            return Prepared::Wrong;
        }
        Prepared::Armed
    }

    /// Polls and carries out orders until told to leave the device safe.
    async fn attend(&mut self) {
        let mut due = self.clock.now();
        let (mut alarm, mut poll_alarm) = (Alarm::new(self.clock), Alarm::new(self.clock));
        loop {
            let begins = self.timing.begins();
            if begins <= self.clock.now() {
                let Some((at, task)) = self.timing.pop() else {
                    continue;
                };
                if !self.carry_out(at, &task).await {
                    return self.wait_for_the_end(true).await;
                }
                continue;
            }
            let order = tokio::select! {
                biased;
                order = next(&mut self.kept, &mut self.orders) => Some(order),
                () = alarm.at(begins) => continue,
                () = poll_alarm.at(self.timing.polls(due, self.poll)) => None,
            };
            match order {
                None => {
                    let asked = self.clock.now();
                    if !self.measure().await {
                        return self.wait_for_the_end(true).await;
                    }
                    self.timing.polled(asked, self.clock.now());
                    // A poll that took longer than its period skips what it missed.
                    while due <= self.clock.now() {
                        due = due + self.poll;
                    }
                }
                Some(Some(Order::Apply { at, task })) => self.timing.push(at, task),
                Some(Some(Order::React { rule, command })) => {
                    self.react(rule, &command).await;
                    // What was still to be told might take it back.
                    return self.wait_for_the_end(true).await;
                }
                // What is still to be told is not told any more.
                Some(Some(Order::MakeSafe) | None) => return,
            }
        }
    }

    /// Asks for everything; `false` if the instrument failed.
    pub(super) async fn measure(&mut self) -> bool {
        let mut readings: Vec<Reading> = Vec::new();
        for attempt in 1..=TRIES {
            readings.clear();
            match self.instrument.measure(&mut readings).await {
                Ok(()) => {
                    // What went silent and speaks again may be another at the same port.
                    if attempt > 1 && !self.is_still_itself().await {
                        return false;
                    }
                    if !self.keeps_its_limits(attempt > 1).await {
                        return false;
                    }
                    let heard_at = self.clock.now();
                    self.reporter.sampled(heard_at, &readings);
                    return self.watch(heard_at, &readings).await
                        && self.hold_latch(&readings).await;
                }
                Err(error) if is_gone(&error) => return self.recover(&error).await,
                Err(error) if attempt < TRIES => {
                    let event = EventKind::Retried {
                        asked: "measure".into(),
                        why: error.kind.to_string(),
                    };
                    self.reporter.tell(self.clock.now(), event);
                }
                Err(error) => self.fail(&error).await,
            }
        }
        false
    }

    pub(super) async fn apply(&mut self, at: BenchTime, command: &Command) -> bool {
        // The last look before the line, whatever was looked at before.
        let within = self
            .is_within_limits(command)
            .and_then(|()| self.is_slow_enough(at, command));
        if let Err(error) = within {
            self.fail(&error).await;
            return false;
        }
        let switches_on = matches!(
            command,
            Command::SupplyOutput(Switch::On) | Command::LoadInput(Switch::On)
        );
        if switches_on && !self.keeps_its_limits(true).await {
            return false;
        }
        self.way.meter.mark();
        let applied = loop {
            match self.instrument.apply(&self.name, command).await {
                // Whether it was heard before the line was lost, nobody knows: it is told again.
                Err(error) if is_gone(&error) => {
                    if !self.recover(&error).await {
                        return false;
                    }
                }
                applied => break applied,
            }
        };
        match applied {
            Ok(()) => {
                self.took(at, &Task::Tell(command.clone()), command);
                true
            }
            Err(error) => {
                self.fail(&error).await;
                false
            }
        }
    }

    /// The instrument took a set point that was due at `at`.
    pub(super) fn took(&mut self, at: BenchTime, task: &Task, command: &Command) {
        if let Some(latch) = &mut self.latch {
            latch.told(command);
        }
        self.rates.take(at, command);
        let now = self.clock.now();
        let (characters, byte_us) = (self.way.meter.first(), self.way.byte_us());
        self.timing.told(task, characters, byte_us);
        let event = EventKind::SetPointApplied {
            command: command.clone(),
            late_us: now.micros_since(at),
        };
        self.reporter.tell(now, event);
    }

    pub(super) async fn fail(&mut self, error: &DeviceError) {
        let why = error.kind.to_string();
        self.reporter
            .tell(self.clock.now(), EventKind::DeviceFailed { why });
        self.reporter.raise(Raised::Fault(error.to_string())).await;
    }

    /// After a failure nothing is told any more but to make safe, and what interlocks ask for if
    /// `reacts`: another device than the run's own is not told even that.
    async fn wait_for_the_end(&mut self, reacts: bool) {
        loop {
            match next(&mut self.kept, &mut self.orders).await {
                Some(Order::React { rule, command }) if reacts => self.react(rule, &command).await,
                Some(Order::Apply { .. } | Order::React { .. }) => {}
                Some(Order::MakeSafe) | None => return,
            }
        }
    }

    async fn make_safe(&mut self, prepared: Prepared) {
        if prepared == Prepared::Stranger {
            let left = Raised::Left(self.reporter.device, Ok(()));
            return self.reporter.raise(left).await;
        }
        let deadline = self.clock.now() + SAFE_WITHIN;
        let mut tries = 0;
        let result = loop {
            tries += 1;
            let Err(error) = self.instrument.make_safe().await else {
                break Ok(());
            };
            let mut why = error.kind.to_string();
            if is_gone(&error)
                && self.way.may_come_back()
                && let Err(error) = self.reach_again().await
            {
                why = error.kind.to_string();
                // Another is there now: it is not this run's to be told anything.
                if let DeviceErrorKind::WrongIdentity { .. } = error.kind {
                    break Err(why);
                }
            }
            let never = prepared == Prepared::Absent && tries >= TRIES;
            if never || self.clock.now() >= deadline {
                break Err(why);
            }
            let asked = "make safe".to_owned();
            let event = EventKind::Retried { asked, why };
            self.reporter.tell(self.clock.now(), event);
            self.way.pause().await;
        };
        // Who never answered was told nothing: there is nothing of this run to take back.
        if prepared == Prepared::Absent && result.is_err() {
            let left = Raised::Left(self.reporter.device, Ok(()));
            return self.reporter.raise(left).await;
        }
        let event = match &result {
            Ok(()) => EventKind::MadeSafe,
            Err(why) => EventKind::NotMadeSafe { why: why.clone() },
        };
        self.reporter.tell(self.clock.now(), event);
        self.reporter
            .raise(Raised::Left(self.reporter.device, result))
            .await;
    }
}

/// The next order: one that was kept, else one that comes. Cancel-safe.
async fn next(kept: &mut VecDeque<Order>, orders: &mut Receiver<Order>) -> Option<Order> {
    match kept.pop_front() {
        Some(order) => Some(order),
        None => orders.recv().await,
    }
}

/// The driver of an instrument's model, by its role.
///
/// # Errors
/// If the catalog has no such model, or its driver does not take its options.
pub(crate) fn open(role: Role, model: &str, setup: DriverSetup) -> Result<Instrument, DeviceError> {
    let device = setup.device.clone();
    let missing = || {
        DeviceErrorKind::WrongIdentity {
            expected: model.to_owned(),
            found: "nothing in the catalog".to_owned(),
        }
        .of(&device)
    };
    Instrument::open(role, model, setup).ok_or_else(missing)?
}
