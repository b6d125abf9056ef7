//! A disk that fills up under a run: the run ends while there is still room for its end.
//!
//! 1. on a small file system (tmpfs, where this user may mount one) and below a limit on the length of
//!    files (`RLIMIT_FSIZE`, which needs no rights), the run ends by itself as a bench fault that says
//!    so, every device was left safe, and the record is whole and holds that;
//! 2. a run for which there is no room at all is refused, and nothing is left of it;
//! 3. what the disk did not take any more is told, and written when there is room again.

use std::fs;
use std::path::Path;
use std::process::Command;

use bench_runner::execute::{self, RECORD_FILE};
use bench_runner::exit::Exit;
use hil_tests::program::{Program, Said};
use hil_tests::scene::Scene;
use reports::event::{Event, EventKind};
use reports::record::Record;
use reports::verdict::{Ending, Verdict};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-under-test");

/// A quarter of an hour of work in virtual time: some megabytes with the octets of all lines.
fn scene() -> Scene {
    Scene::of("smoke").asking("length = \"60 s\"", "length = \"15 min\"")
}

/// Runs `script` in the scene; `$@` is the program and its arguments, which record into `out`.
fn shell(scene: &Scene, wrapper: &[&str], script: &str, out: &str) -> Said {
    let run = ["run", scene.campaign(), "--wiring", "wiring/emulated.toml"];
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).args(["sh", "-c", script, "sh"]);
    command
        .arg(PROGRAM)
        .args(run)
        .args(["--wire", "--out", out]);
    Said::of(&command.current_dir(scene.path(".")).output().unwrap())
}

fn events(folder: &Path) -> Vec<Event> {
    let record = Record::open(&folder.join(RECORD_FILE)).unwrap();
    assert!(record.is_complete(), "the record is torn");
    let mut events = Vec::new();
    record
        .for_each(&mut |event| events.push(event.clone()))
        .unwrap();
    events
}

/// What is owed by a run whose disk became full.
fn ended_safely(said: &Said, folder: &Path) {
    assert_eq!(said.code, Some(Exit::BenchFault as i32), "{}", said.all());
    assert!(
        said.out.contains("no room for more of the record"),
        "{}",
        said.all()
    );
    let events = events(folder);
    let of = |kind: fn(&EventKind) -> bool| events.iter().filter(|e| kind(&e.kind)).count();
    assert!(of(|kind| matches!(kind, EventKind::Sampled { .. })) > 100);
    assert_eq!(of(|kind| matches!(kind, EventKind::MadeSafe)), 4);
    assert_eq!(of(|kind| matches!(kind, EventKind::NotMadeSafe { .. })), 0);
    let last = &events.last().unwrap().kind;
    assert!(
        matches!(
            last,
            EventKind::RunEnded {
                ending: Ending::BenchFault { .. }
            }
        ),
        "{last:?}"
    );
    let judged = execute::judge(folder).unwrap();
    assert_ne!(judged.report.verdict, Verdict::Pass);
    assert_eq!(judged.exit, Exit::BenchFault);
}

#[test]
fn a_run_ends_safely_before_its_record_is_as_long_as_files_may_be() {
    let scene = scene();
    // In kibibytes there and in half ones here: some shells count so, and some so.
    let said = shell(&scene, &["env"], "ulimit -f 10500 && exec \"$@\"", "out");
    ended_safely(&said, &scene.path("out"));
}

#[test]
fn a_run_ends_safely_on_a_disk_that_fills_up() {
    let scene = scene();
    let script = "mkdir disk && mount -t tmpfs -o size=48m tmpfs disk 2>mounting || exit 77\n\
                  head -c 36000000 /dev/zero >disk/ballast && \"$@\"\n\
                  code=$?; cp -r disk/out kept; exit $code";
    let said = shell(&scene, &["unshare", "-rm"], script, "disk/out");
    if said.code == Some(77) || said.err.contains("unshare") {
        println!(
            "skipped: this user may not mount a file system: {}",
            said.err
        );
        return;
    }
    ended_safely(&said, &scene.path("kept"));
}

#[test]
fn a_run_without_room_for_its_end_is_refused_and_leaves_nothing() {
    let scene = scene();
    let said = shell(&scene, &["env"], "ulimit -f 4000 && exec \"$@\"", "out");
    assert_eq!(said.code, Some(Exit::Refused as i32), "{}", said.all());
    assert!(said.err.contains("no room"), "{}", said.all());
    assert!(said.err.contains("Nothing was touched"), "{}", said.all());
    assert!(!scene.path("out").exists());
}

#[test]
fn reports_that_the_disk_does_not_take_are_told_and_written_later() {
    let scene = scene();
    // The record is on a disk of its own, and the reports have none: their place is taken.
    let folder = scene.path("out");
    let script = "\"$@\" & run=$!\n\
                  while ! test -e out/inputs/wiring.toml; do :; done\n\
                  mkdir out/manifest.json; wait $run";
    let said = shell(&scene, &["env"], script, "out");
    assert_eq!(said.code, Some(Exit::BenchFault as i32), "{}", said.all());
    assert!(said.err.contains("Warning: cannot write"), "{}", said.all());
    assert!(said.err.contains("bench report"), "{}", said.all());
    fs::remove_dir(folder.join("manifest.json")).unwrap();
    let program = Program::new(PROGRAM, &scene.path("."));
    assert_eq!(program.run(&["report", "out"]).code, Some(0));
    assert!(folder.join("report.pdf").exists());
    assert_eq!(execute::judge(&folder).unwrap().exit, Exit::Passed);
}
