//! What engines get, as text.

use std::path::PathBuf;

use super::*;

fn submission() -> Submission {
    Submission {
        name: "nightly gate".to_owned(),
        file: "gates/night.toml".into(),
        firmware: vec!["build/board.elf".into()],
        shards: 3,
        out: "/lab/night/out".into(),
        here: "/lab/night".into(),
        program: "/usr/bin/bench".into(),
        pace: GatePace::Real,
        hardware: Hardware {
            features: vec!["chamber".to_owned(), "accel_a".to_owned()],
            licenses: vec!["coldplate:1".to_owned()],
            partition: Some("hil".to_owned()),
            minutes: Some(90),
            image: Some("lab/bench:1".to_owned()),
            claim: Some("bench-files".to_owned()),
            shards: None,
        },
    }
}

fn text(files: &[Written]) -> String {
    let files = files
        .iter()
        .map(|(name, text)| format!("==> {name}\n{text}"));
    files.collect::<Vec<_>>().join("\n")
}

#[test]
fn slurm_gets_an_array_and_a_merge() {
    let files = submission().files(Engine::Slurm).unwrap();
    insta::assert_snapshot!("slurm", text(&files));
    let mut bare = submission();
    bare.hardware = Hardware::default();
    bare.pace = GatePace::Virtual;
    let files = text(&bare.files(Engine::Slurm).unwrap());
    assert!(!files.contains("--constraint") && !files.contains("@OPTIONS@"));
    assert!(!files.contains("--jobs"), "{files}");
}

#[test]
fn kubernetes_gets_an_indexed_job_and_a_merge() {
    let files = submission().files(Engine::Kubernetes).unwrap();
    insta::assert_snapshot!("kubernetes", text(&files));
    let mut bare = submission();
    bare.hardware.image = None;
    assert!(
        bare.files(Engine::Kubernetes)
            .unwrap_err()
            .contains("`image`")
    );
    bare = submission();
    bare.out = "/tmp/out".into();
    let why = bare.files(Engine::Kubernetes).unwrap_err();
    assert!(why.contains("outside of /lab/night"), "{why}");
}

#[test]
fn no_name_says_more_to_a_shell_than_itself() {
    for path in [
        "/lab/a b",
        "/lab/$(reboot)",
        "/lab/%j",
        "/lab/a\n#SBATCH --x",
        "/lab/ö",
    ] {
        let mut bad = submission();
        bad.out = PathBuf::from(path);
        let why = bad.files(Engine::Slurm).unwrap_err();
        assert!(why.contains("cannot be written into a job"), "{why}");
    }
    let mut bad = submission();
    bad.hardware.features = vec!["a b".to_owned()];
    let why = bad.files(Engine::Slurm).unwrap_err();
    assert!(why.contains("`features` in [submit] is `a b`"), "{why}");
    let mut lines = submission();
    lines.name = "x\nreboot".to_owned();
    let files = text(&lines.files(Engine::Slurm).unwrap());
    assert!(!files.lines().any(|line| line.starts_with("reboot")));
}

#[test]
fn a_job_has_a_name_that_every_engine_takes() {
    let mut long = submission();
    long.name = format!("{} _gate", "very ".repeat(12));
    let name = long.job();
    assert!(
        name.len() <= 40 && name.starts_with("bench-very") && !name.ends_with('-'),
        "{name}"
    );
}
