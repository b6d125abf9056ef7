//! A scene: campaign, wiring and goldens in a temporary folder of their own, to be disturbed.

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner::config::Refusals;
use bench_runner::config::folder::Folder;
use bench_runner::plan::{Plan, Request};
use bench_runner::runtime::Pace;
use tempfile::TempDir;

use crate::ran::Ran;

/// The folder of campaigns, wirings and goldens.
pub fn bench_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A campaign and a wiring with the goldens beside them, laid out as in this crate.
#[derive(Debug)]
pub struct Scene {
    folder: TempDir,
    campaign: String,
    wiring: String,
}

impl Scene {
    /// A copy of the campaign in the file `campaigns/<name>.toml`, on the emulated bench.
    ///
    /// # Panics
    /// If it cannot be copied.
    pub fn of(name: &str) -> Scene {
        let scene = Scene {
            folder: TempDir::new().expect("the system has a place for temporary files"),
            campaign: format!("campaigns/{name}.toml"),
            wiring: "emulated.toml".to_owned(),
        };
        for part in ["campaigns", "wiring", "goldens"] {
            copy(&bench_folder().join(part), &scene.path(part));
        }
        scene
    }

    /// The same on another bench: the file `wiring/<name>.toml`.
    #[must_use]
    pub fn on(self, name: &str) -> Scene {
        Scene {
            wiring: format!("{name}.toml"),
            ..self
        }
    }

    /// A path in the scene.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// The campaign's file in the scene.
    pub fn campaign(&self) -> &str {
        &self.campaign
    }

    /// Replaces `from`, which must be there once, in a file.
    ///
    /// # Panics
    /// If it is not there once.
    #[must_use]
    pub fn with(self, file: &str, from: &str, to: &str) -> Scene {
        let path = self.path(file);
        let text = fs::read_to_string(&path).expect("the scene has this file");
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {file}");
        fs::write(&path, text.replacen(from, to, 1)).expect("a temporary file can be written");
        self
    }

    /// Replaces `from` in the campaign.
    ///
    /// # Panics
    /// If it is not there once.
    #[must_use]
    pub fn asking(self, from: &str, to: &str) -> Scene {
        let campaign = self.campaign.clone();
        self.with(&campaign, from, to)
    }

    /// Adds `text` at the end of the campaign.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    pub fn asking_also(self, text: &str) -> Scene {
        let campaign = self.campaign.clone();
        self.ending(&campaign, text)
    }

    /// Adds `text` at the end of a file.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    pub fn ending(self, file: &str, text: &str) -> Scene {
        let path = self.path(file);
        let old = fs::read_to_string(&path).expect("the scene has this file");
        fs::write(&path, old + "\n" + text).expect("a temporary file can be written");
        self
    }

    /// Replaces `from` in the wiring.
    ///
    /// # Panics
    /// If it is not there once.
    #[must_use]
    pub fn wired(self, from: &str, to: &str) -> Scene {
        let wiring = format!("wiring/{}", self.wiring);
        self.with(&wiring, from, to)
    }

    /// Adds a line to a device of the wiring.
    ///
    /// # Panics
    /// If there is no such device.
    #[must_use]
    pub fn device(self, name: &str, line: &str) -> Scene {
        let head = format!("[device.{name}]\n");
        self.wired(&head, &format!("{head}{line}\n"))
    }

    /// What the scene asks for.
    pub fn request(&self, seed: Option<u64>) -> Request {
        let campaign = self.campaign.trim_start_matches("campaigns/").to_owned();
        Request {
            campaign: (Folder::Disk(self.path("campaigns")), campaign),
            wiring: (Folder::Disk(self.path("wiring")), self.wiring.clone()),
            seed,
            pace: Pace::Virtual,
            dictionary: None,
            firmware: Vec::new(),
            faults: None,
        }
    }

    /// The plan, or why there is none.
    ///
    /// # Errors
    /// All refusals.
    pub fn plan(&self) -> Result<Plan, Refusals> {
        Plan::new(&self.request(None))
    }

    /// Runs the scene in virtual time.
    ///
    /// # Panics
    /// If it is refused or cannot be recorded.
    pub fn run(&self) -> Ran {
        self.run_with_seed(None)
    }

    /// Runs the scene with another seed than the campaign's.
    ///
    /// # Panics
    /// If it is refused or cannot be recorded.
    pub fn run_with_seed(&self, seed: Option<u64>) -> Ran {
        match Plan::new(&self.request(seed)) {
            Ok(plan) => Ran::of(&plan),
            Err(refusals) => panic!("refused:\n{}", refusals.render(false)),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a temporary folder can be made");
    for entry in fs::read_dir(from).expect("the bench has this folder") {
        let path = entry.expect("a folder can be read to its end").path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a temporary file can be written");
        }
    }
}
