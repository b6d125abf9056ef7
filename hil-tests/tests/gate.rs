//! The gate on real firmware: the good one is allowed, each of four bad ones is blocked for the right
//! reason, and the workflows that we give away do what they say.
//!
//! They need `arm-none-eabi-gcc` and `qemu-system-arm` (`hil-tests/firmware/build.sh --install`).

use std::fs;
use std::path::Path;

use hil_tests::program::Said;
use hil_tests::sources::workspace;
use tempfile::TempDir;

use super::firmware::{bench, firmware};

const GATE: &str = "hil-tests/firmware/gate.toml";

#[test]
fn a_run_of_other_firmware_is_cut_off_and_goes_on_with_that_firmware() {
    let Some(firmware) = firmware() else { return };
    let other = firmware.join("bad-slow.elf");
    let place = TempDir::new().unwrap();
    let run = place.path().join("run");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let bench_of = |file: &str| format!("hil-tests/firmware/bench/{file}.toml");
    let said = bench(
        &[
            "run",
            &bench_of("keywords"),
            "--wiring",
            &bench_of("lockstep"),
            "--firmware",
            &text(&other),
            "--out",
            &text(&run),
            "-q",
        ],
        &[],
    );
    assert_eq!(said.code, Some(0), "{}", said.all());
    let kept = fs::read(run.join("inputs/board.elf")).unwrap();
    assert!(
        kept == fs::read(&other).unwrap(),
        "another firmware is kept"
    );
    for file in ["manifest.json", "report.pdf", "junit.xml", "summary.json"] {
        fs::remove_file(run.join(file)).unwrap();
    }
    let record = fs::read(run.join("record.mcap")).unwrap();
    fs::write(run.join("record.mcap"), &record[..record.len() * 6 / 10]).unwrap();
    let said = bench(&["judge", &text(&run)], &[]);
    assert_eq!(said.code, Some(5), "{}", said.all());
    let said = bench(&["resume", &text(&run)], &[]);
    assert!(
        said.err.contains("interrupted: the record ends at T+"),
        "{}",
        said.all()
    );
    assert!(
        said.err.contains("going on with step `work`"),
        "{}",
        said.all()
    );
    // Begun anew behind the gap, and seen whole: but the checks of whole runs cannot pass.
    assert_eq!(said.code, Some(4), "{}", said.all());
    // Another firmware is not the one of this run.
    fs::copy(firmware.join("board.elf"), run.join("inputs/board.elf")).unwrap();
    let said = bench(&["resume", &text(&run)], &[]);
    assert_ne!(said.code, Some(0), "{}", said.all());
}

/// The gate's answer to a firmware, under the name that the baseline's runs have.
fn gate(elf: &str) -> Option<(Said, TempDir)> {
    let built = firmware()?;
    let folder = TempDir::new().unwrap();
    let board = folder.path().join("board.elf");
    fs::copy(built.join(elf), &board).unwrap();
    let out = folder.path().join("gate");
    let said = bench(
        &[
            "gate",
            GATE,
            "--firmware",
            board.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ],
        &[],
    );
    Some((said, folder))
}

/// The firmware is blocked, and the first lines say why.
fn blocked(elf: &str, class: &str, why: &str) {
    let Some((said, folder)) = gate(elf) else {
        return;
    };
    assert_eq!(said.code, Some(1), "{}\n{}", said.out, said.err);
    let mut lines = said.out.lines();
    assert!(lines.next().unwrap().starts_with("BLOCKED"), "{}", said.out);
    let told = said
        .out
        .lines()
        .filter(|line| line.trim_start().starts_with(class));
    let told: Vec<&str> = told.collect();
    assert!(told.iter().any(|line| line.contains(why)), "{}", said.out);
    let junit = fs::read_to_string(folder.path().join("gate/junit.xml")).unwrap();
    assert!(junit.contains("<failure"), "{junit}");
}

#[test]
fn good_firmware_is_allowed_and_told_in_every_format() {
    let Some((said, folder)) = gate("board.elf") else {
        return;
    };
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(
        said.out
            .starts_with("ALLOWED  reference firmware: 6 of 6 runs passed")
    );
    let out = folder.path().join("gate");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let ctrf: serde_json::Value = serde_json::from_str(&read("ctrf.json")).unwrap();
    assert_eq!(ctrf["results"]["summary"]["passed"], 6);
    assert_eq!(read("gl-code-quality.json"), "[]\n");
    let paper = fs::read(out.join("gate.pdf")).unwrap();
    let link = b"(runs/keywords/nominal/board/seed-1/try-1/report.pdf)";
    assert!(paper.starts_with(b"%PDF") && paper.windows(link.len()).any(|part| part == link));
    assert!(read("gate.md").contains("| soak/nominal/board/seed-2 | pass |"));
    // What ran is kept: the very file that was given.
    let kept = out.join("runs/keywords/nominal/board/seed-1/try-1/inputs/board.elf");
    let given = fs::read(folder.path().join("board.elf")).unwrap();
    assert_eq!(fs::read(kept).unwrap(), given);
}

#[test]
fn a_wrong_quantisation_constant_is_blocked() {
    blocked("bad-quantisation.elf", "failed", "elements are out");
}

#[test]
fn slower_inference_is_blocked() {
    blocked("bad-slow.elf", "slower", "% longer than the baseline's");
}

#[test]
fn a_forgotten_watchdog_is_blocked() {
    blocked(
        "bad-watchdog.elf",
        "restarts",
        "does its watchdog reset it?",
    );
}

#[test]
fn one_mangled_packet_in_ten_thousand_is_blocked() {
    blocked("bad-packet.elf", "failed", "1 x wrong checksum");
}

#[test]
fn firmware_that_gives_up_has_failed_with_its_own_words() {
    let Some(built) = firmware() else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let mut elf = fs::read(built.join("board.elf")).unwrap();
    let network = fs::read(workspace().join("drivers/models/mlperf-tiny-kws.safetensors")).unwrap();
    let header = u64::from_le_bytes(network[..8].try_into().unwrap()) as usize;
    let weights = &network[8 + header..][..64];
    let at = elf
        .windows(64)
        .position(|window| window == weights)
        .unwrap();
    elf[at] ^= 1;
    let board = folder.path().join("board.elf");
    fs::write(&board, elf).unwrap();
    let out = folder.path().join("gate");
    let arguments = ["gate", GATE, "--firmware", board.to_str().unwrap(), "--out"];
    let said = bench(&[&arguments[..], &[out.to_str().unwrap()]].concat(), &[]);
    assert_eq!(said.code, Some(1), "{}\n{}", said.out, said.err);
    let told = "(exit status: 103): the weights are damaged";
    assert!(
        said.out.contains("  crashed: ") && said.out.contains(told),
        "{}",
        said.out
    );
}

#[test]
fn the_same_firmware_gives_the_same_bytes() {
    if firmware().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let run = |name: &str| {
        let out = folder.path().join(name);
        let said = bench(
            &[
                "run",
                "hil-tests/firmware/bench/keywords.toml",
                "--wiring",
                "hil-tests/firmware/bench/lockstep.toml",
                "--quiet",
                "--out",
                out.to_str().unwrap(),
            ],
            &[],
        );
        assert_eq!(said.code, Some(0), "{}", said.err);
        fs::read(out.join("record.mcap")).unwrap()
    };
    assert!(run("one") == run("two"), "two runs differ");
}

/// The lines of a workflow that run `bench`, as a shell gets them.
fn commands(workflow: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace().join("docs/ci").join(workflow)).unwrap();
    let lines = text.lines().map(str::trim_start);
    let lines = lines.map(|line| line.trim_start_matches("- ").trim_start_matches("run: "));
    let lines: Vec<String> = lines
        .filter(|line| line.starts_with("bench "))
        .map(str::to_owned)
        .collect();
    assert!(!lines.is_empty(), "{workflow}");
    lines
}

/// Runs one of a workflow's commands, with its folders in `folder`.
fn carry_out(command: &str, folder: &Path, variables: &[(&str, &str)]) -> Said {
    let place = folder.display().to_string();
    let words: Vec<String> = command
        .split_whitespace()
        .skip(1)
        .map(|word| {
            let word = variables
                .iter()
                .fold(word.to_owned(), |word, (name, value)| {
                    word.replace(&format!("${name}"), value)
                });
            if word.starts_with("gate-") {
                format!("{place}/{word}")
            } else {
                word
            }
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    bench(&words, variables)
}

#[test]
fn the_workflow_for_gitlab_runs() {
    if firmware().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let commands = commands("gitlab-ci.yml");
    let [shard, merge] = &commands[..] else {
        panic!("{commands:?}");
    };
    for index in ["1", "2"] {
        let variables = [
            ("CI_NODE_INDEX", index),
            ("CI_NODE_TOTAL", "2"),
            ("CI", "true"),
        ];
        let said = carry_out(shard, folder.path(), &variables);
        assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    }
    // A shell would spell `gate-shard-*` out.
    let merge = merge.replace("gate-shard-*", "gate-shard-1 gate-shard-2");
    let said = carry_out(&merge, folder.path(), &[("CI", "true")]);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(
        said.out
            .starts_with("ALLOWED  reference firmware: 6 of 6 runs passed")
    );
    let one = merge.replace("gate-shard-2", "");
    let said = carry_out(&one, folder.path(), &[]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("shard 2/2 is missing"), "{}", said.err);
}

#[test]
fn the_workflow_for_github_runs_and_marks_the_change() {
    if firmware().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let summary = folder.path().join("summary.md");
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("CI", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    for command in commands("github-workflow.yml") {
        let said = carry_out(&command, folder.path(), &variables);
        assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    }
    let text = fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("## ALLOWED  reference firmware"), "{text}");
}

#[test]
fn what_cannot_be_a_gate_is_refused_before_anything_runs() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("gate.toml");
    fs::write(
        &file,
        "name = 'x'\ncampaigns = ['none.toml']\nwiring = 'w.toml'\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    for (arguments, part) in [
        (vec![file], "needs"),
        (vec![file, "--shard-from-env"], "no engine says which shard"),
        (vec![file, "--shard", "3/2"], "no shard 3 of 2"),
        (vec![file, "--accept-baseline"], "names no `baseline`"),
        (vec!["none.toml"], "cannot read none.toml"),
    ] {
        let mut all = vec!["gate"];
        all.extend(&arguments);
        all.extend(["--out", out]);
        let said = bench(&all, &[]);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.err);
        assert!(said.err.contains(part), "{arguments:?}: {}", said.err);
    }
    // A folder without a result is a shard that was lost, and no mistake.
    let said = bench(&["gate", "merge", "nowhere", "--out", out], &[]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(
        said.err.contains("1 of 1 shards lost: nowhere"),
        "{}",
        said.err
    );
    assert!(!Path::new(out).exists());
}
