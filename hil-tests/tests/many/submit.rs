//! `bench submit` on this machine and towards Kubernetes, as a process. What Slurm does with it,
//! `hil-tests/engines/slurm.sh` shows on a real one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hil_tests::program::{Program, Said};
use hil_tests::sources::workspace;
use tempfile::TempDir;

/// Runs the program in the workspace; or in a folder with tools that it finds first.
fn bench(arguments: &[&str], tools: Option<&Path>) -> Said {
    let place = tools.unwrap_or(workspace());
    let program = Program::new(env!("CARGO_BIN_EXE_bench-under-test"), place);
    let mut command = program.command(arguments);
    for name in ["CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"] {
        command.env_remove(name);
    }
    if let Some(tools) = tools {
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", tools.display()));
    }
    Said::of(&command.output().unwrap())
}

/// A gate of the smoke campaign in `folder`, with `more` in its file.
fn gate(folder: &Path, more: &str) -> String {
    let root = workspace();
    let (campaign, wiring) = (
        "hil-tests/campaigns/smoke.toml",
        "hil-tests/wiring/emulated.toml",
    );
    let text = format!(
        "name = 'smoke'\ncampaigns = [\"{}\"]\nwiring = \"{}\"\nseeds = [1, 2, 3]\nkeep = 'failed'\n{more}",
        root.join(campaign).display(),
        root.join(wiring).display()
    );
    let file = folder.join("gate.toml");
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn shards_here_are_decided_over_together() {
    let folder = TempDir::new().unwrap();
    let file = gate(folder.path(), "");
    let out = folder.path().join("out");
    let place = out.to_str().unwrap();
    let said = bench(&["submit", &file, "--shards", "2", "--out", place], None);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(
        said.out.starts_with("ALLOWED  smoke: 3 of 3 runs passed"),
        "{}",
        said.out
    );
    assert!(out.join("merged/junit.xml").exists() && out.join("log/shard-2.log").exists());
    // What passed was not kept.
    assert_eq!(
        fs::read_dir(out.join("shard-1/runs/smoke/nominal/seed-1"))
            .unwrap()
            .count(),
        0
    );
    let again = bench(&["submit", &file, "--shards", "2", "--out", place], None);
    assert_eq!(again.code, Some(2));
    assert!(
        again.err.contains("nothing is overwritten"),
        "{}",
        again.err
    );
    // A shard whose result is gone is lost, and the others are told.
    fs::remove_file(out.join("shard-1/gate.json")).unwrap();
    let shards = [out.join("shard-1"), out.join("shard-2")].map(|it| it.display().to_string());
    let merge = ["gate", "merge", &shards[0], &shards[1], "--out", &shards[0]];
    let said = bench(&merge, None);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("1 of 2 shards lost"), "{}", said.err);
}

#[test]
fn what_cannot_be_submitted_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = gate(folder.path(), "");
    for (more, part) in [
        (&["--engine", "slurm"][..], "how many shards?"),
        (&["--shards", "4"], "expected from 1 to 3"),
        (&["--shards", "0"], "expected from 1 to 3"),
        (&["--engine", "k8s", "--shards", "2"], "outside of"),
    ] {
        let out = folder.path().join("no such");
        let all = [&["submit", &file, "--out", out.to_str().unwrap()][..], more].concat();
        let said = bench(&all, None);
        assert_eq!(said.code, Some(2), "{more:?}: {}", said.err);
        assert!(said.err.contains(part), "{more:?}: {}", said.err);
        assert!(!out.exists());
    }
}

/// A `kubectl` that notes what it is asked, creates nothing, and says that the job with the decision
/// ended with `code`.
fn kubectl(folder: &Path, code: &str) {
    let script = format!(
        "#!/bin/sh\necho \"$@\" >>{0}/asked\ncase $1 in\nwait) case $2 in *Failed) exit 0;; *) echo 'error: timed out \
         waiting for the condition' >&2; exit 1;; esac;;\nget) printf {code};;\nesac\n",
        folder.display()
    );
    let path = folder.join("kubectl");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn kubernetes_is_waited_for_and_ends_with_the_decisions_code() {
    let folder = TempDir::new().unwrap();
    let file = gate(
        folder.path(),
        "[submit]\nimage = 'lab/bench:1'\nclaim = 'files'\n",
    );
    for (code, is_decided, expected) in [
        ("4", false, 4),
        ("0", true, 0),
        ("0", false, 3),
        ("137", false, 3),
    ] {
        kubectl(folder.path(), code);
        let out = folder.path().join(format!("out-{code}-{is_decided}"));
        let shown = [
            "submit", &file, "--engine", "k8s", "--shards", "2", "--wait", "--out",
        ];
        let all = [&shown[..], &[out.to_str().unwrap()]].concat();
        if is_decided {
            // The pod writes it while it is waited for.
            let merged = out.join("merged");
            let mut script = fs::read_to_string(folder.path().join("kubectl")).unwrap();
            script = script.replace(
                "get)",
                &format!("get) mkdir -p {0}; touch {0}/gate.json;", merged.display()),
            );
            fs::write(folder.path().join("kubectl"), script).unwrap();
        }
        let said = bench(&all, Some(folder.path()));
        assert_eq!(said.code, Some(expected), "{code}: {}", said.err);
    }
    let asked = fs::read_to_string(folder.path().join("asked")).unwrap();
    let first: Vec<&str> = asked.lines().take(3).collect();
    assert!(first[0].starts_with("create --filename ") && first[0].ends_with("shards.yaml"));
    assert!(
        first[1].starts_with("wait --for=condition=Complete")
            && first[1].ends_with("job/bench-smoke")
    );
    assert!(
        first[2].starts_with("wait --for=condition=Failed"),
        "{asked}"
    );
}
