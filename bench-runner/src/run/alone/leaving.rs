//! Leaving a bench safe without a run: device by device, in the order in which a run does it.

use drivers::accelerator::Question;
use drivers::clock::Clock;
use drivers::error::DeviceError;
use drivers::instrument::Instrument;
use profiles::reading::Reading;
use tokio::task::JoinSet;

use super::{Alone, alone, driving, words};
use crate::plan::DevicePlan;

/// What became of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It was told to be safe, and that was read back; or, where it was only read, it is.
    Safe(String),
    /// That could not be confirmed.
    Unsafe(String),
    /// A board that says nothing: its supply makes it safe.
    Silent(String),
}

/// Leaves every device at the end of a line safe, those of one role at once, and tells of each as
/// soon as its role is done; by names, so that the order is always the same. With `verify` they
/// are only read. Gives how many devices there were.
pub(crate) async fn leave_all(
    devices: &[DevicePlan],
    clock: Clock,
    verify: bool,
    tell: &mut dyn FnMut(&str, Left),
) -> usize {
    let mut count = 0;
    for devices in alone(devices, clock) {
        count += devices.len();
        let mut tasks = JoinSet::new();
        for device in devices {
            tasks.spawn(async move {
                let left = Box::pin(leave(&device, verify)).await;
                (device.wired.name.to_string(), left)
            });
        }
        let mut left = tasks.join_all().await;
        left.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, left) in left {
            tell(&name, left);
        }
    }
    count
}

/// Everything that an instrument measures, now.
pub(crate) async fn read(instrument: &mut Instrument) -> Result<Vec<Reading>, DeviceError> {
    let mut readings = Vec::new();
    instrument.measure(&mut readings).await?;
    Ok(readings)
}

async fn leave(device: &Alone, verify: bool) -> Left {
    if device.is_board() {
        return board(device, verify).await;
    }
    let reached = if verify {
        device.reach().await.map(|(instrument, _)| instrument)
    } else {
        device.make_safe().await
    };
    let mut instrument = match reached {
        Ok(instrument) => instrument,
        Err(error) => return Left::Unsafe(error.kind.to_string()),
    };
    let channels = instrument.channels();
    let readings: Vec<Reading> = match read(&mut instrument).await {
        Ok(readings) => readings,
        // That it is off was read back before.
        Err(_) if !verify => return Left::Safe("told, and read back".to_owned()),
        Err(error) => return Left::Unsafe(error.kind.to_string()),
    };
    let told = words(&channels, &readings);
    match driving(&channels, &readings) {
        Some("on") => Left::Unsafe(told),
        _ => Left::Safe(told),
    }
}

/// A board is told to stop, if it speaks; what makes it safe is its supply.
async fn board(device: &Alone, verify: bool) -> Left {
    if verify {
        return Left::Silent("a board: its supply makes it safe".to_owned());
    }
    match device.ask_board(&Question::Stop).await {
        Ok(said) if said.answer.is_some() => Left::Safe("told to stop".to_owned()),
        Ok(_) => Left::Silent("the board does not speak; its supply makes it safe".to_owned()),
        Err(error) => Left::Silent(format!("{}; its supply makes it safe", error.kind)),
    }
}
