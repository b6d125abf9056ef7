//! What a golden takes of what the check measured, and what measured it.

use crate::check::METER;
use crate::event::DeviceId;
use crate::golden::{Energies, Energy};
use crate::header::{CheckSpec, Header, Subject};
use crate::verdict::Finding;

/// The name of the device that measures, where the check says one.
pub(super) fn meter_name(spec: &CheckSpec) -> Option<&str> {
    let named = spec.options.text(METER);
    named.filter(|name| !name.is_empty())
}

/// The device that measures: the board itself if none is named.
pub(super) fn meter_of(header: &Header, spec: &CheckSpec) -> Option<DeviceId> {
    let own = || match spec.subject {
        Subject::Workload { workload } => {
            let workload = header.workloads.get(usize::from(workload));
            workload.map(|workload| workload.device)
        }
        Subject::Channel { .. } | Subject::Device { .. } => None,
    };
    match meter_name(spec) {
        Some(name) => header.device(name).map(|(id, _)| id),
        None => own(),
    }
}

/// A device as goldens name it: with its model, so that another under the same name is another.
pub(super) fn device_words(header: &Header, device: Option<DeviceId>) -> String {
    let device = device.and_then(|id| header.device_at(id));
    device.map_or(String::new(), |device| {
        format!("{}, {}", device.name, device.model)
    })
}

/// What a golden takes from a run's findings: what was measured of each workload, in each phase or
/// plateau; where several checks did, what the first says.
pub fn energies(header: &Header, findings: &[Finding]) -> Energies {
    let mut found = Energies::new();
    for (spec, finding) in header.checks.iter().zip(findings) {
        let Subject::Workload { workload } = spec.subject else {
            continue;
        };
        let Some(workload) = header.workloads.get(usize::from(workload)) else {
            continue;
        };
        if spec.kind != super::KIND.name {
            continue;
        }
        let meter = device_words(header, meter_of(header, spec));
        let phases = found.entry(workload.name.clone()).or_default();
        // Only what has blocks: not the orbits.
        for piece in &finding.evidence {
            let number = |name: &str| piece.numbers.get(name).copied();
            let measured = || {
                Some(Energy {
                    right: number("right")? as u64,
                    joules: number("joules_per_answer")?,
                    uncertainty: number("uncertainty_joules")?,
                    meter: meter.clone(),
                    answers: number("block_answers")? as u64,
                    count: number("blocks")? as u64,
                    each: [number("block_joules")?, number("block_deviation")?],
                })
            };
            if let Some(energy) = measured() {
                phases.entry(piece.what.clone()).or_insert(energy);
            }
        }
    }
    found.retain(|_, phases| !phases.is_empty());
    found
}
