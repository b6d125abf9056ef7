//! A run of the program in real time, watched while it goes on.

use std::fs;
use std::io::{BufRead, BufReader};

use bench_runner::execute::RECORD_FILE;
use reports::event::{Event, EventKind};
use reports::record::Record;
use reports::verdict::Ending;

use crate::program::Program;
use crate::scene::Scene;

/// A run that is over.
#[derive(Debug)]
pub struct Watched {
    /// Its exit code.
    pub code: Option<i32>,
    /// What is recorded of it, whole.
    pub events: Vec<Event>,
    /// What it said on standard error.
    pub said: String,
}

impl Watched {
    /// Runs a scene on its wiring `emulated.toml`, recorded in its folder `out`, and calls `at_work`
    /// with the number of its process when the step `work` has begun.
    ///
    /// # Panics
    /// If it does not run, or leaves no record that can be read to its end.
    pub fn run(program: &Program, scene: &Scene, mut at_work: impl FnMut(u32)) -> Watched {
        let wiring = ["--wiring", "wiring/emulated.toml", "--pace", "real"];
        let arguments = [&["run", scene.campaign(), "--out", "out"][..], &wiring].concat();
        let run = program.command(&arguments).spawn();
        let mut run = run.expect("the program was built with the tests");
        let err = run.stderr.take().expect("its standard error is a pipe");
        let mut said = String::new();
        // Whoever is told nothing more may not write any more: it is read to its end.
        for line in BufReader::new(err).lines() {
            let line = line.expect("it is text");
            if line.contains("step: work") {
                at_work(run.id());
            }
            said += &line;
            said.push('\n');
        }
        let code = run.wait().expect("it is our child").code();
        let record = fs::read(scene.path("out").join(RECORD_FILE));
        let record = record.unwrap_or_else(|error| panic!("no record: {error}\n{said}"));
        let mut events = Vec::new();
        let record = Record::from_bytes(record).expect("it is a record");
        let whole = record.for_each(&mut |event| events.push(event.clone()));
        whole.expect("it is whole");
        Watched { code, events, said }
    }

    /// How it ended.
    ///
    /// # Panics
    /// If that is not recorded.
    pub fn ending(&self) -> &Ending {
        let endings = self
            .events
            .iter()
            .rev()
            .find_map(|event| match &event.kind {
                EventKind::RunEnded { ending } => Some(ending),
                _ => None,
            });
        endings.unwrap_or_else(|| panic!("no ending is recorded\n{}", self.said))
    }

    /// Whether something is recorded.
    pub fn has(&self, kind: &EventKind) -> bool {
        self.events.iter().any(|event| event.kind == *kind)
    }
}
