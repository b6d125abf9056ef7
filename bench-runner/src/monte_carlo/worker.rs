//! A worker of the crew: what it flies, and what it tells of it.

use std::path::Path;

use profiles::time::BenchTime;
use reports::event::{Event, ObserveError, Observer};

use super::{Draw, Flown, Found};
use crate::config::alter::altered;
use crate::config::folder::Folder;
use crate::execute;
use crate::exit::Exit;
use crate::plan::{Plan, Request};
use crate::run::Stop;
use crate::workers;

/// What is flown, before anything is drawn.
#[derive(Clone, Debug)]
pub struct Start {
    /// The campaign on its bench.
    pub request: Request,
}

/// Nobody watches.
struct Nobody;

impl Observer for Nobody {
    fn observe(&mut self, _: &Event) -> Result<(), ObserveError> {
        Ok(())
    }
}

/// Works until nobody tells anything any more.
///
/// # Errors
/// If runs cannot be kept, or nobody listens.
pub fn work(start: &Start) -> std::io::Result<()> {
    workers::work(|draw, folder| Ok(start.fly(draw, folder)))
}

impl Start {
    /// The plan of a run.
    ///
    /// # Errors
    /// What is refused with these values.
    pub fn plan(&self, draw: &Draw) -> Result<Plan, String> {
        let mut request = self.request.clone();
        let (folder, name): (Folder, String) = request.campaign;
        let folder = altered(folder, &name, &draw.set)?;
        request.campaign = (folder, name);
        request.seed = Some(draw.seed);
        Plan::new(&request).map_err(|refusals| refusals.render(false))
    }

    fn fly(&self, draw: Draw, folder: &Path) -> Flown {
        let mut flown = Flown {
            draw,
            code: Some(Exit::Refused as u8),
            ending: String::new(),
            findings: Vec::new(),
        };
        let plan = match self.plan(&flown.draw) {
            Ok(plan) => plan,
            Err(why) => {
                flown.ending = why;
                return flown;
            }
        };
        let ran = execute::carry_out(&plan, folder, &mut Nobody, &Stop::default());
        match ran {
            Ok((outcome, _world)) => {
                flown.code = Some(outcome.exit as u8);
                let ending = &outcome.report.manifest.ending;
                if *ending != reports::verdict::Ending::Completed {
                    flown.ending = ending.to_string();
                }
                flown.findings = outcome.report.findings.iter().map(found).collect();
            }
            Err(error) => {
                flown.code = Some(error.exit() as u8);
                flown.ending = error.to_string();
            }
        }
        let _gone = std::fs::remove_dir_all(folder);
        flown
    }
}

fn found(finding: &reports::verdict::Finding) -> Found {
    let is_pass = finding.verdict == reports::verdict::Verdict::Pass;
    let at = finding.at.map(BenchTime::as_secs_f64);
    let at = at.map_or_else(String::new, |at| format!(" (at {at:.1} s)"));
    Found {
        check: finding.check.clone(),
        verdict: finding.verdict.to_string().to_lowercase(),
        value: finding.value,
        margin: finding.margin,
        unit: finding.unit.clone(),
        because: if is_pass {
            String::new()
        } else {
            format!("{}{at}", finding.because)
        },
    }
}
