//! Something done on a place of labgrid's: it is had before anything else, and given back after everything
//! else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::cli::complain;
use crate::config::folder::Folder;
use crate::exit::Exit;
use crate::labgrid::{Place, PlaceError};

/// Does `act` with the wiring of a place: `given` with its links led to the place's resources, or one of
/// the resources that say what they are.
pub(in crate::cli) fn on_place(
    place: Result<Place, PlaceError>,
    given: Option<(Folder, String)>,
    act: impl FnOnce((Folder, String)) -> Exit,
) -> Exit {
    let place = match place {
        Ok(place) => place,
        Err(error) => {
            complain(&format!("Error: {error}\nNothing was touched.\n"));
            return error.exit;
        }
    };
    // Whoever interrupts before `act` heeds it must not leave the place behind.
    let early = Arc::new(AtomicBool::new(false));
    let heeds = [SIGINT, SIGHUP, SIGTERM]
        .map(|signal| signal_hook::flag::register(signal, Arc::clone(&early)));
    let exit = match (heeds.into_iter().find_map(Result::err), place.wiring(given)) {
        (Some(error), _) => {
            complain(&format!("Error: cannot watch for signals: {error}\n"));
            Exit::BenchFault
        }
        _ if early.load(Ordering::Relaxed) => Exit::Interrupted,
        (None, Ok(wiring)) => act(wiring),
        (None, Err(why)) => {
            complain(&format!("Error: {why}\nNothing was touched.\n"));
            Exit::Refused
        }
    };
    if let Some(told) = place.release(exit) {
        complain(&format!("{told}\n"));
    }
    exit
}
