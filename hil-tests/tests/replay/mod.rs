//! Judging a record gives what the run gave; and what is lost is never a pass.
//!
//! 1. `judge` on the run's folder alone: the same ending, verdict, findings and exit code;
//! 2. `report`: the same PDF, JUnit and summary, to the byte;
//! 3. a record without its manifest is judged the same;
//! 4. a record cut off anywhere is never a pass, and never a panic;
//! 5. a record with one bit turned over anywhere is never a pass for what it does not hold;
//! 6. a changed golden, campaign or wiring among the inputs is damage, as is one that is gone;
//! 7. a folder with a run is never run into again.

mod runs;
mod wire;

use std::fs;
use std::path::Path;

use bench_runner::execute::{self, ExecuteError, MANIFEST_FILE, RECORD_FILE};
use bench_runner::exit::Exit;
use hil_tests::ran::Ran;
use reports::verdict::Verdict;

use crate::{quickstart, smoke};

fn judged_as_run(ran: &Ran) {
    let (_place, folder) = ran.lay_out();
    let judged = execute::judge(&folder).unwrap();
    let (run, again) = (&ran.outcome.report, &judged.report);
    assert_eq!(again.ending, run.ending);
    assert_eq!(again.verdict, run.verdict);
    assert_eq!(again.findings, run.findings);
    assert_eq!(judged.exit, ran.outcome.exit);
    assert_eq!(again.story, run.story);
    assert_eq!(again.workloads, run.workloads);
    assert_eq!(again.events, run.events);
}

#[test]
fn judging_the_record_gives_the_verdict_of_the_run() {
    judged_as_run(quickstart());
    judged_as_run(smoke());
}

#[test]
fn the_report_made_again_is_the_same_to_the_byte() {
    for ran in [quickstart(), smoke()] {
        let (_place, folder) = ran.lay_out();
        let reports = ["report.pdf", "junit.xml", "summary.json"];
        for file in reports {
            fs::remove_file(folder.join(file)).unwrap();
        }
        execute::write_reports(&execute::judge(&folder).unwrap()).unwrap();
        for file in reports {
            let again = fs::read(folder.join(file)).unwrap();
            assert!(again == ran.file(file), "{file}");
        }
    }
}

#[test]
fn a_run_without_its_manifest_is_judged_by_its_record() {
    let (_place, folder) = smoke().lay_out();
    fs::remove_file(folder.join(MANIFEST_FILE)).unwrap();
    let judged = execute::judge(&folder).unwrap();
    assert_eq!(judged.exit, Exit::Passed);
    assert_eq!(judged.report.findings, smoke().outcome.report.findings);
}

/// Judges a run whose record is `bytes`: what it says to the shell.
fn exit_with_record(folder: &Path, bytes: &[u8]) -> Exit {
    fs::write(folder.join(RECORD_FILE), bytes).unwrap();
    match execute::judge(folder) {
        Ok(outcome) => {
            let passed = outcome.report.verdict == Verdict::Pass && outcome.exit == Exit::Passed;
            assert_eq!(passed, outcome.exit == Exit::Passed);
            outcome.exit
        }
        Err(error) => error.exit(),
    }
}

#[test]
fn a_record_cut_off_anywhere_is_no_pass() {
    let whole = smoke().file(RECORD_FILE);
    let (_place, folder) = smoke().lay_out();
    let ends = (0..40).map(|part| whole.len() * part / 40);
    // The last bytes are the container's own summary; without them it was not closed.
    let last = [1, 8, 9, 30, 200].map(|missing| whole.len() - missing);
    for end in ends.chain(last).chain([1, 7, 8, 9, 100]) {
        let exit = exit_with_record(&folder, &whole[..end]);
        assert_ne!(exit, Exit::Passed, "cut off at {end} of {}", whole.len());
        assert_ne!(exit, Exit::Failed, "nothing failed before {end}");
    }
    assert_eq!(exit_with_record(&folder, whole), Exit::Passed);
}

#[test]
fn a_record_with_one_bit_turned_over_is_no_pass() {
    let whole = smoke().file(RECORD_FILE);
    let (_place, folder) = smoke().lay_out();
    for part in 0..60 {
        // A prime step, so that bits of all kinds are met.
        let bit = (whole.len() * part / 60) * 8 + part * 7 % 8;
        let mut damaged = whole.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let exit = exit_with_record(&folder, &damaged);
        assert_ne!(exit, Exit::Passed, "bit {bit} of byte {}", bit / 8);
    }
}

#[test]
fn changed_inputs_are_damage() {
    for input in [
        "goldens/keyword-spotting/outputs.safetensors",
        "goldens/cloud-mask/golden.toml",
        "campaign.toml",
        "wiring.toml",
    ] {
        let (_place, folder) = smoke().lay_out();
        let path = folder.join("inputs").join(input);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let error = execute::judge(&folder).unwrap_err();
        assert_eq!(error.exit(), Exit::Damaged, "{input}: {error}");
        assert!(matches!(error, ExecuteError::Changed { .. }), "{error}");
        assert!(error.to_string().contains(input), "{error}");
        fs::remove_file(path).unwrap();
        let error = execute::judge(&folder).unwrap_err();
        assert_eq!(error.exit(), Exit::Damaged, "without {input}: {error}");
    }
}

#[test]
fn a_folder_with_a_run_is_never_run_into() {
    struct Quiet;
    impl reports::event::Observer for Quiet {
        fn observe(
            &mut self,
            _: &reports::event::Event,
        ) -> Result<(), reports::event::ObserveError> {
            Ok(())
        }
    }
    let (_place, folder) = smoke().lay_out();
    let plan = hil_tests::scene::Scene::of("smoke").plan().unwrap();
    let stop = bench_runner::run::Stop::default();
    let error = execute::execute(&plan, &folder, &mut Quiet, &stop).unwrap_err();
    assert!(matches!(error, ExecuteError::Occupied(_)), "{error}");
    assert_eq!(error.exit(), Exit::Refused);
    assert!(fs::read(folder.join(RECORD_FILE)).unwrap() == smoke().file(RECORD_FILE));
}
