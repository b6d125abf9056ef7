//! The kinds of faults: who can have each, what it needs, and what is injected then.

use drivers::catalog::Role;
use drivers::link::{LinkSpec, Pacing};
use profiles::command::{Fault, LineFault};

use crate::config::Located;
use crate::config::campaign::RawFault;
use crate::config::refusal::{Place, Refusal};
use crate::plan::Planner;
use crate::plan::stations::Wired;

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// As long as is said.
    Said,
    /// As long as is said, or so many milliseconds.
    Usually(u32),
    /// It has no length.
    Never,
}

/// A number that a kind has beside its length: its key, the least and the most, and what it is where
/// nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Room {
    /// The key.
    pub(crate) key: &'static str,
    /// Least and most; a `delay` in seconds.
    pub(crate) range: (f64, f64),
    /// What it is where nothing is said.
    pub(crate) usual: Option<f64>,
}

/// A kind of fault.
pub(crate) struct Kind {
    /// As campaigns spell it.
    pub(crate) name: &'static str,
    /// Whether a device can have it.
    pub(crate) fits: fn(&Wired) -> bool,
    /// Who that is.
    whom: &'static str,
    /// How long it lasts.
    pub(crate) lasts: Lasts,
    /// Its number.
    pub(crate) number: Option<Room>,
    /// What is injected, for that number and so many milliseconds.
    pub(crate) make: fn(&Wired, f64, u32) -> Fault,
}

const SHARE: Room = Room {
    key: "share",
    range: (0.0, 1.0),
    usual: Some(0.5),
};
const CHANCE: Room = Room {
    usual: None,
    ..SHARE
};
const DELAY: Room = Room {
    key: "delay",
    range: (0.001, 60.0),
    usual: None,
};
const AMPS: Room = Room {
    key: "amps",
    range: (0.001, 100.0),
    usual: None,
};

/// How long an instrument takes to start.
const START_MILLIS: u32 = 3_000;

fn any(_: &Wired) -> bool {
    true
}

fn is_can(wired: &Wired) -> bool {
    matches!(wired.pacing, Pacing::Can { .. })
}

fn is_board(wired: &Wired) -> bool {
    wired.role == Role::Accelerator
}

/// Whether what is inside a device is ours to break. Inside of real firmware it is not: around it,
/// its line and its power are.
fn is_played(wired: &Wired) -> bool {
    wired.link.qemu().is_none()
}

fn line(how: LineFault, millis: u32) -> Fault {
    Fault::Line { how, millis }
}

const fn kind(name: &'static str, make: fn(&Wired, f64, u32) -> Fault) -> Kind {
    Kind {
        name,
        fits: any,
        whom: "any device",
        lasts: Lasts::Said,
        number: None,
        make,
    }
}

const fn on_bytes(name: &'static str, make: fn(&Wired, f64, u32) -> Fault) -> Kind {
    Kind {
        fits: |wired| !is_can(wired),
        whom: "a device that speaks bytes: CAN discards what is damaged",
        ..kind(name, make)
    }
}

const fn on_can(name: &'static str, make: fn(&Wired, f64, u32) -> Fault) -> Kind {
    Kind {
        fits: |wired| is_board(wired) && is_can(wired),
        whom: "a board that speaks CAN frames",
        ..kind(name, make)
    }
}

const fn of_boards(name: &'static str, make: fn(&Wired, f64, u32) -> Fault) -> Kind {
    Kind {
        fits: |wired| is_board(wired) && is_played(wired),
        whom: "an emulated board: real firmware is not broken from inside",
        lasts: Lasts::Never,
        ..kind(name, make)
    }
}

/// The kinds, in the order in which files know them.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        fits: |wired| wired.link == LinkSpec::Memory,
        whom: "a device with a line of its own",
        ..kind("unplugged", |_, _, millis| {
            line(LineFault::Unplugged, millis)
        })
    },
    Kind {
        fits: is_played,
        whom: "an emulated device: real firmware is not broken from inside",
        ..kind("silent", |_, _, millis| Fault::Mute { millis })
    },
    Kind {
        number: Some(DELAY),
        ..kind("slow", |_, seconds, millis| {
            let delay_millis = (seconds * 1e3).round() as u32;
            line(LineFault::Slow { delay_millis }, millis)
        })
    },
    on_bytes("garbage", |_, _, millis| line(LineFault::Garbage, millis)),
    on_bytes("half_reply", |_, _, millis| {
        line(LineFault::HalfReply, millis)
    }),
    on_bytes("echo", |_, _, millis| line(LineFault::Echo, millis)),
    Kind {
        fits: |wired| !is_board(wired),
        whom: "an instrument: boards speak without being asked",
        ..kind("wrong_unit", |_, _, millis| {
            line(LineFault::WrongUnit, millis)
        })
    },
    Kind {
        number: Some(CHANCE),
        ..kind("drop", |_, share, millis| {
            line(LineFault::Drop { share }, millis)
        })
    },
    Kind {
        number: Some(CHANCE),
        ..on_bytes("flip", |_, share, millis| {
            line(LineFault::Flip { share }, millis)
        })
    },
    Kind {
        fits: |wired| wired.role != Role::Attenuator && is_played(wired),
        whom: "an emulated device that measures",
        ..kind("stuck", |_, _, millis| Fault::Stuck { millis })
    },
    Kind {
        lasts: Lasts::Usually(START_MILLIS),
        ..kind("reboot", |wired, _, millis| {
            if is_board(wired) && is_played(wired) {
                Fault::Reset
            } else {
                Fault::PowerCycle { millis }
            }
        })
    },
    Kind {
        fits: |wired| is_board(wired) || wired.role.feeds(),
        whom: "a source or a board",
        number: Some(SHARE),
        ..kind("brown_out", |_, share, millis| Fault::BrownOut {
            share,
            millis,
        })
    },
    Kind {
        number: Some(AMPS),
        fits: is_board,
        whom: "a board",
        ..of_boards("latch_up", |_, amps, _| Fault::LatchUp { amps })
    },
    on_can("bus_off", |_, _, millis| Fault::BusOff { millis }),
    on_can("babble", |_, _, millis| Fault::Babble { millis }),
    of_boards("hang", |_, _, _| Fault::Hang),
    Kind {
        fits: |wired| wired.role == Role::ThermalChamber,
        whom: "a chamber",
        number: Some(SHARE),
        ..kind("weak", |_, share, millis| Fault::Weak { share, millis })
    },
    Kind {
        fits: |wired| wired.role.feeds(),
        whom: "a supply or a solar-array simulator",
        lasts: Lasts::Never,
        ..kind("over_voltage", |_, _, _| Fault::OverVoltageTrip)
    },
];

impl Planner {
    /// What is injected; `None` where that is refused. `millis` is the length, where there is one.
    pub(super) fn fault_of(
        &mut self,
        raw: &RawFault,
        wired: &Wired,
        millis: Option<u32>,
    ) -> Option<Fault> {
        let kind = KINDS.iter().find(|kind| kind.name == raw.kind.value)?;
        if !(kind.fits)(wired) {
            let message = format!("`{}` cannot have the fault `{}`", wired.name, kind.name);
            let expected = format!("expected {}", kind.whom);
            self.refuse(Refusal::at(&raw.kind.place, message, expected));
            return None;
        }
        self.needless_of(raw, Some(kind));
        let number = match kind.number {
            None => 0.0,
            Some(room) => self.number(raw, kind, room)?,
        };
        let length = match kind.lasts {
            Lasts::Never => 0,
            Lasts::Usually(usual) => raw.lasts.as_ref().and(millis).unwrap_or(usual),
            Lasts::Said if millis.is_none() => {
                if raw.is_whole {
                    let message = format!("nothing says how long `{}` lasts", kind.name);
                    let expected = "expected `lasts`, such as \"5 s\"";
                    self.refuse(Refusal::at(&raw.place, message, expected));
                }
                return None;
            }
            Lasts::Said => millis?,
        };
        if kind.lasts != Lasts::Never && length == 0 {
            let place = raw.lasts.as_ref().map_or(&raw.place, |lasts| &lasts.place);
            let message = format!("`{}` of no length breaks nothing", kind.name);
            self.refuse(Refusal::at(place, message, "expected from \"1 ms\" up"));
            return None;
        }
        Some((kind.make)(wired, number, length))
    }

    fn number(&mut self, raw: &RawFault, kind: &Kind, room: Room) -> Option<f64> {
        let written = value(raw, room.key);
        let Some(written) = written else {
            if room.usual.is_none() && raw.is_whole {
                let message = format!("`{}` needs `{}`", kind.name, room.key);
                let expected = format!("expected `{} = …`", room.key);
                self.refuse(Refusal::at(&raw.place, message, expected));
            }
            return room.usual;
        };
        let (least, most) = room.range;
        if (least..=most).contains(&written.value) {
            return Some(written.value);
        }
        let message = format!("`{}` is {}", room.key, written.value);
        let unit = if room.key == "delay" { " s" } else { "" };
        let expected = format!("expected from {least}{unit} to {most}{unit}");
        self.refuse(Refusal::at(&written.place, message, expected));
        None
    }

    /// Refuses the keys that this kind does not have; `None` is an upset of memory.
    pub(super) fn needless_of(&mut self, raw: &RawFault, kind: Option<&Kind>) {
        let length: Option<&Place> = raw.lasts.as_ref().map(|lasts| &lasts.place);
        let lasts = length.filter(|_| kind.is_none_or(|kind| kind.lasts == Lasts::Never));
        let own = kind.and_then(|kind| kind.number).map(|room| room.key);
        let numbers = ["delay", "share", "amps"].into_iter();
        let numbers = numbers.filter(|key| own != Some(key));
        let strays = numbers.filter_map(|key| Some((key, &value(raw, key)?.place)));
        let strays = strays.chain(lasts.map(|place| ("lasts", place)));
        let memory = raw.memory.as_ref().map(|names| &names[0].place);
        let (byte, bit) = (raw.byte.as_ref(), raw.bit.as_ref());
        let of_memory = [
            ("memory", memory),
            ("byte", byte.map(|byte| &byte.place)),
            ("bit", bit.map(|bit| &bit.place)),
        ];
        let of_memory = of_memory.into_iter().filter(|_| kind.is_some());
        let of_memory = of_memory.filter_map(|(key, place)| Some((key, place?)));
        let strays: Vec<_> = strays.chain(of_memory).collect();
        for (key, place) in strays {
            let message = format!("the fault `{}` has no `{key}`", raw.kind.value);
            self.refuse(Refusal::at(place, message, "nobody reads this"));
        }
    }
}

fn value<'a>(raw: &'a RawFault, key: &str) -> Option<&'a Located<f64>> {
    match key {
        "delay" => raw.delay.as_ref(),
        "share" => raw.share.as_ref(),
        _ => raw.amps.as_ref(),
    }
}
