//! `bench plan`: what will happen, on what, for how long. Touches nothing.

use std::fmt::Write;

use profiles::command::Command;
use profiles::phase::Phase;
use profiles::time::BenchTime;
use reports::header::{CheckSpec, Header};
use reports::report::injected;

mod json;

use super::{Question, colour_err, complain, print};
use crate::exit::Exit;
use crate::plan::{DevicePlan, Plan};

/// Show what would happen, on what, for how long, and how near to each limit; touch nothing
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    question: Question,
    /// The plan as JSON, for programs
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> Exit {
    let request = match args.question.request() {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    match Plan::new(&request) {
        Ok(plan) if args.json => {
            let text = serde_json::to_string_pretty(&json::of(&plan)).unwrap_or_default();
            print(&(text + "\n"));
            Exit::Passed
        }
        Ok(plan) => {
            let mut text = String::new();
            // Writing to a String cannot fail.
            let _always_ok = describe(&plan, &mut text);
            print(&text);
            Exit::Passed
        }
        Err(refusals) => {
            complain(&refusals.render(colour_err()));
            Exit::Refused
        }
    }
}

fn describe(plan: &Plan, out: &mut String) -> std::fmt::Result {
    let header = &plan.header;
    writeln!(out, "{}", header.campaign)?;
    if !header.description.is_empty() {
        writeln!(out, "  {}", header.description)?;
    }
    let minutes = header.end.as_secs_f64() / 60.0;
    writeln!(
        out,
        "  {minutes:.1} min at {} pace, seed {}",
        plan.pace, plan.seed.0
    )?;
    writeln!(out, "\ndevices ({})", plan.wiring_name)?;
    for device in &header.devices {
        writeln!(
            out,
            "  {:<14} {:<16} {:<18} {:<8} {:>2} channels",
            device.name,
            device.role,
            device.model,
            device.link,
            device.channels.len()
        )?;
    }
    let wired = plan.devices.iter().map(DevicePlan::wired);
    for (wired, carried_out) in wired.filter_map(|it| Some((it, it.carried_out()?))) {
        writeln!(out, "  {} runs {carried_out}", wired.name)?;
    }
    writeln!(out, "\nsteps")?;
    for step in &header.steps {
        let told = plan
            .timeline
            .iter()
            .filter(|told| step.window.contains(told.at))
            .count();
        writeln!(
            out,
            "  {} for {:>8.1} s  {:<20} {told:>5} set points",
            step.window.start,
            step.window.seconds(),
            step.name
        )?;
    }
    describe_lists(plan, out)?;
    describe_faults(plan, out)?;
    describe_orbit(plan, out)?;
    describe_limits(plan, out)?;
    describe_interlocks(plan, out)?;
    describe_questions(plan, out)?;
    let warnings = plan.warnings();
    if !warnings.is_empty() {
        writeln!(out, "\nwarnings")?;
    }
    for warning in warnings {
        writeln!(out, "  {warning}")?;
    }
    writeln!(out, "\nnothing was touched")
}

/// What instruments play by themselves: how many lists, of how many set points.
fn describe_lists(plan: &Plan, out: &mut String) -> std::fmt::Result {
    let lists = plan.lists();
    for device in plan.devices.iter().map(DevicePlan::wired) {
        if device.plays.is_none() {
            continue;
        }
        let own = lists.iter().filter(|list| list.device == device.id);
        let (count, points) = own.fold((0, 0), |(count, points), list| {
            (count + 1, points + list.places.len())
        });
        let told = plan.timeline.iter();
        let told = told.filter(|told| told.device == device.id).count();
        let s = if count == 1 { "" } else { "s" };
        writeln!(
            out,
            "  {} plays {points} of {told} set points by itself, in {count} list{s}",
            device.name
        )?;
    }
    Ok(())
}

/// What breaks on purpose, the first of it.
fn describe_faults(plan: &Plan, out: &mut String) -> std::fmt::Result {
    const SHOWN: usize = 12;
    let faults: Vec<_> = injections(plan).collect();
    if faults.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nfaults ({})", faults.len())?;
    for (at, device, what) in faults.iter().take(SHOWN) {
        writeln!(out, "  {at}  {device:<14} {what}")?;
    }
    match faults.len().checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "  and {more} more"),
    }
}

/// When, of which device, and what.
fn injections(plan: &Plan) -> impl Iterator<Item = (BenchTime, &str, String)> {
    plan.timeline.iter().filter_map(|told| match &told.command {
        Command::Inject(fault) => Some((told.at, plan.device_name(told.device), injected(fault))),
        _ => None,
    })
}

fn describe_limits(plan: &Plan, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\nworst set point against each limit")?;
    for worst in &plan.worst {
        writeln!(
            out,
            "  {:<14} {:<12} {:>9.3} of {:>9.3}  margin {:>8.3}  at {}  ({} set points)",
            worst.device,
            worst.limit,
            worst.value,
            worst.allowed,
            worst.margin(),
            worst.at,
            worst.count
        )?;
    }
    if plan.worst.is_empty() {
        writeln!(out, "  no set point has a limit")?;
    }
    Ok(())
}

/// What the bench does whatever the campaign tells.
fn describe_interlocks(plan: &Plan, out: &mut String) -> std::fmt::Result {
    if !plan.interlocks.is_empty() {
        writeln!(out, "\ninterlocks")?;
    }
    for interlock in &plan.interlocks {
        let (name, when, within) = (&interlock.name, &interlock.when, interlock.within);
        let then = interlock.told.join("; ");
        writeln!(out, "  {name}: when {when}, within {within}: {then}")?;
    }
    Ok(())
}

/// How many answers decide whether a workload has got slower, in each phase that the check looks at.
fn describe_size(plan: &Plan, check: &CheckSpec, out: &mut String) -> std::fmt::Result {
    let golden = plan.goldens.throughput.as_ref();
    let needed = golden.map(|golden| golden.needed(&check.subject_text));
    // A step is what its answers are counted by where there is no orbit; a plateau has a name of its own.
    let is_looked_at = |named: &str| {
        let intervals = plan.header.phases.iter();
        let phases = intervals
            .filter(|it| it.phase.name() == named)
            .map(|it| it.window);
        let steps = plan.header.steps.iter();
        let steps = steps
            .filter(|step| step.name == named)
            .map(|step| step.window);
        let plateaus = plan.header.windows.iter().filter(|own| own.name == named);
        let plateaus = plateaus.map(|own| own.window);
        phases.chain(steps).chain(plateaus).any(|when| {
            let mut windows = check.windows.iter();
            windows.any(|named| named.window.overlap(&when).is_some())
        })
    };
    let needed = needed.unwrap_or_default().into_iter();
    for (_, cell, needed) in needed.filter(|(phase, ..)| is_looked_at(phase)) {
        match needed {
            Some((answers, seconds)) => writeln!(
                out,
                "    {cell}: {answers} answers find a slow-down of 10 %, about {seconds:.0} s"
            )?,
            None => writeln!(
                out,
                "    {cell}: the golden has too few answers for any run"
            )?,
        }
    }
    Ok(())
}

fn describe_questions(plan: &Plan, out: &mut String) -> std::fmt::Result {
    let header = &plan.header;
    writeln!(out, "\nworkloads")?;
    for workload in &header.workloads {
        let device = plan.device_name(workload.device);
        let samples = plan.goldens.workloads.get(&workload.golden);
        let samples = samples.map_or(0, |golden| golden.sample_count());
        writeln!(
            out,
            "  {:<18} on {device}, {}, {samples} inputs of golden {}",
            workload.name, workload.scenario, workload.golden
        )?;
        if let Some(seat) = &workload.seat {
            let (mesh, tasks) = (&seat.mesh, seat.tasks);
            let way = match &seat.link {
                Some(link) => format!("reached during {link}"),
                None => "reached without a link".to_owned(),
            };
            writeln!(out, "    shares the {tasks} tasks of `{mesh}`, {way}")?;
        }
    }
    if header.workloads.is_empty() {
        writeln!(out, "  none")?;
    }
    writeln!(out, "\nchecks")?;
    for check in &header.checks {
        let settings: Vec<String> = check
            .options
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let line = format!(
            "  {:<36} {:<14} {} during {}  {}",
            check.name,
            check.kind,
            check.subject_text,
            check.during,
            settings.join(", ")
        );
        writeln!(out, "{}", line.trim_end())?;
        if check.kind == "throughput" {
            describe_size(plan, check, out)?;
        }
    }
    if header.checks.is_empty() {
        writeln!(out, "  none")?;
    }
    Ok(())
}

fn describe_orbit(plan: &Plan, out: &mut String) -> std::fmt::Result {
    let header = &plan.header;
    let (Some(epoch), Some(name)) = (&header.epoch, header.orbit.first()) else {
        return Ok(());
    };
    writeln!(out, "\norbit of {name}, T0 = {epoch}")?;
    for interval in header
        .phases
        .iter()
        .filter(|interval| interval.phase != Phase::Penumbra)
    {
        writeln!(
            out,
            "  {}  {:<8} {:>8.1} s",
            interval.window.start,
            interval.phase,
            interval.window.seconds()
        )?;
    }
    if let Some((_, prediction)) = &plan.orbit {
        let range = |value: fn(&profiles::orbit::TrackPoint) -> f64| {
            let values = prediction.track.iter().map(value);
            values.fold((f64::MAX, f64::MIN), |(low, high), v| {
                (low.min(v), high.max(v))
            })
        };
        let (volts, soc) = (range(|p| p.bus_volts), range(|p| p.battery_soc));
        let plate = range(|p| p.baseplate_celsius);
        writeln!(
            out,
            "  bus {:.2} to {:.2} V, battery {:.0} to {:.0} %, baseplate {:.1} to {:.1} °C",
            volts.0,
            volts.1,
            soc.0 * 100.0,
            soc.1 * 100.0,
            plate.0,
            plate.1
        )?;
    }
    describe_windows(header, out)
}

/// Contacts, links and regions: how often and how long in all, each name in a line.
fn describe_windows(header: &Header, out: &mut String) -> std::fmt::Result {
    let mut names: Vec<(&str, usize, f64)> = Vec::new();
    for named in &header.windows {
        let seconds = named.window.seconds();
        match names.iter_mut().find(|(name, ..)| *name == named.name) {
            Some((_, count, all)) => {
                *count += 1;
                *all += seconds;
            }
            None => names.push((&named.name, 1, seconds)),
        }
    }
    for (name, count, seconds) in names {
        let times = if count == 1 { "time" } else { "times" };
        writeln!(
            out,
            "  {name:<24} {count:>4} {times:<5} {seconds:>9.1} s in all"
        )?;
    }
    Ok(())
}
