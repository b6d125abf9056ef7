//! The program, run as a process.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program of the bench, and the folder that it runs in.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    folder: PathBuf,
}

/// What the program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// On standard output.
    pub out: String,
    /// On standard error.
    pub err: String,
}

impl Said {
    /// What a process said that has ended.
    pub fn of(output: &Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Code and both texts, for snapshots.
    pub fn all(&self) -> String {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        let part = |name: &str, text: &str| match text {
            "" => String::new(),
            text => format!("--- {name}\n{text}"),
        };
        let (out, err) = (part("out", &self.out), part("err", &self.err));
        format!("exit code {code}\n{out}{err}")
    }
}

impl Program {
    /// The program at `path`, to run in `folder`.
    pub fn new(path: &str, folder: &Path) -> Program {
        Program {
            path: path.into(),
            folder: folder.to_owned(),
        }
    }

    /// The program with arguments, deaf to the terminal and the environment of the tests.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.path);
        command
            .arg0("bench")
            .args(arguments)
            .current_dir(&self.folder)
            .env_remove("BENCH_WIRING")
            .env_remove("NO_COLOR")
            .env_remove("CI")
            .env("COLUMNS", "100")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Said {
        let output = self.command(arguments).output();
        Said::of(&output.expect("the program was built with the tests"))
    }
}

/// The processes whose parent is `id`, that are not dead, as `/proc` tells them (proc(5)).
///
/// # Panics
/// If there is no `/proc`.
pub fn children_of(id: u32) -> Vec<u32> {
    let stat = |path: &Path| -> Option<(u32, u32)> {
        let text = std::fs::read_to_string(path.join("stat")).ok()?;
        let (id, rest) = (text.split(' ').next()?, text.rsplit_once(") ")?.1);
        let mut rest = rest.split(' ');
        let state = rest.next()?;
        (state != "Z").then_some((id.parse().ok()?, rest.next()?.parse().ok()?))
    };
    let all = std::fs::read_dir("/proc").expect("Linux has it");
    let all = all.filter_map(|entry| stat(&entry.ok()?.path()));
    all.filter(|(_, parent)| *parent == id)
        .map(|(id, _)| id)
        .collect()
}
