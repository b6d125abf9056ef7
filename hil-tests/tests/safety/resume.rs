//! A run that was cut off, gone on with: one run with a gap, and no pass on what is not known of it.
//!
//! 1. a record that is torn anywhere goes on at the last step or orbit that was completed, in the same
//!    file, which is whole afterwards; times never go back; temperatures come before power;
//! 2. checks of stretches that were seen whole pass, those with the gap in their middle do not, and what
//!    had failed before has failed;
//! 3. the record judged again says the same; the gap is told;
//! 4. it can be cut off and gone on with again;
//! 5. what has changed since is refused, and so is a run that is over;
//! 6. on a real line: kill -9, the supervisor, `bench resume`, a pass.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use bench_runner::config::folder::Folder;
use bench_runner::execute::{self, MANIFEST_FILE, Outcome, RECORD_FILE, Resumption};
use bench_runner::exit::Exit;
use bench_runner::plan::{Plan, Request};
use bench_runner::run::Stop;
use bench_runner::runtime::Pace;
use hil_tests::program::Program;
use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use profiles::command::{Command, Switch};
use reports::event::{Event, EventKind, ObserveError, Observer};
use reports::record::Record;
use reports::render::summary;
use reports::verdict::{Ending, Verdict};
use tempfile::TempDir;

use super::supply::{Supply, Ways};
use crate::smoke;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

struct Quiet;

impl Observer for Quiet {
    fn observe(&mut self, _event: &Event) -> Result<(), ObserveError> {
        Ok(())
    }
}

/// The manifest of a run that goes on, as a kill would leave it.
const WHILE_IT_WENT_ON: &str = "while-it-went-on.json";

/// Keeps the manifest that a run has while it goes on.
struct Looks<'a>(&'a Path);

impl Observer for Looks<'_> {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        if let EventKind::Resumed { .. } = event.kind {
            fs::copy(self.0.join(MANIFEST_FILE), self.0.join(WHILE_IT_WENT_ON)).unwrap();
        }
        Ok(())
    }
}

fn events(folder: &Path) -> Vec<Event> {
    let record = Record::open(&folder.join(RECORD_FILE)).unwrap();
    let mut events = Vec::new();
    record
        .for_each(&mut |event| events.push(event.clone()))
        .unwrap();
    events
}

/// A run's folder as a kill leaves it: nothing but its inputs, and its record up to `share` of it.
fn cut(ran: &Ran, share: f64) -> (TempDir, PathBuf) {
    let (place, folder) = ran.lay_out();
    cut_again(&folder, share);
    (place, folder)
}

fn cut_again(folder: &Path, share: f64) {
    for file in [MANIFEST_FILE, "report.pdf", "junit.xml", "summary.json"] {
        fs::remove_file(folder.join(file)).unwrap();
    }
    // What it had written itself when it went on, if it had.
    let _none = fs::rename(folder.join(WHILE_IT_WENT_ON), folder.join(MANIFEST_FILE));
    let record = folder.join(RECORD_FILE);
    let whole = fs::read(&record).unwrap();
    let length = (whole.len() as f64 * share) as usize;
    fs::write(&record, &whole[..length]).unwrap();
}

fn plan(folder: &Path) -> Plan {
    let inputs = Folder::Disk(folder.join("inputs"));
    let request = Request {
        campaign: (inputs.clone(), "campaign.toml".to_owned()),
        wiring: (inputs, "wiring.toml".to_owned()),
        seed: None,
        pace: Pace::Virtual,
        dictionary: None,
        firmware: Vec::new(),
        faults: None,
    };
    Plan::new(&request).unwrap()
}

fn resume(folder: &Path) -> Outcome {
    let resumption = Resumption::of(folder, plan(folder), None).unwrap();
    let outcome = execute::resume(folder, &resumption, &mut Looks(folder), &Stop::default());
    outcome.unwrap()
}

/// What holds of every run that went on.
fn is_one_run(folder: &Path, outcome: &Outcome, gaps: usize) -> Vec<Event> {
    let record = Record::open(&folder.join(RECORD_FILE)).unwrap();
    assert!(record.is_complete());
    assert_eq!(record.header().gaps.len(), gaps);
    let events = events(folder);
    assert!(
        events.windows(2).all(|two| two[0].at <= two[1].at),
        "times go back"
    );
    let resumed = events
        .iter()
        .filter(|e| matches!(e.kind, EventKind::Resumed { .. }));
    assert_eq!(resumed.count(), gaps);
    let judged = execute::judge(folder).unwrap();
    assert_eq!(judged.report.findings, outcome.report.findings);
    assert_eq!(judged.exit, outcome.exit);
    assert_eq!(
        summary::json(&judged.report),
        summary::json(&outcome.report)
    );
    let manifest = &judged.report.manifest;
    assert_eq!(manifest.resumed.len(), gaps);
    assert!(!manifest.started.is_empty());
    // Steps begin and end in pairs that are in the header, in its order.
    let steps = &record.header().steps;
    for event in &events {
        if let EventKind::StepStarted { step } = event.kind {
            assert_eq!(steps[usize::from(step)].window.start, event.at);
        }
    }
    events
}

fn verdicts(outcome: &Outcome) -> BTreeMap<&str, Verdict> {
    let findings = outcome.report.findings.iter();
    findings.map(|f| (f.check.as_str(), f.verdict)).collect()
}

#[test]
fn a_torn_run_goes_on_at_its_last_step_and_is_one_run() {
    for share in [0.4, 0.62, 0.8] {
        let (_place, folder) = cut(smoke(), share);
        let before = events(&folder).len();
        let outcome = resume(&folder);
        assert_eq!(outcome.report.ending, Ending::Completed);
        let events = is_one_run(&folder, &outcome, 1);
        assert!(matches!(events[before].kind, EventKind::Resumed { .. }));
        let verdicts = verdicts(&outcome);
        // Seen whole, after the gap.
        assert_eq!(verdicts["bus voltage in band"], Verdict::Pass, "{share}");
        assert_eq!(verdicts["no payload frame lost"], Verdict::Pass, "{share}");
        // Over the whole run: nobody knows what was in the gap.
        let whole = outcome
            .report
            .findings
            .iter()
            .find(|f| f.check == "the payload answers");
        let whole = whole.unwrap();
        assert_eq!(whole.verdict, Verdict::Inconclusive, "{share}");
        assert!(
            whole.because.starts_with("the run was cut off"),
            "{}",
            whole.because
        );
        assert_eq!(outcome.exit, Exit::Inconclusive);
        let text = summary::text(&outcome.report, false);
        assert!(text.contains("1 gap"), "{text}");
    }
}

#[test]
fn temperatures_come_back_before_power() {
    // Cut in the work, so that chamber and supply must be as the step before left them.
    let (_place, folder) = cut(smoke(), 0.8);
    let before = events(&folder).len();
    let outcome = resume(&folder);
    let events = is_one_run(&folder, &outcome, 1);
    let told = events[before..]
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::SetPointApplied { command, .. } => Some((event.at, command)),
            _ => None,
        });
    let told: Vec<_> = told.collect();
    let at = |find: fn(&Command) -> bool| told.iter().find(|(_, told)| find(told)).unwrap().0;
    let chamber = at(|told| matches!(told, Command::Chamber { .. }));
    let setting = at(|told| matches!(told, Command::Supply { .. }));
    let on = at(|told| *told == Command::SupplyOutput(Switch::On));
    let work = at(|told| matches!(told, Command::Accelerator(_)));
    assert!(chamber < setting && setting < on && on < work);
    // The chamber, from 23 °C to 20 °C, gets its minutes.
    assert!(on.micros_since(chamber) > 60_000_000);
}

#[test]
fn a_chamber_that_is_not_back_keeps_power_off() {
    let hot = Scene::of("smoke")
        .asking("celsius = 20.0", "celsius = 55.0")
        .run();
    let (_place, folder) = cut(&hot, 0.8);
    let before = events(&folder).len();
    let resumption = Resumption::of(&folder, plan(&folder), Some(1.0)).unwrap();
    let outcome = execute::resume(&folder, &resumption, &mut Quiet, &Stop::default()).unwrap();
    let Ending::BenchFault { why } = &outcome.report.ending else {
        panic!("{:?}", outcome.report.ending);
    };
    assert!(
        why.contains("not at 55.0 °C") && why.contains("--settle"),
        "{why}"
    );
    let on = |event: &Event| {
        let on = Command::SupplyOutput(Switch::On);
        matches!(&event.kind, EventKind::SetPointApplied { command, .. } if *command == on)
    };
    assert!(!events(&folder)[before..].iter().any(on));
}

#[test]
fn a_run_is_cut_off_and_goes_on_again() {
    let (_place, folder) = cut(smoke(), 0.4);
    resume(&folder);
    cut_again(&folder, 0.7);
    // Killed while it went on: interrupted, and the date of its going on is still known.
    let judged = execute::judge(&folder).unwrap();
    assert_eq!(judged.exit, Exit::Interrupted);
    assert_eq!(judged.report.manifest.resumed.len(), 1);
    let told = judged.report.ending.to_string();
    assert!(
        told.starts_with("interrupted: the record ends at T+"),
        "{told}"
    );
    let outcome = resume(&folder);
    is_one_run(&folder, &outcome, 2);
    assert_eq!(outcome.report.ending, Ending::Completed);
    assert_eq!(verdicts(&outcome)["bus voltage in band"], Verdict::Pass);
}

#[test]
fn what_had_failed_before_has_failed() {
    // Out of its band in a step that is not begun anew: the supply is still off.
    let bad = Scene::of("smoke").asking(
        "during  = \"work\"\nmin     = 27.0",
        "during  = [\"bring-up\", \"work\"]\nmin     = 27.0",
    );
    let ran = bad.run();
    assert_eq!(ran.outcome.exit, Exit::Failed);
    let (_place, folder) = cut(&ran, 0.8);
    let outcome = resume(&folder);
    assert_eq!(verdicts(&outcome)["bus voltage in band"], Verdict::Fail);
    assert_eq!(outcome.exit, Exit::Failed);
}

#[test]
fn a_long_step_goes_on_at_its_last_whole_orbit() {
    let (_place, folder) = cut(crate::quickstart(), 0.85);
    let resumption = Resumption::of(&folder, plan(&folder), None).unwrap();
    assert_eq!(resumption.with(), "orbit 2 of step `two orbits`");
    let outcome = execute::resume(&folder, &resumption, &mut Quiet, &Stop::default()).unwrap();
    is_one_run(&folder, &outcome, 1);
    assert_eq!(outcome.report.ending, Ending::Completed);
    // Seen in two pieces: no pass.
    let two = outcome
        .report
        .findings
        .iter()
        .filter(|f| f.during == "two orbits");
    for finding in two {
        assert_ne!(finding.verdict, Verdict::Pass, "{finding:?}");
    }
}

#[test]
fn what_has_changed_is_refused_and_so_is_what_is_over() {
    let refused = |folder: &Path| Resumption::of(folder, plan(folder), None).unwrap_err();
    let (_place, folder) = smoke().lay_out();
    let error = refused(&folder);
    assert!(error.to_string().contains("it is complete"), "{error}");
    assert_eq!(error.exit(), Exit::Refused);

    let (_place, folder) = cut(smoke(), 0.6);
    let campaign = folder.join("inputs/campaign.toml");
    let text = fs::read_to_string(&campaign).unwrap();
    fs::write(&campaign, text.replace("max     = 29.0", "max     = 35.0")).unwrap();
    let error = refused(&folder);
    assert!(
        error
            .to_string()
            .contains("campaign.toml is not the file of this run"),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::Damaged);
    let program = Program::new(PROGRAM, &folder);
    let said = program.run(&["resume", "."]);
    assert_eq!(said.code, Some(Exit::Damaged as i32), "{}", said.all());

    let tripped = Scene::of("smoke")
        .asking("length = \"60 s\"", "length = \"60 s\"\nset = [{ device = \"bus_supply\", after = \"5 s\", inject = \"over-voltage-trip\" }]")
        .run();
    assert_eq!(tripped.outcome.exit, Exit::Interlock);
    let (_place, folder) = tripped.lay_out();
    assert!(
        refused(&folder)
            .to_string()
            .contains("somebody must look first")
    );
}

#[test]
fn a_run_that_nobody_could_make_safe_is_not_gone_on_with() {
    let mute = "set = [{ device = \"bus_supply\", after = \"5 s\", inject = \"mute\", length = \"90 s\" }]";
    let head = "name   = \"work\"\nlength = \"60 s\"";
    let ran = Scene::of("smoke")
        .asking(head, &format!("{head}\n{mute}"))
        .run();
    assert_eq!(ran.outcome.exit, Exit::Unsafe);
    let (_place, folder) = ran.lay_out();
    let refused = |folder: &Path| Resumption::of(folder, plan(folder), None).unwrap_err();
    let error = refused(&folder);
    assert!(
        error.to_string().contains("somebody must look first"),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::Refused);

    // Killed, and what the supervisor left behind is on: that is in its own file, for no record tells of it.
    let (_place, folder) = cut(smoke(), 0.6);
    let supervisor = folder.join("supervisor.json");
    let left = |is_safe: bool, state: &str| {
        format!(
            r#"{{"at":"2026-01-01T00:00:00Z","why":"killed","is_safe":{is_safe},"seconds":7.0,
            "devices":[{{"name":"bus_supply","state":"{state}","told":"no answer"}}]}}"#
        )
    };
    fs::write(&supervisor, left(false, "unsafe")).unwrap();
    let said = refused(&folder).to_string();
    assert!(
        said.contains("bus_supply") && said.contains("remove its supervisor.json"),
        "{said}"
    );
    fs::write(&supervisor, left(true, "safe")).unwrap();
    assert!(Resumption::of(&folder, plan(&folder), None).is_ok());
}

/// A supply alone: two seconds of warming up, three of work.
const CAMPAIGN: &str = r#"
name = "on"
goldens = "../goldens"

[[step]]
name   = "warm up"
length = "2 s"
set = [
  { device = "bus_supply", volts = 28.0, limit_amps = 1.8 },
  { device = "bus_supply", output = "on" },
]

[[step]]
name   = "work"
length = "3 s"

[[check]]
name    = "bus voltage in band"
kind    = "in_range"
channel = "bus_supply.volts"
during  = "work"
after   = "500 ms"
min     = 27.0
max     = 29.0
"#;

#[test]
fn a_run_on_a_real_line_that_was_killed_goes_on_and_passes() {
    let scene = Scene::of("smoke");
    let supply = Supply::start(Ways::GOOD);
    fs::write(scene.path("campaigns/smoke.toml"), CAMPAIGN).unwrap();
    fs::write(scene.path("wiring/emulated.toml"), supply.wiring("50 ms")).unwrap();
    let program = Program::new(PROGRAM, &scene.path("."));
    let wiring = ["--wiring", "wiring/emulated.toml", "--pace", "real"];
    let arguments = [&["run", scene.campaign(), "--out", "out"][..], &wiring].concat();
    let mut run = program.command(&arguments).spawn().unwrap();
    let lines = BufReader::new(run.stderr.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    assert!(lines.any(|line| line.contains("step: work")));
    // What was said so far is on the record within a second.
    super::wait(1_500);
    run.kill().unwrap();
    run.wait().unwrap();
    let folder = scene.path("out");
    // It waits for the supervisor, if that has the bench by now; else the supervisor finds it taken.
    let said = program.run(&["resume", "out", "--wait"]);
    assert_eq!(said.code, Some(Exit::Passed as i32), "{}", said.all());
    assert!(
        said.err.contains("going on with step `work`"),
        "{}",
        said.all()
    );
    assert!(said.out.contains("1 gap"), "{}", said.all());
    let record = Record::open(&folder.join(RECORD_FILE)).unwrap();
    assert!(record.is_complete());
    assert_eq!(execute::judge(&folder).unwrap().exit, Exit::Passed);
    let last = supply
        .heard()
        .into_iter()
        .rev()
        .find(|line| line.text.starts_with("OUTP "));
    assert_eq!(last.unwrap().text, "OUTP OFF");
}
