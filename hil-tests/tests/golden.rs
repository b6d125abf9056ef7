//! The life of a golden on the command line: what a run answered is recorded, looked at, and
//! accepted or rejected by a person; never by a pipeline.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use hil_tests::program::Program;
use hil_tests::scene::Scene;

use crate::smoke;

fn program(scene: &Scene) -> Program {
    Program::new(env!("CARGO_BIN_EXE_bench-under-test"), &scene.path("."))
}

/// Runs it where no pipeline is, with `answers` on its standard input: code, out, err.
fn golden(scene: &Scene, arguments: &[&str], answers: &str) -> (Option<i32>, String, String) {
    let mut command = program(scene).command(&[&["golden"], arguments].concat());
    let command = command.env_remove("CI").env("USER", "a tester");
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // A verb that asks nothing may be gone already.
    let _unasked = child.stdin.take().unwrap().write_all(answers.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn what_a_run_answered_is_recorded_looked_at_and_accepted() {
    let scene = Scene::of("smoke");
    let (_place, run) = smoke().lay_out();
    let run = run.to_str().unwrap();
    let manifest = scene.path("goldens/cloud-mask/golden.toml");
    let before = fs::read_to_string(&manifest).unwrap();

    let (code, _, err) = golden(&scene, &["record", run], "");
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("cloud mask, keyword spotting"), "{err}");
    for workload in ["cloud mask", "keyword spotting"] {
        let (code, out, err) = golden(&scene, &["record", run, "--workload", workload], "");
        assert_eq!(code, Some(0), "{out}{err}");
    }
    let (_, out, _) = golden(&scene, &["diff", "keyword-spotting"], "");
    assert_eq!(
        out,
        "keyword-spotting\n  20 outputs by bit-exact: 20 EXACT\n"
    );
    let (_, out, _) = golden(&scene, &["diff", "cloud-mask"], "");
    assert!(out.contains("6 outputs by tolerance: 6 WITHIN"), "{out}");
    let (code, out, _) = golden(&scene, &["verify"], "");
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "2 accepted, 2 pending, 0 damaged\n")
    );
    let unchanged = fs::read_to_string(&manifest).unwrap();
    assert_eq!(unchanged, before, "a candidate is no golden");

    let (_, out, _) = golden(&scene, &["review"], "what\na\nr\n");
    assert!(out.contains("`what` is none of a, r, s, q"), "{out}");
    assert!(
        out.ends_with("1 accepted, 1 rejected, 0 still waiting\n"),
        "{out}"
    );
    let after = fs::read_to_string(&manifest).unwrap();
    assert!(after.contains("accepted_by = \"a tester\""), "{after}");
    assert!(
        after.contains("# Written by make_goldens.py"),
        "comments are kept"
    );
    let (code, out, _) = golden(&scene, &["verify"], "");
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "2 accepted, 0 pending, 0 damaged\n")
    );
}

#[test]
fn a_pipeline_writes_no_golden() {
    let scene = Scene::of("smoke");
    let (_place, run) = smoke().lay_out();
    let run = run.to_str().unwrap();
    for arguments in [
        &["golden", "record", run, "--workload", "cloud mask"][..],
        &["golden", "accept", "cloud-mask", "--by", "x"],
        &["golden", "reject", "cloud-mask"],
        &["golden", "review", "--by", "x"],
    ] {
        let output = program(&scene)
            .command(arguments)
            .env("CI", "true")
            .output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(err.contains("a pipeline writes no golden"), "{err}");
    }
    assert!(!scene.path("goldens/cloud-mask.new").exists());
}

#[test]
fn a_damaged_golden_does_not_verify() {
    let scene = Scene::of("smoke");
    let outputs = scene.path("goldens/cloud-mask/outputs.safetensors");
    let mut bytes = fs::read(&outputs).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&outputs, bytes).unwrap();
    let (code, out, err) = golden(&scene, &["verify"], "");
    assert_eq!(code, Some(7), "{out}{err}");
    assert!(
        err.contains("golden `cloud-mask`: outputs.safetensors has SHA-256"),
        "{err}"
    );
}

#[test]
fn a_golden_that_is_over_passes_nothing() {
    let manifest = "goldens/keyword-spotting/golden.toml";
    let scene = Scene::of("smoke").with(
        manifest,
        "state = \"accepted\"",
        "state = \"accepted\"\nexpires = \"2020-12-31\"",
    );
    let ran = scene.run();
    let finding = ran.finding("keywords are right");
    assert_eq!(finding.verdict, reports::verdict::Verdict::Inconclusive);
    assert!(
        finding.because.contains("counted until 2020-12-31"),
        "{}",
        finding.because
    );
}
