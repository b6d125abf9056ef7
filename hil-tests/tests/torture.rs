//! Torture by seed, and what each kind of fault does.
//!
//! 1. every row of the table in `docs/faults.md` is what happens;
//! 2. seeds of the smoke campaign break no rule;
//! 3. a rule that is wrong is found broken, by one seed after the other, and the fewest faults for it
//!    are the one that breaks it;
//! 4. `bench torture`: codes, lines for programs, the same result twice, faults that can be replayed;
//! 5. a latch-up is cut off by its supply within the time that the wiring declares, and counted.

use std::fs;

use bench_runner::exit::Exit;
use bench_runner::torture::{RULES, Rule, Seen, Stand, draw, minimise, written};
use hil_tests::program::Program;
use hil_tests::ran::Ran;
use hil_tests::scene::{Scene, bench_folder};
use profiles::command::{Command, Fault};
use reports::event::EventKind;
use reports::report::Kind;
use tempfile::TempDir;

/// The scene of the table in `docs/faults.md`: the smoke campaign with a check that the chamber stays
/// where it is told.
fn scene() -> Scene {
    Scene::of("smoke").asking_also(
        "[[check]]\nname = \"chamber holds\"\nkind = \"settles\"\nchannel = \"chamber.air\"\n\
         during = \"work\"\ntarget = 20.0\ntolerance = 0.9\nwithin = \"40 s\"\n",
    )
}

/// A row of the table: device, what the fault has beside it, the exit code and the retries.
struct Row {
    device: String,
    fault: String,
    exit: String,
    retries: u64,
}

fn rows() -> Vec<Row> {
    let path = bench_folder().join("../docs/faults.md");
    let text = fs::read_to_string(path).unwrap();
    let table = text
        .lines()
        .skip_while(|line| !line.starts_with("| device |"))
        .skip(2);
    let rows = table.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let &[device, fault, _what, exit, retries] = cells.as_slice() else {
            panic!("five cells: {line}");
        };
        Row {
            device: device.trim_matches('`').to_owned(),
            fault: fault.trim_matches('`').to_owned(),
            exit: exit.split(' ').next_back().unwrap().to_owned(),
            retries: retries.parse().unwrap(),
        }
    });
    rows.collect()
}

fn with_fault(scene: Scene, device: &str, fault: &str) -> Ran {
    let lines = fault.replace(", ", "\n");
    let at = "at = \"40 s\"";
    let text = format!("[[fault]]\ndevice = \"{device}\"\n{lines}\n{at}\n");
    scene.asking_also(&text).run()
}

#[test]
fn each_fault_does_what_the_table_says() {
    let rows = rows();
    assert!(rows.len() > 40, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for row in &rows {
        let ran = with_fault(scene(), &row.device, &row.fault);
        let story = &ran.outcome.report.story;
        let found = (ran.outcome.exit.name(), story.count(Kind::Retried));
        let what = format!("{} {}", row.device, row.fault);
        if found != (row.exit.as_str(), row.retries) {
            wrong.push(format!(
                "{what}: {found:?}, the table has {} {}",
                row.exit, row.retries
            ));
        }
        assert_eq!(story.count(Kind::Injected), 1, "{what}");
        assert!(
            ran.unsafe_ends().is_empty(),
            "{what}: {:?}",
            ran.unsafe_ends()
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_instrument_that_may_be_away_is_unplugged_and_comes_back() {
    let scene = scene().device("bus_supply", "reconnect = \"10 s\"");
    let ran = with_fault(scene, "bus_supply", "kind = \"unplugged\", lasts = \"4 s\"");
    let story = &ran.outcome.report.story;
    let counts = [Kind::LinkLost, Kind::LinkRestored].map(|kind| story.count(kind));
    assert_eq!(counts, [1, 1]);
    // It is armed again, for which its output is switched off: nothing is switched on by itself.
    assert_eq!(ran.outcome.exit, Exit::Failed, "{}", ran.ending());
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn seeds_break_no_rule() {
    let mut stand = Stand::new(scene().plan().unwrap());
    let place = TempDir::new().unwrap();
    for seed in 1..=24 {
        let faults = draw(stand.plan(), seed);
        let (exit, broken) = stand
            .run(&faults, &place.path().join("run"), RULES)
            .unwrap();
        let text = written(stand.plan(), &faults);
        assert!(
            broken.is_empty(),
            "seed {seed}, {}: {broken:?}\n{text}",
            exit.name()
        );
    }
}

/// A rule that is wrong on purpose.
fn never_restarts(seen: &Seen<'_>) -> Option<String> {
    // Both start once when their supply comes on.
    (seen.tally.boots() > 2).then(|| "a board started anew".to_owned())
}

#[test]
fn a_planted_fault_is_found_and_is_all_that_is_left() {
    const PLANTED: &[Rule] = &[Rule {
        name: "planted",
        broken: never_restarts,
    }];
    let mut stand = Stand::new(scene().plan().unwrap());
    let place = TempDir::new().unwrap();
    let folder = place.path().join("run");
    // A seed whose faults have a hang among others, while the board is up.
    let hangs = |seed: &u64| {
        let faults = draw(stand.plan(), *seed);
        let up = |at: u64| (30_000_000..80_000_000).contains(&at);
        let hang = |told: &&bench_runner::plan::TimedCommand| {
            told.command == Command::Inject(Fault::Hang) && up(told.at.as_micros())
        };
        faults.len() > 2 && faults.iter().any(|told| hang(&told))
    };
    let seed = (1..10_000).find(hangs).expect("one of them has");
    let faults = draw(stand.plan(), seed);
    let mut breaks = |kept: &[usize]| {
        let kept: Vec<_> = kept.iter().map(|place| faults[*place].clone()).collect();
        let (_, broken) = stand.run(&kept, &folder, PLANTED).unwrap();
        broken.iter().any(|violation| violation.rule == "planted")
    };
    let all: Vec<usize> = (0..faults.len()).collect();
    // Others of its faults may keep the run from getting there.
    if breaks(&all) {
        let kept = minimise(faults.len(), &mut breaks);
        assert_eq!(kept.len(), 1, "{kept:?} of {faults:?}");
    }
    let hang = faults
        .iter()
        .position(|told| told.command == Command::Inject(Fault::Hang));
    assert!(breaks(&[hang.unwrap()]), "alone it does");
    assert!(!breaks(&[]), "and without any nothing does");
}

fn torture(folder: &TempDir, arguments: &[&str]) -> hil_tests::program::Said {
    let program = Program::new(env!("CARGO_BIN_EXE_bench-under-test"), folder.path());
    program.run(&[&["torture"], arguments].concat())
}

#[test]
fn the_program_tortures_and_says_the_same_twice() {
    let scene = scene();
    let (campaign, wiring) = (
        scene.path(scene.campaign()),
        scene.path("wiring/emulated.toml"),
    );
    let (campaign, wiring) = (campaign.to_str().unwrap(), wiring.to_str().unwrap());
    let folder = TempDir::new().unwrap();
    let arguments = [
        campaign, "--wiring", wiring, "--seeds", "5..8", "--jobs", "2", "--json",
    ];
    let mut said = [torture(&folder, &arguments), torture(&folder, &arguments)].map(|said| {
        assert_eq!(said.code, Some(0), "{}", said.all());
        let mut lines: Vec<String> = said.out.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    });
    assert_eq!(said[0].len(), 5, "four seeds and a summary");
    assert_eq!(said[0], said[1]);
    said[0].iter_mut().for_each(|line| {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    });
    // The faults of a seed, written down, are what is run by them.
    let shown = torture(
        &folder,
        &[campaign, "--wiring", wiring, "--seeds", "5", "--show"],
    );
    fs::write(folder.path().join("five.toml"), &shown.out).unwrap();
    let again = [
        campaign,
        "--wiring",
        wiring,
        "--replay",
        "five.toml",
        "--json",
    ];
    let again = torture(&folder, &again);
    assert_eq!(again.code, Some(0), "{}", again.all());
    let exit = |text: &str, which: &str| {
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let mut found = lines
            .filter(|line| line["type"] == "seed" && line["seed"].as_u64() == which.parse().ok());
        found.next().map(|line| line["exit"].clone())
    };
    assert_eq!(exit(&again.out, "null"), exit(&said[0].join("\n"), "5"));
    assert_eq!(torture(&folder, &["--seeds", "9..3"]).code, Some(2));
    assert_eq!(torture(&folder, &["nowhere.toml"]).code, Some(2));
}

#[test]
fn a_latch_up_is_cut_off_in_time_and_counted() {
    let rule = "latch_up = { above_amps = 1.2, for = \"500 ms\", cut = \"2 s\", most = 3 }";
    let scene = scene().wired(
        "poll   = \"1 s\"\nlimits = { volts = 34.0",
        &format!("poll   = \"250 ms\"\n{rule}\nlimits = {{ volts = 34.0"),
    );
    let ran = with_fault(scene, "payload", "kind = \"latch_up\", amps = 0.8");
    let supply = ran.device("bus_supply");
    let cuts = ran.events(|event| matches!(event.kind, EventKind::PowerCut { .. }));
    assert_eq!(cuts.len(), 1, "{cuts:?}");
    assert_eq!(cuts[0].device, supply);
    // `for`, two polls, and what the line takes.
    let reaction = cuts[0].at.as_micros() - 40_000_000;
    assert!(reaction <= 500_000 + 2 * 250_000 + 400_000, "{reaction} us");
    let back = ran.events(|event| matches!(event.kind, EventKind::PowerBack { .. }));
    assert_eq!(back.len(), 1);
    // Power is gone, and the latch-up with it; the answers of meanwhile are missing.
    assert_eq!(ran.outcome.report.story.count(Kind::Booted), 4);
    assert_eq!(ran.outcome.exit, Exit::Failed);
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}

#[test]
fn more_latch_ups_than_the_rule_allows_end_the_run_as_an_interlock() {
    let run = |most: u32| {
        let rule = format!(
            "latch_up = {{ above_amps = 1.2, for = \"500 ms\", cut = \"2 s\", most = {most} }}"
        );
        let scene = scene().wired(
            "poll   = \"1 s\"\nlimits = { volts = 34.0",
            &format!("poll   = \"250 ms\"\n{rule}\nlimits = {{ volts = 34.0"),
        );
        let again = "[[fault]]\ndevice = \"payload\"\nkind = \"latch_up\"\namps = 0.8\n\
                     at = \"55 s\"\n";
        let scene = scene.asking_also(again);
        with_fault(scene, "payload", "kind = \"latch_up\", amps = 0.8")
    };
    let count = |ran: &Ran, kind: fn(&EventKind) -> bool| ran.events(|e| kind(&e.kind)).len();
    let cuts = |ran: &Ran| count(ran, |kind| matches!(kind, EventKind::PowerCut { .. }));
    let backs = |ran: &Ran| count(ran, |kind| matches!(kind, EventKind::PowerBack { .. }));
    // Twice is allowed, and happens twice.
    let ran = run(2);
    assert_eq!((cuts(&ran), backs(&ran)), (2, 2));
    assert_eq!(ran.outcome.exit, Exit::Failed);
    // Once is allowed: the second time power stays off.
    let ran = run(1);
    assert_eq!((cuts(&ran), backs(&ran)), (2, 1));
    assert_eq!(ran.outcome.exit, Exit::Interlock);
    let told = ran.ending().to_string();
    assert!(
        told.contains("for the 2. time, and power may be cut 1 times"),
        "{told}"
    );
    assert_eq!(ran.unsafe_ends(), [""; 0]);
}
