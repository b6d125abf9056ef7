//! Upsets of the memory of real firmware: which bit of what.

use drivers::link::QemuMode;
use drivers::link::qemu::{Image, Memory, WAIT};
use profiles::command::{Command, Fault};
use profiles::seed::Stream;

use super::Stroke;
use crate::config::Located;
use crate::config::campaign::RawFault;
use crate::config::refusal::{Place, Refusal};
use crate::plan::steps::PlacedCommand;
use crate::plan::{Planner, TimedCommand, Wired};

/// What `kind` says of a fault that is an upset.
pub(super) const UPSET: &str = "upset";

/// The memory of a firmware that is hit.
pub(in crate::plan) struct Target {
    image: Image,
    parts: Vec<Memory>,
}

impl Target {
    /// How large it is, octets.
    pub(in crate::plan) fn octets(&self) -> u64 {
        self.parts.iter().map(Memory::octets).sum()
    }

    /// The flip of a bit of its `octet`th octet; beyond its end it counts from the start again.
    pub(in crate::plan) fn flip(&self, octet: u64, bit: u8) -> Fault {
        let mut left = octet % self.octets().max(1);
        let mut address = 0;
        for part in &self.parts {
            address = part.range.start + left;
            if left < part.octets() {
                break;
            }
            left -= part.octets();
        }
        let place = self.image.place(address);
        Fault::MemoryFlip {
            address,
            bit,
            place,
        }
    }
}

impl Planner {
    /// The memory of a board that is hit: what is named, or all that its firmware has. `None` where
    /// that is refused.
    pub(in crate::plan) fn target(
        &mut self,
        wired: &Wired,
        names: Option<&Vec<Located<String>>>,
        place: &Place,
    ) -> Option<Target> {
        let firmware = wired.link.qemu();
        let Some(spec) = firmware.filter(|spec| spec.mode == QemuMode::LockStep) else {
            let message = format!("`{}` is no firmware in lock-step", wired.name);
            let expected = "expected a board with a link `qemu:…,mode=lockstep`";
            self.refuse(Refusal::at(place, message, expected));
            return None;
        };
        // A file that cannot be run is refused where the wiring names it.
        let image = match Image::read(&spec.elf) {
            Ok(image) => image,
            Err(_) if !spec.elf.is_file() => return None,
            Err(error) => {
                let message = format!("cannot read the names in {}: {error}", spec.elf.display());
                let expected = "expected a whole ELF file, as the linker wrote it";
                self.refuse(Refusal::at(place, message, expected));
                return None;
            }
        };
        if image.wait().is_none() {
            let message = format!(
                "the firmware of `{}` has no function `{WAIT}`: nothing says where to stop it",
                wired.name
            );
            let refusal = Refusal::at(place, message, "expected firmware that can be stopped");
            self.refuse(refusal.help("give it one, and do not strip its names (docs/firmware.md)"));
            return None;
        }
        let parts = match names {
            None => image.whole().to_vec(),
            Some(names) => {
                let mut parts = Vec::new();
                for name in names {
                    match image.memory(&name.value) {
                        Ok(part) => parts.push(part),
                        Err(expected) => {
                            let message = format!("the firmware has no `{}`", name.value);
                            self.refuse(Refusal::at(&name.place, message, expected));
                            return None;
                        }
                    }
                }
                parts
            }
        };
        Some(Target { image, parts })
    }

    /// The upsets that an entry asks for: `byte` and `bit`, or each by chance.
    pub(super) fn upsets(
        &mut self,
        raw: &RawFault,
        wired: &Wired,
        strokes: &[Stroke],
        mut places: Stream,
    ) -> Vec<PlacedCommand> {
        let memory = raw.memory.as_ref();
        let Some(target) = self.target(wired, memory, &raw.kind.place) else {
            return Vec::new();
        };
        let (octets, bits) = (target.octets(), 8);
        let ranges = [("byte", &raw.byte, octets), ("bit", &raw.bit, bits)];
        for (key, given, end) in ranges {
            if let Some(given) = given.as_ref().filter(|given| given.value >= end) {
                let message = format!("`{key}` is {}", given.value);
                let expected = format!("expected from 0 to {}", end.saturating_sub(1));
                self.refuse(Refusal::at(&given.place, message, expected));
                return Vec::new();
            }
        }
        let mut any = |given: &Option<Located<u64>>, below: u64| {
            let drawn = places.below(below);
            given.as_ref().map_or(drawn, |given| given.value)
        };
        let flips = strokes.iter().map(|(at, _)| {
            let (octet, bit) = (any(&raw.byte, octets), any(&raw.bit, bits));
            PlacedCommand {
                command: TimedCommand {
                    at: *at,
                    device: wired.id,
                    command: Command::Inject(target.flip(octet, bit as u8)),
                },
                place: raw.place.clone(),
                amps_place: None,
            }
        });
        flips.collect()
    }
}
