//! A worker of the crew: what it is told to run, and how it answers.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::crew::Answer;
use super::{PANIC, RULES, Stand, Violation, draw};
use crate::plan::Plan;
use crate::workers;

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

/// Works until nobody tells anything any more.
///
/// # Errors
/// If runs cannot be kept, or nobody listens.
pub fn work(plan: Plan) -> std::io::Result<()> {
    // A task that panics dies alone, and would not be missed.
    std::panic::set_hook(Box::new(|panic| {
        let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        panics.push(panic.to_string().replace('\n', " "));
    }));
    let mut stand = Stand::new(plan);
    workers::work(|job, folder| run(&mut stand, &job, folder))
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
