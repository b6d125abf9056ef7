//! Which boards have their firmware's memory upset in a run, and who hears what that did.

use std::collections::BTreeSet;
use std::sync::Arc;

use drivers::accelerator::{Suffered, Witness};
use profiles::command::{Command, Fault};
use reports::event::{DeviceId, Event, EventKind};

use crate::plan::Plan;
use crate::run::station::Happenings;

/// The upsets of a run.
#[derive(Debug, Default)]
pub(super) struct Upsets {
    boards: BTreeSet<DeviceId>,
    happenings: Happenings,
}

impl Upsets {
    /// Those that a plan asks for.
    pub(super) fn of(plan: &Plan, happenings: &Happenings) -> Upsets {
        let flips = plan.timeline.iter().filter(|told| {
            let command = &told.command;
            matches!(command, Command::Inject(Fault::MemoryFlip { .. }))
        });
        Upsets {
            boards: flips.map(|told| told.device).collect(),
            happenings: happenings.clone(),
        }
    }

    /// Who hears what upsets of a board's memory did, where there will be some.
    pub(super) fn witness(&self, id: DeviceId) -> Option<Witness> {
        let device = *self.boards.get(&id)?;
        let happenings = self.happenings.clone();
        Some(Arc::new(move |at, suffered| {
            let kind = match suffered {
                Suffered::Upset(place, upset) => EventKind::Upset {
                    address: upset.flip.address,
                    place,
                    bit: upset.flip.bit,
                    before: upset.before,
                    after: upset.after,
                },
                Suffered::Stopped { why, by_itself } => {
                    EventKind::FirmwareStopped { why, by_itself }
                }
            };
            happenings.push(Event { at, device, kind });
        }))
    }
}
