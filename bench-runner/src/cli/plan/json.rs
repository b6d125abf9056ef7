//! The plan as one JSON object.

use profiles::time::{BenchTime, Window};
use serde_json::{Value, json};

use super::injections;
use crate::plan::Plan;

/// The essential plan; times in seconds of bench time.
pub(super) fn of(plan: &Plan) -> Value {
    let header = &plan.header;
    let window = |window: &Window| {
        json!({
            "start_s": window.start.as_secs_f64(), "end_s": window.end.as_secs_f64(),
        })
    };
    let lists = plan.lists();
    let devices = header.devices.iter().map(|device| {
        let channels: Vec<&str> = device.channels.iter().map(|spec| &*spec.name).collect();
        let lists = lists
            .iter()
            .filter(|list| plan.device_name(list.device) == device.name);
        let lists: Vec<usize> = lists.map(|list| list.places.len()).collect();
        json!({
            "name": device.name, "role": device.role, "model": device.model,
            "link": device.link, "emulated": device.emulated, "channels": channels,
            "lists": lists,
        })
    });
    let steps = header.steps.iter().map(|step| {
        let told = plan.timeline.iter();
        let told = told.filter(|told| step.window.contains(told.at)).count();
        json!({ "name": step.name, "window": window(&step.window), "set_points": told })
    });
    let phases = header.phases.iter().map(
        |interval| json!({ "phase": interval.phase.name(), "window": window(&interval.window) }),
    );
    let windows = header
        .windows
        .iter()
        .map(|named| json!({ "name": named.name, "window": window(&named.window) }));
    let limits = plan.worst.iter().map(|worst| {
        json!({
            "device": worst.device, "limit": worst.limit, "allowed": worst.allowed,
            "worst": worst.value, "margin": worst.margin(), "at_s": worst.at.as_secs_f64(),
            "set_points": worst.count,
        })
    });
    let workloads = header.workloads.iter().map(|workload| {
        json!({
            "name": workload.name, "device": plan.device_name(workload.device),
            "golden": workload.golden, "scenario": workload.scenario, "mesh": workload.seat,
        })
    });
    let checks = header.checks.iter().map(|check| {
        json!({
            "name": check.name, "kind": check.kind, "subject": check.subject_text,
            "during": check.during, "settings": check.options,
            "windows": check.windows.iter().map(|named| window(&named.window)).collect::<Vec<_>>(),
        })
    });
    json!({
        "campaign": header.campaign, "description": header.description,
        "wiring": plan.wiring_name, "seed": header.seed, "pace": header.pace,
        "length_s": header.end.as_secs_f64(), "epoch": header.epoch, "orbit": header.orbit,
        "devices": devices.collect::<Vec<_>>(), "steps": steps.collect::<Vec<_>>(),
        "phases": phases.collect::<Vec<_>>(), "windows": windows.collect::<Vec<_>>(), "limits": limits.collect::<Vec<_>>(),
        "workloads": workloads.collect::<Vec<_>>(), "checks": checks.collect::<Vec<_>>(),
        "faults": injections(plan).map(fault_json).collect::<Vec<_>>(),
        "interlocks": header.interlocks, "inputs": header.inputs, "warnings": plan.warnings(),
    })
}

fn fault_json((at, device, what): (BenchTime, &str, String)) -> Value {
    json!({ "at_s": at.as_secs_f64(), "device": device, "what": what })
}
