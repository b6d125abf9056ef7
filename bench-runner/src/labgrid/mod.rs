//! Benches that labgrid looks after: a place is acquired, its resources become a wiring, and it is
//! released when the bench was left safe. Spoken to by `labgrid-client`, the interface that labgrid
//! promises to people and scripts (labgrid, "Command-Line": acquire, reserve, env, release).

mod client;
mod resources;
mod wiring;

use client::{Client, Said};
use resources::Resource;

use crate::config::folder::Folder;
use crate::exit::Exit;

/// A place that this process has acquired.
#[derive(Debug)]
pub struct Place {
    client: Client,
    resources: Vec<Resource>,
    /// It was this user's before, and stays so.
    was_held: bool,
}

/// Why a place cannot be had, or not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct PlaceError {
    /// Why.
    pub why: String,
    /// What that ends with.
    pub exit: Exit,
}

impl Place {
    /// Acquires a place. With `wait` it queues up behind others by a reservation, which labgrid renews as
    /// long as the place is held; without, a place that somebody has is BUSY.
    ///
    /// # Errors
    /// If there is no `labgrid-client` or no coordinator, no such place, or somebody has it.
    pub fn take(name: &str, wait: bool) -> Result<Place, PlaceError> {
        Place::acquire(name, wait, false)
    }

    /// Acquires a place, or uses it as it is if this user has it already, as after a run that ended UNSAFE:
    /// then it stays acquired.
    ///
    /// # Errors
    /// As [`Place::take`].
    pub fn take_or_hold(name: &str, wait: bool) -> Result<Place, PlaceError> {
        Place::acquire(name, wait, true)
    }

    fn acquire(name: &str, wait: bool, may_be_held: bool) -> Result<Place, PlaceError> {
        let mut client = Client::new(name);
        let mut was_held = false;
        let mut said = if wait && !may_be_held {
            client.reserve().and_then(|()| client.ask(&["acquire"]))
        } else {
            client.ask(&["acquire"])
        };
        if may_be_held && let Ok(Said::No(why)) = &said {
            was_held = why.contains("You have already acquired");
            if was_held {
                said = Ok(Said::Yes(String::new()));
            } else if wait && refused(name, why).exit == Exit::Busy {
                said = client.reserve().and_then(|()| client.ask(&["acquire"]));
            }
        }
        let said = said.and_then(|said| match said {
            Said::Yes(_) => client.ask(&["env"]),
            no @ Said::No(_) => Ok(no),
        });
        let said = said.inspect_err(|_| client.forget())?;
        let text = match said {
            Said::Yes(text) => text,
            Said::No(why) => {
                client.forget();
                return Err(refused(name, &why));
            }
        };
        let place = match resources::parse(&text) {
            Ok(resources) => Place {
                client,
                resources,
                was_held,
            },
            Err(why) => {
                let unread = Place {
                    client,
                    resources: Vec::new(),
                    was_held,
                };
                unread.release(Exit::Refused);
                return Err(PlaceError {
                    why: format!("cannot read what labgrid says of {name}: {why}"),
                    exit: Exit::BenchFault,
                });
            }
        };
        Ok(place)
    }

    /// The wiring with the place's resources: `given` with its `labgrid:NAME` links led to them, or one
    /// of the resources that say what they are.
    ///
    /// # Errors
    /// What is missing in the wiring or in the place.
    pub fn wiring(&self, given: Option<(Folder, String)>) -> Result<(Folder, String), String> {
        let name = &self.client.place;
        let (folder, file, text) = if let Some((folder, file)) = given {
            let label = folder.label(&file);
            let bytes = folder
                .read(&file)
                .map_err(|why| format!("cannot read {label}: {why}"))?;
            let text = String::from_utf8_lossy(&bytes);
            let led = wiring::led(&text, &self.resources);
            let text = led.map_err(|why| format!("{label} on place {name}: {why}"))?;
            (folder, file, text)
        } else {
            let made = wiring::made(name, &self.resources);
            let text = made.map_err(|why| format!("place {name}: {why}"))?;
            let here = Folder::Disk(std::path::PathBuf::new());
            (here, format!("labgrid place {name}"), text)
        };
        let bytes = text.into_bytes().into();
        Ok((Folder::Altered(Box::new(folder), file.clone(), bytes), file))
    }

    /// Gives the place back, if it was acquired here, after a run that ended with `exit`: its bench was left safe. One that may not
    /// be safe is kept, for the next user would switch it on. Gives what is to be told of it.
    pub fn release(mut self, exit: Exit) -> Option<String> {
        let name = self.client.place.clone();
        if self.was_held {
            return Some(format!(
                "Place {name} stays acquired, as it was before: labgrid-client --place {name} release"
            ));
        }
        if exit == Exit::Unsafe {
            return Some(format!(
                "Place {name} stays acquired: its bench was not confirmed safe. When it is: labgrid-client \
                 --place {name} release"
            ));
        }
        let said = self.client.ask(&["release"]);
        self.client.forget();
        match said {
            Ok(Said::Yes(_)) => None,
            Ok(Said::No(why)) => Some(format!("Warning: place {name} was not released: {why}")),
            Err(error) => Some(format!("Warning: place {name} was not released: {error}")),
        }
    }
}

/// What labgrid's words mean.
fn refused(name: &str, why: &str) -> PlaceError {
    let has = |parts: &[&str]| parts.iter().any(|part| why.contains(part));
    let exit = if has(&["already acquired", "reserved", "already acquire"]) {
        Exit::Busy
    } else if has(&[
        "matches nothing",
        "matches multiple",
        "no matching remote resource",
    ]) {
        Exit::Refused
    } else {
        Exit::BenchFault
    };
    PlaceError {
        why: format!("labgrid does not give place {name}: {why}"),
        exit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_labgrid_says_has_a_code() {
        // As labgrid-client 26.0 says it.
        for (why, exit) in [
            (
                "Place a is already acquired by vm/root. To work simultaneously, …",
                Exit::Busy,
            ),
            ("You have already acquired place a.", Exit::Busy),
            ("Place a is reserved for vm/other", Exit::Busy),
            ("place pattern nope matches nothing", Exit::Refused),
            (
                "Match lab1/b/S/x -> y has no matching remote resource",
                Exit::Refused,
            ),
            ("Failed to acquire resources", Exit::BenchFault),
        ] {
            assert_eq!(refused("a", why).exit, exit, "{why}");
        }
    }
}
