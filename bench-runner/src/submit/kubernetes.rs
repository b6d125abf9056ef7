//! Kubernetes: an indexed job, whose failure policy knows our exit codes, and a job with the decision
//! after it (Kubernetes, "Jobs": completion mode, backoff limit per index, pod failure policy).

use super::fill::{fill, plain, word};
use super::{Submission, Tool, Written};

const SHARDS: &str = include_str!("templates/kubernetes-shards.yaml");
const MERGE: &str = include_str!("templates/kubernetes-merge.yaml");
const SHARDS_FILE: &str = "shards.yaml";
const MERGE_FILE: &str = "merge.yaml";
/// How long `kubectl wait` looks before it is asked again.
const LOOK: &str = "--timeout=3s";

pub(super) fn files(submission: &Submission) -> Result<Vec<Written>, String> {
    let hardware = &submission.hardware;
    let needs = |key: &str, value: &Option<String>| match value {
        Some(text) => word(key, text),
        None => Err(format!(
            "Kubernetes needs `{key}` in [submit] of the gate: `image` with bench in it, and `claim`, the \
             volume with the gate's files, mounted where they are here"
        )),
    };
    let nodes = if hardware.features.is_empty() {
        String::new()
    } else {
        let mut text = "      nodeSelector:".to_owned();
        for feature in &hardware.features {
            let feature = word("features", feature)?;
            text = format!("{text}\n        bench/{feature}: \"true\"");
        }
        text
    };
    let here = plain(&submission.here)?;
    if !submission.out.starts_with(&submission.here) {
        return Err(format!(
            "--out {} is outside of {here}: pods see the volume that is mounted there, and nothing else",
            submission.out.display()
        ));
    }
    let places = [
        ("NODES", nodes),
        ("IMAGE", needs("image", &hardware.image)?),
        ("CLAIM", needs("claim", &hardware.claim)?),
        ("MOUNT", here),
    ];
    Ok(vec![
        (SHARDS_FILE, fill(SHARDS, submission, &places)?),
        (MERGE_FILE, fill(MERGE, submission, &places)?),
    ])
}

pub(super) fn hand_over(
    submission: &Submission,
    wait: bool,
    tell: &mut dyn FnMut(&str),
) -> Result<Option<i32>, String> {
    let kubectl = Tool("kubectl");
    let file = |name: &str| submission.out.join(name).display().to_string();
    let job = submission.job();
    // `create` and not `apply`: a job that is there already is another gate's.
    kubectl.ask(&["create", "--filename", &file(SHARDS_FILE)])?;
    tell(&format!(
        "shards   job {job}, {} indexes; `kubectl delete job {job}` ends them\n",
        submission.shards
    ));
    let merge = file(MERGE_FILE);
    if !wait {
        tell(&format!(
            "merge    `kubectl create --filename {merge}`, once that job is Complete or Failed\n"
        ));
        return Ok(None);
    }
    ends(kubectl, &job)?;
    kubectl.ask(&["create", "--filename", &merge])?;
    let merge = format!("{job}-merge");
    tell(&format!("merge    job {merge}\n"));
    ends(kubectl, &merge)?;
    let selector = format!("job-name={merge}");
    let path = "jsonpath={.items[-1:].status.containerStatuses[0].state.terminated.exitCode}";
    let said = kubectl.ask(&["get", "pods", "--selector", &selector, "--output", path])?;
    let code = said.parse();
    code.map(Some)
        .map_err(|_| format!("how {merge} ended, nobody knows: `{said}` is no exit code"))
}

/// Waits until a job is complete or failed. `kubectl wait` waits for one condition, so it is asked for
/// each in turn.
fn ends(kubectl: Tool, job: &str) -> Result<(), String> {
    let name = format!("job/{job}");
    loop {
        for condition in ["--for=condition=Complete", "--for=condition=Failed"] {
            let (code, _, complained) = kubectl.run(&["wait", condition, LOOK, &name])?;
            if code == Some(0) {
                return Ok(());
            }
            if !complained.contains("timed out") {
                return Err(format!("cannot wait for {name}: {}", complained.trim()));
            }
        }
    }
}
