//! `bench monte-carlo` as a process: the same runs whatever the jobs and the shards, one of them alone by
//! its command, and what is refused.

use std::fs;

use hil_tests::program::{Program, Said};
use hil_tests::sources::workspace;
use tempfile::TempDir;

const STUDY: [&str; 6] = [
    "monte-carlo",
    "hil-tests/campaigns/smoke.toml",
    "--wiring",
    "hil-tests/wiring/emulated.toml",
    "--vary",
    "check.0.min=27.9..28.1",
];

fn bench(arguments: &[&str]) -> Said {
    Program::new(env!("CARGO_BIN_EXE_bench-under-test"), workspace()).run(arguments)
}

fn study(more: &[&str]) -> Said {
    bench(&[&STUDY[..], &["--runs", "6", "--seed", "3"], more].concat())
}

#[test]
fn jobs_and_shards_change_nothing() {
    let folder = TempDir::new().unwrap();
    let out = |name: &str| folder.path().join(name).display().to_string();
    let (one, two) = (out("one"), out("two"));
    let said = study(&["--jobs", "2", "--out", &one]);
    // The lowest voltage lies within what is asked for, or not: some of six fail.
    assert_eq!(said.code, Some(1), "{}\n{}", said.out, said.err);
    assert!(said.out.starts_with("FAILED  smoke: "), "{}", said.out);
    for (index, shard) in ["1/2", "2/2"].iter().enumerate() {
        let place = out(&format!("shard-{index}"));
        let said = study(&["--jobs", "1", "--shard", shard, "--out", &place]);
        assert!(matches!(said.code, Some(0 | 1)), "{}", said.err);
    }
    let shards = [out("shard-0"), out("shard-1")];
    let merge = [
        "monte-carlo",
        "merge",
        &shards[1],
        &shards[0],
        "--out",
        &two,
    ];
    let said = bench(&merge);
    assert_eq!(said.code, Some(1), "{}\n{}", said.out, said.err);
    for name in [
        "monte-carlo.json",
        "runs.csv",
        "runs.parquet",
        "monte-carlo.txt",
    ] {
        let read = |place: &str| fs::read(folder.path().join(place).join(name)).unwrap();
        assert!(read("one") == read("two"), "{name} differs");
    }
    let lost = bench(&[
        "monte-carlo",
        "merge",
        &shards[0],
        "nowhere",
        "--out",
        &out("none"),
    ]);
    assert_eq!(lost.code, Some(3), "{}", lost.err);
    assert!(lost.err.contains("a shard is lost"), "{}", lost.err);

    // The worst of them alone, by the command that is told, ends the same way.
    let text = fs::read(folder.path().join("one/monte-carlo.json")).unwrap();
    let told: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let check = &told["checks"][0];
    assert!(check["failed"].as_u64().unwrap() > 0, "{check}");
    let command = told["worst"][check["check"].as_str().unwrap()]
        .as_str()
        .unwrap();
    let words: Vec<&str> = command
        .split(' ')
        .skip(1)
        .map(|word| word.trim_matches('\''))
        .collect();
    let place = out("alone");
    let said = bench(&[&words[..], &["--out", &place]].concat());
    assert_eq!(said.code, Some(1), "{command}\n{}", said.err);
    let kept = fs::read_to_string(folder.path().join("alone/inputs/campaign.toml")).unwrap();
    let set = words[words.iter().position(|word| *word == "--set").unwrap() + 1];
    let value = set.split_once('=').unwrap().1;
    assert!(kept.contains(&format!("min = {value}")), "{kept}");
    let run = check["worst_run"].as_u64().unwrap().to_string();
    assert_eq!(study(&["--show", &run]).out.trim_end(), command);
}

#[test]
fn what_cannot_be_drawn_or_set_is_refused() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("none").display().to_string();
    for (more, part) in [
        (&["--vary", "seed"][..], "KEY=DISTRIBUTION"),
        (&["--vary", "seed=2..1"], "is no distribution"),
        (
            &["--vary", "step.nowhere.length=1..2"],
            "no [[step]] is named `nowhere`",
        ),
        (&["--vary", "check.0.nim=1..2"], "`nim`"),
        (&["--set", "name.x=1"], "`name` is a value"),
        (&["--pace", "real"], "has no real pace"),
        (&["--shard-from-env"], "no engine says which shard"),
    ] {
        let said = study(&[more, &["--out", &out]].concat());
        assert_eq!(said.code, Some(2), "{more:?}: {}", said.err);
        assert!(said.err.contains(part), "{more:?}: {}", said.err);
    }
    assert!(!folder.path().join("none").exists());
}
