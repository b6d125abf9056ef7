//! A device outside of a run: reached, asked who it is, read, left safe; never told anything else.
//! The rules of who may answer are those of a run.

pub(crate) mod leaving;

use drivers::accelerator::{self, Accelerator, Heard, Question};
use drivers::catalog::{self, Role};
use drivers::clock::Clock;
use drivers::device::Identity;
use drivers::error::{DeviceError, DeviceErrorKind};
use drivers::instrument::Instrument;
use drivers::link::Link;
use drivers::link::can::ErrorFrame;
use profiles::channel::ChannelSpec;
use profiles::reading::{Reading, Value};
use profiles::time::Period;

use crate::plan::{DevicePlan, Wired};
use crate::run::SAFE_ORDER;
use crate::run::instrument::{is_expected, may_pass};
use crate::run::way::{Way, doors};

/// Tries to leave an instrument safe.
const SAFE_TRIES: u32 = 3;
/// How long a board may take to answer, if it has power and has started.
const BOARD: Period = Period::millis(3_000);

/// A device that is at the end of a line.
pub(crate) struct Alone {
    pub(crate) wired: Wired,
    way: Way,
}

/// What a board said that was asked something.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// What answers the question.
    pub(crate) answer: Option<Heard>,
    /// Whether it said anything else.
    pub(crate) speaks: bool,
    /// What the bench's own controller told last of errors on its bus, and how often it told.
    pub(crate) bus_error: Option<ErrorFrame>,
    pub(crate) bus_errors: u32,
}

/// The devices of a bench whose links leave this process, by the order in which they are left safe.
pub(crate) fn alone(devices: &[DevicePlan], clock: Clock) -> Vec<Vec<Alone>> {
    let mut doors = doors(devices, clock);
    let mut roles: Vec<Vec<Alone>> = Vec::new();
    for roles_of_one_time in SAFE_ORDER {
        let wired = devices.iter().map(DevicePlan::wired);
        let of_these = wired.filter(|wired| roles_of_one_time.contains(&wired.role));
        let at_lines = of_these.filter_map(|wired| {
            let door = doors.remove(&wired.id)?;
            Some(Alone {
                wired: wired.clone(),
                way: Way::to(wired, door, clock, None),
            })
        });
        roles.push(at_lines.collect());
    }
    roles
}

impl Alone {
    /// Whether it is a board, which speaks by itself and is not always on.
    pub(crate) fn is_board(&self) -> bool {
        self.wired.role == Role::Accelerator
    }

    /// Opens the line.
    ///
    /// # Errors
    /// If it is not there, or somebody else has it.
    pub(crate) async fn link(&self) -> Result<Link, DeviceError> {
        let link = self.way.link().await;
        link.map_err(|error| DeviceErrorKind::Link(error).of(&self.wired.name))
    }

    /// Opens the line and asks who is there; refuses another than the wiring says. Nothing is
    /// armed.
    ///
    /// # Errors
    /// If nobody answers, or another.
    pub(crate) async fn reach(&self) -> Result<(Instrument, Identity), DeviceError> {
        let mut instrument = self.way.instrument(self.link().await?)?;
        let identity = match instrument.identify().await {
            // A run that was killed in the middle of a line left half of it behind; what is asked
            // after a failure ends that first.
            Err(error) if may_pass(&error) => instrument.identify().await?,
            identity => identity?,
        };
        self.is_expected(&identity)?;
        Ok((instrument, identity))
    }

    fn is_expected(&self, identity: &Identity) -> Result<(), DeviceError> {
        is_expected(identity, self.wired.serial.as_deref())
            .map_err(|kind| kind.of(&self.wired.name))
    }

    /// Leaves an instrument safe, and reads that back. One that does not say who it is is told all
    /// the same; one that says it is another is not.
    ///
    /// # Errors
    /// If it could not be confirmed.
    pub(crate) async fn make_safe(&self) -> Result<Instrument, DeviceError> {
        let mut instrument = self.way.instrument(self.link().await?)?;
        let is_another =
            |error: &DeviceError| matches!(error.kind, DeviceErrorKind::WrongIdentity { .. });
        let mut identity = instrument.identify().await;
        if identity.as_ref().is_err_and(is_another) {
            // What was taken for its name may be the answer to what a dead run asked.
            identity = instrument.identify().await;
        }
        match identity {
            Ok(identity) => self.is_expected(&identity)?,
            Err(error) if is_another(&error) => return Err(error),
            Err(_) => {}
        }
        let mut result = Ok(());
        for _ in 0..SAFE_TRIES {
            result = instrument.make_safe().await;
            if result.is_ok() {
                break;
            }
        }
        result.map(|()| instrument)
    }

    /// Asks a board something, and gives what it answers, if it says something that answers.
    ///
    /// # Errors
    /// If the line is not there, or is lost.
    pub(crate) async fn ask_board(&self, question: &Question) -> Result<Said, DeviceError> {
        let mut said = Said::default();
        let Some(mut board) = self.board()? else {
            return Ok(said);
        };
        let mut link = self.link().await?;
        let failed = |error| DeviceErrorKind::Link(error).of(&self.wired.name);
        if let Some(needs) = board.bus_needs() {
            link.need(needs).map_err(failed)?;
        }
        let (mut heard, mut owed) = (Vec::new(), Vec::new());
        board.ask(question, &mut owed);
        let deadline = self.way.clock.now() + BOARD;
        loop {
            for chunk in owed.drain(..) {
                link.send(chunk).await.map_err(failed)?;
            }
            let Some(arrival) = self.way.clock.until(deadline, link.receive()).await else {
                return Ok(said);
            };
            let arrival = arrival.map_err(failed)?;
            board.hear(arrival.at, &arrival.chunk, &mut heard, &mut owed);
            let answer = |heard: &Heard| matches!(heard, Heard::Identity(_) | Heard::Done);
            if let Some(place) = heard.iter().position(answer) {
                said.answer = Some(heard.swap_remove(place));
                return Ok(said);
            }
            for heard in heard.drain(..) {
                match heard {
                    Heard::Bus(error) => {
                        said.bus_error = Some(error);
                        said.bus_errors += 1;
                    }
                    _ => said.speaks = true,
                }
            }
        }
    }

    fn board(&self) -> Result<Option<Box<dyn Accelerator>>, DeviceError> {
        let setup = self.wired.board_setup();
        let model = catalog::find(accelerator::MODELS, self.wired.model);
        model.map(|model| (model.drive)(setup)).transpose()
    }
}

/// What was measured, as a person reads it: `volts 28.000 V, output on`.
pub(crate) fn words(channels: &[ChannelSpec], readings: &[Reading]) -> String {
    let told = readings.iter().filter_map(|reading| {
        let channel = channels.get(usize::from(reading.channel))?;
        Some(match reading.value {
            Value::Number(number) => format!("{} {number:.3} {}", channel.name, channel.unit),
            Value::State(state) => format!("{} {}", channel.name, state_of(channel, state)?),
        })
    });
    told.collect::<Vec<_>>().join(", ")
}

/// The state of the channel that says whether a device drives something: `output` of what feeds,
/// `input` of what draws.
pub(crate) fn driving<'a>(channels: &'a [ChannelSpec], readings: &[Reading]) -> Option<&'a str> {
    readings.iter().find_map(|reading| {
        let channel = channels.get(usize::from(reading.channel))?;
        match reading.value {
            Value::State(state) if ["output", "input"].contains(&&*channel.name) => {
                state_of(channel, state)
            }
            _ => None,
        }
    })
}

fn state_of(channel: &ChannelSpec, state: u16) -> Option<&str> {
    channel.states.get(usize::from(state)).map(|state| &**state)
}

/// An identity as a person reads it.
pub(crate) fn who(identity: &Identity) -> String {
    let mut words = format!("{} {}", identity.maker, identity.model)
        .trim()
        .to_owned();
    for (what, text) in [
        ("serial", &identity.serial),
        ("firmware", &identity.firmware),
    ] {
        if !text.is_empty() {
            words = format!("{words}, {what} {text}");
        }
    }
    words
}
