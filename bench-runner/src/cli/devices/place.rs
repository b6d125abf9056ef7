//! Something done on a place of labgrid's: it is had before anything else, and given back after everything
//! else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::cli::complain;
use crate::config::folder::Folder;
use crate::exit::Exit;
use crate::labgrid::{Place, PlaceError};

/// Does `act` with the wiring of the place that `take` acquires: `given` with its links led to the place's resources, or one of
/// the resources that say what they are.
pub(in crate::cli) fn on_place(
    take: impl FnOnce() -> Result<Place, PlaceError>,
    given: Option<(Folder, String)>,
    act: impl FnOnce((Folder, String)) -> Exit,
) -> Exit {
    // Whoever interrupts before `act` heeds it must not leave the place behind.
    let early = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGHUP, SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&early)) {
            complain(&format!("Error: cannot watch for signals: {error}\n"));
            return Exit::BenchFault;
        }
    }
    let place = match take() {
        Ok(place) => place,
        Err(error) => {
            complain(&format!("Error: {error}\nNothing was touched.\n"));
            return error.exit;
        }
    };
    let exit = match place.wiring(given) {
        _ if early.load(Ordering::Relaxed) => Exit::Interrupted,
        Ok(wiring) => act(wiring),
        Err(why) => {
            complain(&format!("Error: {why}\nNothing was touched.\n"));
            Exit::Refused
        }
    };
    if let Some(told) = place.release(exit) {
        complain(&format!("{told}\n"));
    }
    exit
}
