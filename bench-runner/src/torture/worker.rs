//! A worker: a process of its own that runs one campaign after the other, for a panic, a hang or
//! a death of one must not touch the others. It is told what to run on its standard input, a line
//! of JSON for each run, and answers so.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::crew::Answer;
use super::{PANIC, RULES, Stand, Violation, draw};
use crate::plan::Plan;

/// What a worker is to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The faults of this seed; none beside the campaign's own without it.
    pub seed: Option<u64>,
    /// Of them those at these places; all without it.
    pub keep: Option<Vec<usize>>,
}

/// The first words of panics since they were last asked for.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A folder in memory, where the system has one: a record that is removed at once need not wait for
/// a disk.
const IN_MEMORY: &str = "/dev/shm";

/// Where the worker of this process number keeps its runs.
pub(super) fn folder(process: u32) -> PathBuf {
    let memory = Path::new(IN_MEMORY);
    let place = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    place.join(format!("bench-torture-{process}"))
}

/// Works until nobody tells anything any more.
///
/// # Errors
/// If runs cannot be kept, or nobody listens.
pub fn work(plan: Plan) -> std::io::Result<()> {
    let place = folder(std::process::id());
    std::fs::create_dir_all(&place)?;
    // A task that panics dies alone, and would not be missed.
    std::panic::set_hook(Box::new(|panic| {
        let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        panics.push(panic.to_string().replace('\n', " "));
    }));
    let mut stand = Stand::new(plan);
    let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    for line in input.lines() {
        let Ok(job) = serde_json::from_str::<Job>(&line?) else {
            continue;
        };
        let answer = run(&mut stand, &job, &place.join("run"))?;
        let text = serde_json::to_string(&answer).unwrap_or_default();
        writeln!(output, "{text}")?;
        output.flush()?;
    }
    let _left = std::fs::remove_dir_all(&place);
    Ok(())
}

fn run(stand: &mut Stand, job: &Job, folder: &Path) -> std::io::Result<Answer> {
    let drawn = job.seed.map(|seed| draw(stand.plan(), seed));
    let drawn = drawn.unwrap_or_default();
    let faults: Vec<_> = match &job.keep {
        None => drawn,
        Some(keep) => keep
            .iter()
            .filter_map(|place| drawn.get(*place).cloned())
            .collect(),
    };
    let ran = stand.run(&faults, folder, RULES);
    let (exit, mut broken) = ran.map_err(|error| std::io::Error::other(error.to_string()))?;
    let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(first) = panics.into_iter().next() {
        broken.retain(|violation| violation.rule != PANIC);
        let (rule, why) = (PANIC.to_owned(), first);
        broken.insert(0, Violation { rule, why });
    }
    Ok(Answer {
        exit: exit.name().to_owned(),
        broken,
    })
}
