//! The life of a golden on the command line: what a run answered is recorded, looked at, and
//! accepted or rejected by a person; never by a pipeline.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::process::Stdio;

use hil_tests::program::Program;
use hil_tests::scene::Scene;
use reports::verdict::Verdict;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

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
    // The day that it was recorded on may be another.
    assert!(out.starts_with("keyword-spotting\n  from run "), "{out}");
    assert!(
        out.contains("\n  board Bench CAN-KWS1, serial 0001"),
        "{out}"
    );
    assert!(out.contains("\n    bus_volts 27.9"), "{out}");
    assert!(
        out.contains("\n  in place of what was made by bench engineers on 2026-11-27\n"),
        "{out}"
    );
    assert!(
        out.contains("  20 outputs by bit-exact: 20 EXACT\n"),
        "{out}"
    );
    let (_, out, _) = golden(&scene, &["diff", "cloud-mask"], "");
    assert!(out.contains("6 outputs by tolerance: 6 WITHIN"), "{out}");
    let (code, out, _) = golden(&scene, &["verify"], "");
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "19 accepted, 2 pending, 0 damaged\n")
    );
    let unchanged = fs::read_to_string(&manifest).unwrap();
    assert_eq!(unchanged, before, "a candidate is no golden");

    let (_, out, _) = golden(&scene, &["review"], "what\na\nr\n");
    assert!(out.contains("`what` is none of a, r, s, q"), "{out}");
    assert!(
        out.ends_with("1 accepted, 1 rejected, 0 still waiting; commit the change\n"),
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
        (Some(0), "19 accepted, 0 pending, 0 damaged\n")
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
        &["judge", run, "--accept-golden", "throughput.toml"],
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
    assert!(!scene.path("throughput.toml").exists());
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

/// What is over is told by whoever looks, and nobody accepts it again.
#[test]
fn a_golden_that_is_over_is_told_and_not_accepted() {
    let manifest = "goldens/keyword-spotting/golden.toml";
    let accepted = "state = \"accepted\"";
    let scene = Scene::of("smoke").with(
        manifest,
        accepted,
        "state = \"accepted\"\nexpires = 2020-12-31",
    );
    let (code, out, err) = golden(&scene, &["verify"], "");
    assert_eq!(
        (code, out.as_str()),
        (Some(4), "18 accepted, 1 over, 0 pending, 0 damaged\n"),
        "{err}"
    );
    assert!(
        err.contains("golden `keyword-spotting` counted until 2020-12-31"),
        "{err}"
    );
    let (_, out, _) = golden(&scene, &["list"], "");
    assert!(
        out.contains("bit-exact, 20 samples, counted until 2020-12-31 and is over\n"),
        "{out}"
    );
    let warnings = scene.plan().unwrap().warnings();
    let told = |it: &String| it.contains("golden `keyword-spotting` counted until 2020-12-31");
    assert!(warnings.iter().any(told), "{warnings:?}");

    let candidate = scene.path("goldens/keyword-spotting.new");
    fs::create_dir(&candidate).unwrap();
    for entry in fs::read_dir(scene.path("goldens/keyword-spotting")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), candidate.join(entry.file_name())).unwrap();
    }
    let (code, _, err) = golden(&scene, &["accept", "keyword-spotting"], "");
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("its `expires` is 2020-12-31, and today is 2"),
        "{err}"
    );
    let (code, out, _) = golden(&scene, &["review"], "a\n");
    assert_eq!(code, Some(0));
    assert!(
        out.ends_with("0 accepted, 0 rejected, 1 still waiting\n"),
        "{out}"
    );
}

/// Weights that are not those in the board's flash made it, by the manifest's word.
#[test]
fn a_golden_of_other_weights_is_refused() {
    let scene = Scene::of("smoke").with(
        "goldens/keyword-spotting/golden.toml",
        "sha256 = \"9d9e",
        "sha256 = \"8d9e",
    );
    let text = scene.plan().unwrap_err().render(false);
    let why = "golden `keyword-spotting` was made with another file of `mlperf-tiny-kws` than `companion` has";
    assert!(text.contains(why), "{text}");
    assert!(text.contains("model.sha256 8d9e3dc7"), "{text}");
}

/// A vocabulary that lacks a token of the outputs, and one that lacks only one that the model could say.
#[test]
fn a_vocabulary_that_is_too_short_is_refused() {
    for (length, why) in [
        (
            100,
            "has 100 texts, of the tokens below 100, and sample 1 of ",
        ),
        (511, "has 511 texts, and `stories260k` can say 512 tokens"),
    ] {
        let scene = Scene::of("story_writing").on("language");
        let path = scene.path("goldens/story-generation/vocabulary.json");
        let texts: Vec<String> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(texts.len(), 512);
        let short = serde_json::to_vec(&texts[..length]).unwrap();
        let manifest = scene.path("goldens/story-generation/golden.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        let before = reports::digest::sha256_hex(&fs::read(&path).unwrap());
        let after = reports::digest::sha256_hex(&short);
        assert!(text.contains(&before));
        fs::write(&manifest, text.replace(&before, &after)).unwrap();
        fs::write(&path, short).unwrap();
        let (code, _, err) = golden(&scene, &["verify"], "");
        assert_eq!(code, Some(7), "{err}");
        assert!(err.contains(why), "{err}");
        let refused = scene.plan().unwrap_err().render(false);
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn a_throughput_golden_is_listed_and_verified() {
    let scene = Scene::of("smoke");
    let (_, out, _) = golden(&scene, &["list"], "");
    assert!(
        out.contains("eclipse-ride-through     speed     accepted 12 cells of 7"),
        "{out}"
    );
    let path = scene.path("goldens/eclipse-ride-through/throughput.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("p50_ms = ", "p50_ms = -")).unwrap();
    let (code, _, err) = golden(&scene, &["verify"], "");
    assert_eq!(code, Some(7), "{err}");
    assert!(
        err.contains("throughput.toml: `cloud mask` in `sunlit, 30 to 40 °C` has a number"),
        "{err}"
    );
}

/// A terminal of the program's own, on which keys are pressed.
pub(crate) struct Terminal {
    pub(crate) child: std::process::Child,
    keys: fs::File,
    shown: String,
}

impl Terminal {
    fn start(scene: &Scene, arguments: &[&str]) -> Terminal {
        let mut command = program(scene).command(&[&["golden"], arguments].concat());
        command.env_remove("CI").env("USER", "a tester");
        Terminal::of(&mut command)
    }

    /// A terminal of 80 columns and 24 rows, in which a command runs.
    pub(crate) fn of(command: &mut std::process::Command) -> Terminal {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&near).unwrap();
        unlockpt(&near).unwrap();
        let path = ptsname(&near, Vec::new()).unwrap().into_string().unwrap();
        let far = || {
            let far = OpenOptions::new().read(true).write(true).open(&path);
            Stdio::from(far.unwrap())
        };
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&near, size).unwrap();
        let child = command.stdin(far()).stdout(far()).stderr(far()).spawn();
        Terminal {
            child: child.unwrap(),
            keys: fs::File::from(near),
            shown: String::new(),
        }
    }

    /// Waits until it shows `text` behind all that was waited for before.
    pub(crate) fn shows(&mut self, text: &str) {
        let mut bytes = [0; 4_096];
        while !self.shown.contains(text) {
            // Its end closes when the program is over.
            let count = self.keys.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "no {text:?} in {:?}", self.shown);
            self.shown
                .push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        let end = self.shown.find(text).unwrap() + text.len();
        self.shown.drain(..end);
    }

    /// Closes it, as a connection that is cut does: nobody is asked, and no signal comes, since it
    /// controls no session. The program that was shown on it.
    pub(crate) fn hang_up(self) -> std::process::Child {
        self.child
    }

    pub(crate) fn press(&mut self, key: u8) {
        self.send(&[key]);
    }

    fn send(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
    }
}

#[test]
fn candidates_are_reviewed_by_single_keys_on_a_terminal() {
    let scene = Scene::of("smoke");
    let (_place, run) = smoke().lay_out();
    let run = run.to_str().unwrap();
    for workload in ["cloud mask", "keyword spotting"] {
        let (code, out, err) = golden(&scene, &["record", run, "--workload", workload], "");
        assert_eq!(code, Some(0), "{out}{err}");
    }
    let mut terminal = Terminal::start(&scene, &["review"]);
    terminal.shows("(1 of 2) cloud-mask\r\n");
    terminal.shows("6 outputs by tolerance: 6 WITHIN");
    terminal.shows("[a]ccept, [r]eject, [s]kip, [q]uit? ");
    terminal.press(b'x');
    terminal.shows("`x` is none of a, r, s, q");
    terminal.shows("[q]uit? ");
    // An arrow ends in the letter `A`: nothing is accepted by it.
    terminal.send(b"\x1b[A");
    terminal.shows("that key is none of a, r, s, q");
    terminal.shows("[q]uit? ");
    terminal.press(b'R');
    terminal.shows("reject\r\n");
    terminal.shows("(2 of 2) keyword-spotting\r\n");
    terminal.shows("20 outputs by bit-exact: 20 EXACT");
    terminal.shows("[q]uit? ");
    // Ctrl-C leaves the rest as it is, and the terminal too.
    terminal.press(3);
    terminal.shows("quit\r\n0 accepted, 1 rejected, 1 still waiting\r\n");
    assert!(terminal.child.wait().unwrap().success());
    assert!(!scene.path("goldens/cloud-mask.new").exists());
    assert!(scene.path("goldens/keyword-spotting.new").exists());

    let mut terminal = Terminal::start(&scene, &["review"]);
    terminal.shows("(1 of 1) keyword-spotting\r\n");
    terminal.shows("[q]uit? ");
    terminal.press(b'a');
    terminal.shows("accept\r\n1 accepted, 0 rejected, 0 still waiting; commit the change\r\n");
    assert!(terminal.child.wait().unwrap().success());
    let manifest = fs::read_to_string(scene.path("goldens/keyword-spotting/golden.toml")).unwrap();
    assert!(
        manifest.contains("accepted_by = \"a tester\""),
        "{manifest}"
    );
}

#[test]
fn a_damaged_candidate_is_told_and_not_passed_over() {
    let scene = Scene::of("smoke");
    let (whole, candidate) = (
        scene.path("goldens/keyword-spotting"),
        scene.path("goldens/keyword-spotting.new"),
    );
    fs::create_dir(&candidate).unwrap();
    for entry in fs::read_dir(&whole).unwrap() {
        let entry = entry.unwrap();
        let mut bytes = fs::read(entry.path()).unwrap();
        if entry.file_name() == "outputs.safetensors" {
            bytes.truncate(100);
        }
        fs::write(candidate.join(entry.file_name()), bytes).unwrap();
    }
    let (code, out, err) = golden(&scene, &["review"], "a\n");
    assert_eq!(
        (code, out.as_str()),
        (Some(7), "no candidate waits but what is damaged\n"),
        "{err}"
    );
    let why = "Error: `keyword-spotting` cannot be reviewed: golden `keyword-spotting`: outputs.safetensors";
    assert!(err.starts_with(why), "{err}");
    let (code, _, err) = golden(&scene, &["list", "--dir", "nowhere"], "");
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("there is no folder `nowhere`; `--dir` names"),
        "{err}"
    );
}

/// An array as numpy writes it.
fn npy(shape: &str, numbers: &[f32]) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    file
}

/// From a model and some inputs of one's own to a run that passes by them, without a script.
#[test]
fn a_first_golden_is_made_of_a_model_and_inputs_of_ones_own() {
    let scene = Scene::of("smoke");
    let model = hil_tests::scene::bench_folder().join("models/mlperf-tiny-kws-fp32.onnx");
    fs::copy(&model, scene.path("wiring/words.onnx")).unwrap();
    let numbers: Vec<f32> = (0..3 * 490)
        .map(|n| ((n * 37 % 101) - 50) as f32 / 5.0)
        .collect();
    fs::write(scene.path("words.npy"), npy("(3, 49, 10, 1)", &numbers)).unwrap();
    fs::write(scene.path("other.npy"), npy("(3, 49, 10)", &numbers)).unwrap();
    let new = |inputs, more: &[&str]| {
        let all = [
            "new",
            "words",
            "--network",
            "wiring/words.onnx",
            "--inputs",
            inputs,
        ];
        golden(&scene, &[&all, more].concat(), "")
    };

    let (code, _, err) = new("other.npy", &[]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("it holds F32 [3, 49, 10], and an input of the network is F32 [49, 10, 1]"),
        "{err}"
    );
    let (code, _, err) = new("words.npy", &["--classes", "yes,no"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("2 classes are named, and the output has 12"),
        "{err}"
    );
    let (code, out, err) = new("words.npy", &[]);
    assert_eq!(code, Some(0), "{out}{err}");
    // It waits, as any candidate does, and a person answers for it.
    let (_, out, _) = golden(&scene, &["diff", "words"], "");
    assert!(
        out.contains("there is no golden yet: 3 new outputs"),
        "{out}"
    );
    let (code, out, _) = golden(&scene, &["review"], "a\n");
    assert_eq!(code, Some(0), "{out}");
    let (code, _, err) = new("words.npy", &[]);
    assert_eq!(code, Some(2));
    assert!(err.contains("there is a golden `words`"), "{err}");

    let scene = scene
        .wired("network = \"mlperf-tiny-kws\"", "network = \"words.onnx\"")
        .asking("golden = \"keyword-spotting\"", "golden = \"words\"");
    let ran = scene.run();
    let finding = ran.finding("keywords are right");
    assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.because);
    // What the board itself answered may come in its place.
    let (_place, run) = ran.lay_out();
    let (code, out, err) = golden(
        &scene,
        &[
            "record",
            run.to_str().unwrap(),
            "--workload",
            "keyword spotting",
        ],
        "",
    );
    assert_eq!(code, Some(0), "{out}{err}");
    let (_, out, _) = golden(&scene, &["diff", "words"], "");
    assert!(out.contains("3 outputs by tolerance: 3 EXACT"), "{out}");
}
