//! What breaks on purpose: when, and what is refused of it.

use profiles::command::{Command, Fault, LineFault};
use profiles::time::BenchTime;
use proptest::prelude::*;

use super::cases::{CAMPAIGN, WIRING};
use super::edited;
use crate::plan::{Plan, TimedCommand};
use crate::torture::{draw, written};

const END: &str = "[[workload]]\nname     = \"cloud mask\"";

/// The quickstart with these faults.
fn with(faults: &str) -> Result<Plan, String> {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{faults}\n{END}");
    let plan = edited(folder.path(), &[(CAMPAIGN, END, &text)]);
    plan.map_err(|refusals| refusals.render(false))
}

fn injected(plan: &Plan) -> Vec<(BenchTime, Fault)> {
    let told = plan.timeline.iter();
    let faults = told.filter_map(|told| match &told.command {
        Command::Inject(fault) => Some((told.at, fault.clone())),
        _ => None,
    });
    faults.collect()
}

#[test]
fn a_fault_is_at_its_time_or_in_its_phase() {
    let plan =
        with("[[fault]]\ndevice = \"chamber\"\nkind = \"silent\"\nat = \"90 s\"\nlasts = \"2 s\"");
    let silent = (
        BenchTime::from_millis(90_000),
        Fault::Mute { millis: 2_000 },
    );
    assert_eq!(injected(&plan.unwrap()), [silent]);
    let plan = with(
        "[[fault]]\ndevice = \"payload\"\nkind = \"drop\"\nshare = 0.5\nduring = \"umbra\"\nafter = \"10 s\"",
    );
    let plan = plan.unwrap();
    let umbrae = plan
        .header
        .phases
        .iter()
        .filter(|i| i.phase.name() == "umbra");
    let umbrae: Vec<_> = umbrae.map(|interval| interval.window).collect();
    let faults = injected(&plan);
    assert_eq!(faults.len(), umbrae.len());
    for ((at, fault), umbra) in faults.iter().zip(&umbrae) {
        assert_eq!(*at, umbra.start.plus_micros(10_000_000).ceil_millis());
        let Fault::Line {
            how: LineFault::Drop { share },
            millis,
        } = fault
        else {
            panic!("{fault:?}");
        };
        let rest = umbra.end.min(plan.header.end).micros_since(*at) / 1_000;
        assert_eq!(
            (*share, u64::from(*millis)),
            (0.5, rest),
            "until the umbra ends"
        );
    }
}

#[test]
fn a_rate_is_kept_in_the_mean_and_is_the_same_each_time() {
    let fault = "[[fault]]\ndevice = \"payload\"\nkind = \"hang\"\nrate_per_orbit = 50.0";
    let (one, other) = (with(fault).unwrap(), with(fault).unwrap());
    let faults = injected(&one);
    // Poisson: 100 in two orbits, 10 of standard deviation.
    assert!((60..140).contains(&faults.len()), "{}", faults.len());
    assert_eq!(faults, injected(&other));
    assert!(
        faults.iter().all(|(at, _)| at.as_micros() > 5_000_000),
        "armed by then"
    );
    let dark = format!("{fault}\nduring = \"umbra\"");
    let dark = with(&dark).unwrap();
    for (at, _) in injected(&dark) {
        let mut phases = dark.header.phases.iter();
        let phase = phases.find(|interval| interval.window.contains(at));
        assert_eq!(phase.unwrap().phase.name(), "umbra");
    }
}

#[test]
fn what_is_wrong_with_a_fault_is_told() {
    let head = |device: &str, kind: &str| format!("device = \"{device}\"\nkind = \"{kind}\"\n");
    let cases = [
        (
            head("chamber", "silent") + "at = \"9 s\"",
            "nothing says how long `silent` lasts",
        ),
        (
            head("chamber", "silent") + "lasts = \"9 s\"",
            "nothing says when this breaks",
        ),
        (
            head("chamber", "hang") + "at = \"9 s\"",
            "cannot have the fault `hang`",
        ),
        (
            head("companion", "flip") + "at = \"9 s\"",
            "CAN discards what is damaged",
        ),
        (
            head("payload", "hang") + "at = \"5 h\"",
            "the campaign is over by then",
        ),
        (
            head("payload", "hang") + "at = \"9 s\"\nlasts = \"1 s\"",
            "has no `lasts`",
        ),
        (
            head("payload", "hang") + "at = \"9 s\"\nduring = \"umbra\"",
            "has no `during`",
        ),
        (
            head("payload", "hang") + "rate_per_hour = 0.0",
            "a rate of 0",
        ),
        (
            head("payload", "latch_up") + "at = \"9 s\"",
            "`latch_up` needs `amps`",
        ),
        (
            head("payload", "drop") + "at = \"9 s\"\nlasts = \"1 s\"\nshare = 1.5",
            "expected from 0 to 1",
        ),
        (
            head("payload", "sillent") + "at = \"9 s\"",
            "did you mean `silent`?",
        ),
        (
            head("paylod", "hang") + "at = \"9 s\"",
            "did you mean `payload`?",
        ),
    ];
    for (fault, said) in cases {
        let text = with(&format!("[[fault]]\n{fault}")).unwrap_err();
        assert!(text.contains(said), "{said}:\n{text}");
        assert_eq!(text.matches("Error").count(), 1, "{text}");
    }
}

#[test]
fn a_real_device_is_not_broken() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        format!("[[fault]]\ndevice = \"bus_supply\"\nkind = \"reboot\"\nat = \"9 s\"\n{END}");
    let real = "link   = \"tcp:192.0.2.7:5025\"\npoll   = \"1 s\"\nlimits = { volts = 34.0, amps";
    let memory = "link   = \"memory\"\npoll   = \"1 s\"\nlimits = { volts = 34.0, amps";
    let edits = [(CAMPAIGN, END, text.as_str()), (WIRING, memory, real)];
    let text = edited(folder.path(), &edits).unwrap_err().render(false);
    assert!(
        text.contains("the bench cannot break it on purpose"),
        "{text}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn what_is_drawn_can_be_written_and_read(seed in any::<u64>()) {
        let plan = with("").unwrap();
        let drawn = draw(&plan, seed);
        prop_assert!(!drawn.is_empty());
        prop_assert_eq!(&drawn, &draw(&plan, seed));
        let read = with(&written(&plan, &drawn)).unwrap();
        let broken = |told: &&TimedCommand| matches!(told.command, Command::Inject(_));
        let read: Vec<_> = read.timeline.iter().filter(broken).cloned().collect();
        prop_assert_eq!(read, drawn);
    }
}
