//! Shards put together again. What is missing, there twice or of another gate is refused: a verdict
//! over part of the jobs would be none.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::{GateRun, RESULT_FILE, Shard};

/// Why shards are no whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmerged {
    /// They do not fit together.
    #[error("{0}")]
    Refused(String),
    /// Some left no result: they were killed, or their machines went away.
    #[error("{0}")]
    Lost(String),
}

impl From<String> for Unmerged {
    fn from(why: String) -> Unmerged {
        Unmerged::Refused(why)
    }
}

/// The whole gate of these shards' folders.
///
/// # Errors
/// If a shard is lost, missing, there twice, of another gate, or cannot be read.
pub fn merge(folders: &[PathBuf]) -> Result<GateRun, Unmerged> {
    let (shards, lost) = read(folders)?;
    if !lost.is_empty() {
        return Err(Unmerged::Lost(loss(&lost, &shards)));
    }
    let Some((_, (_, first))) = shards.first_key_value() else {
        let why = "there is nothing to merge: expected the folders of shards";
        return Err(Unmerged::Refused(why.to_owned()));
    };
    let count = first.shard.count;
    let gaps: Vec<String> = (1..=count)
        .filter(|index| !shards.contains_key(index))
        .map(|index| format!("{index}/{count}"))
        .collect();
    if !gaps.is_empty() {
        return Err(format!(
            "shard {} is missing: {} of {count} are there; nothing is decided without it",
            gaps.join(", "),
            shards.len()
        )
        .into());
    }
    let mut whole = first.clone();
    whole.shard = Shard::WHOLE;
    whole.jobs.clear();
    for (_, (name, shard)) in shards {
        whole.started_ms = whole.started_ms.min(shard.started_ms);
        whole.ended_ms = whole.ended_ms.max(shard.ended_ms);
        for mut job in shard.jobs {
            if let Some(other) = whole.jobs.iter().find(|other| other.name == job.name) {
                return Err(format!("{name}: `{}` is there twice", other.name).into());
            }
            let folder = PathBuf::from(&name);
            let folder = folder.parent().unwrap_or(&folder);
            for one in &mut job.tries {
                one.folder = folder.join(&one.folder).display().to_string();
            }
            whole.jobs.push(job);
        }
    }
    whole.jobs.sort_by(|a, b| a.name.cmp(&b.name));
    let lost: Vec<&String> = whole
        .all
        .iter()
        .filter(|name| !whole.jobs.iter().any(|job| job.name == **name))
        .collect();
    match lost.first() {
        Some(name) => Err(format!(
            "no shard ran `{name}`{}; was one of them stopped?",
            if lost.len() > 1 {
                format!(" and {} more", lost.len() - 1)
            } else {
                String::new()
            }
        )
        .into()),
        None => Ok(whole),
    }
}

/// Shards by their index, each with its file.
type Shards = BTreeMap<u32, (String, GateRun)>;

/// The shards that left a result, and the folders of those that did not.
fn read(folders: &[PathBuf]) -> Result<(Shards, Vec<&PathBuf>), Unmerged> {
    let mut lost: Vec<&PathBuf> = Vec::new();
    let mut shards = Shards::new();
    for folder in folders {
        let path = folder.join(RESULT_FILE);
        let name = path.display().to_string();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                lost.push(folder);
                continue;
            }
            Err(error) => return Err(format!("cannot read {name}: {error}").into()),
        };
        let run: GateRun = serde_json::from_slice(&text)
            .map_err(|error| format!("{name} is no result of a gate: {error}"))?;
        if let Some(job) = run.jobs.iter().find(|job| job.tries.is_empty()) {
            let why = format!("{name} is damaged: `{}` was never run", job.name);
            return Err(why.into());
        }
        let index = run.shard.index;
        if let Some((other, first)) = shards.values().next() {
            differ(other, first, &name, &run)?;
        }
        if let Some((other, _)) = shards.insert(index, (name.clone(), run)) {
            let why = format!("shard {index} is there twice: {other} and {name}");
            return Err(why.into());
        }
    }
    Ok((shards, lost))
}

/// What is told of shards that left nothing.
fn loss(lost: &[&PathBuf], there: &Shards) -> String {
    let names: Vec<String> = lost.iter().map(|it| it.display().to_string()).collect();
    let jobs = || there.values().flat_map(|(_, run)| &run.jobs);
    let bad: Vec<&str> = jobs()
        .filter(|job| !job.first().is_pass())
        .map(|job| job.name.as_str())
        .collect();
    let others = match &bad[..] {
        [] => format!("the {} runs of the others passed", jobs().count()),
        [first, ..] => format!(
            "of the {} runs of the others {} did not pass, as `{first}`",
            jobs().count(),
            bad.len()
        ),
    };
    format!(
        "{} of {} shards lost: {} {} no {RESULT_FILE}. Killed before the end, or the machine went away? \
         Nothing is decided without it; {others}.\n  Help: move that folder away, run the shard again \
         with `bench gate FILE --shard I/N --out` and the same folder, then merge again",
        lost.len(),
        lost.len() + there.len(),
        names.join(", "),
        if lost.len() == 1 { "has" } else { "have" },
    )
}

fn differ(other: &str, first: &GateRun, name: &str, run: &GateRun) -> Result<(), String> {
    if first.gate != run.gate || first.question != run.question {
        return Err(format!(
            "{other} and {name} are not of one gate: its file, its baseline, a campaign or a firmware \
             was another"
        ));
    }
    if first.shard.count != run.shard.count {
        return Err(format!(
            "{other} is one shard of {}, and {name} one of {}",
            first.shard.count, run.shard.count
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{JobResult, Try};

    fn shard(folder: &std::path::Path, index: u32, jobs: &[&str]) -> PathBuf {
        let path = folder.join(format!("s{index}-{}", jobs.len()));
        fs::create_dir_all(&path).unwrap();
        let jobs = jobs.iter().map(|name| JobResult {
            name: (*name).to_owned(),
            group: "g".to_owned(),
            campaign: "c.toml".to_owned(),
            command: String::new(),
            tries: vec![Try {
                code: Some(0),
                ..Try::default()
            }],
        });
        let run = GateRun {
            format: 1,
            gate: "x".to_owned(),
            question: "q".to_owned(),
            shard: Shard { index, count: 2 },
            all: ["a", "b", "c"].map(str::to_owned).to_vec(),
            slower: 0.03,
            baseline: None,
            started_ms: 0,
            ended_ms: 0,
            jobs: jobs.collect(),
        };
        fs::write(path.join(RESULT_FILE), serde_json::to_string(&run).unwrap()).unwrap();
        path
    }

    #[test]
    fn gaps_and_duplicates_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (one, two) = (shard(folder, 1, &["a", "c"]), shard(folder, 2, &["b"]));
        let whole = merge(&[two.clone(), one.clone()]).unwrap();
        let names: Vec<&str> = whole.jobs.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(whole.shard, Shard::WHOLE);
        let why = |folders: &[PathBuf]| merge(folders).unwrap_err().to_string();
        assert!(why(&[]).contains("nothing to merge"));
        assert!(why(std::slice::from_ref(&one)).contains("shard 2/2 is missing"));
        assert!(why(&[one.clone(), one.clone()]).contains("shard 1 is there twice"));
        let lost = merge(&[one.clone(), folder.join("none")]).unwrap_err();
        assert!(matches!(&lost, Unmerged::Lost(_)), "{lost:?}");
        let lost = lost.to_string();
        assert!(
            lost.contains("1 of 2 shards lost: ")
                && lost.contains("the 2 runs of the others passed")
        );
        // A shard that was stopped before it was done.
        let short = shard(folder, 2, &[]);
        assert!(why(&[one.clone(), short]).contains("no shard ran `b`"));
        let both = shard(folder, 2, &["b", "c"]);
        assert!(why(&[one, both]).contains("`c` is there twice"));
    }

    #[test]
    fn what_the_fuzzer_begins_with_is_read_or_refused() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let corpus = corpus.join("../hil-tests/fuzz/corpus/gate");
        let folder = tempfile::tempdir().unwrap();
        let (mut gates, mut wholes) = (0, 0);
        for entry in fs::read_dir(corpus).unwrap() {
            let text = fs::read(entry.unwrap().path()).unwrap();
            let file = folder.path().join(RESULT_FILE);
            fs::write(&file, &text).unwrap();
            let text = String::from_utf8_lossy(&text);
            gates += usize::from(crate::gate::GateFile::from_text(&text, PathBuf::new()).is_ok());
            if let Ok(run) = merge(&[folder.path().to_owned()]) {
                wholes += 1;
                let decision = crate::gate::decide(&run);
                assert!(crate::gate::text(&run, &decision).contains(&run.gate));
                let baseline = crate::gate::Baseline::accept(&run).to_toml();
                fs::write(&file, baseline).unwrap();
                crate::gate::Baseline::read(&file).unwrap();
            }
        }
        assert_eq!((gates, wholes), (2, 1));
    }
}
