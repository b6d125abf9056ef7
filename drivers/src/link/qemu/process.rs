//! The process of a firmware in QEMU. It is killed when it is dropped, and by the kernel when the
//! bench dies in whatever way: `setpriv` asks for that (`PR_SET_PDEATHSIG`) before it becomes QEMU.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::QemuSpec;
use crate::error::LinkError;

/// What asks the kernel to end QEMU with the bench; of util-linux, which every Linux has.
const KEEPER: &str = "setpriv";
/// Machine code in the header of an ELF file, by the emulator that runs it (ELF specification,
/// `e_machine`).
const CODES: [(&str, u16, &str); 4] = [
    ("qemu-system-arm", 40, "32-bit Arm"),
    ("qemu-system-aarch64", 183, "64-bit Arm"),
    ("qemu-system-riscv64", 243, "RISC-V"),
    ("qemu-system-riscv32", 243, "RISC-V"),
];
/// Lines of QEMU's own that are told when it ends.
const LAST_LINES: usize = 3;

/// How QEMU begins to say that the guest cannot go on, as of a fault in the handler of faults.
const FATAL: &str = "qemu: fatal: ";

/// How lines begin that are QEMU's own, and not the firmware's.
const OWN: &str = "qemu-system-";
/// How the reason begins where QEMU refuses how it was started.
const REFUSED: &str = "QEMU does not run it";

/// How the reason begins where the firmware, or QEMU with it, ended by itself.
pub const ENDED: &str = "the firmware in QEMU ended";

/// What the names of shared folders begin with; the process and a number follow.
const PREFIX: &str = "bench-qemu-";

/// Numbers the folders of one process.
static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A folder for what the bench and QEMU share, removed in the end.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) path: PathBuf,
}

impl Shared {
    pub(super) fn new() -> io::Result<Shared> {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        if number == 0 {
            sweep();
        }
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        Ok(Shared { path })
    }
}

/// Removes folders of processes that were killed before they could.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next());
        let is_number = |id: &&str| id.parse::<u32>().is_ok();
        let process = process.filter(is_number);
        if process.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            // Another user's, or removed by another run just now.
            let _left = fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _nobody_needs_it = fs::remove_dir_all(&self.path);
    }
}

/// Why a firmware runs no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stopped {
    /// In words.
    pub(crate) why: String,
    /// Whether it ended itself with a status, as a handler of faults does.
    pub(crate) by_itself: bool,
}

impl Stopped {
    /// It is there, and does not what it should.
    pub(super) fn stuck(why: impl Into<String>) -> Stopped {
        Stopped {
            why: why.into(),
            by_itself: false,
        }
    }
}

/// A running firmware.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    // Dropped after the child has ended.
    shared: Shared,
}

impl Process {
    /// Starts the firmware in a folder that it shares with the bench, with these arguments besides
    /// those of every firmware.
    pub(super) fn start(
        spec: &QemuSpec,
        shared: Shared,
        args: &[String],
    ) -> Result<Process, LinkError> {
        let failed = |why: String| LinkError::Open {
            line: spec.to_string(),
            why,
        };
        let elf = fs::canonicalize(&spec.elf).map_err(|error| failed(error.to_string()))?;
        // A machine that begins with another's state goes on with what that printed.
        let console = OpenOptions::new()
            .append(true)
            .create(true)
            .open(shared.path.join(CONSOLE));
        let consoles = console.and_then(|console| Ok((console.try_clone()?, console)));
        let (out, errors) = consoles.map_err(|error| failed(error.to_string()))?;
        let child = Command::new(KEEPER)
            .args(["--pdeathsig", "KILL", "--", &spec.program])
            .args(["-M", &spec.machine, "-display", "none", "-monitor", "none"])
            .args(["-semihosting-config", "enable=on,target=native"])
            .arg("-kernel")
            .arg(elf)
            .args(args)
            .args(&spec.args)
            .current_dir(&shared.path)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .spawn()
            .map_err(|error| failed(format!("{KEEPER}: {error}")))?;
        Ok(Process { child, shared })
    }

    /// The folder that it shares with the bench.
    pub(super) fn folder(&self) -> &Path {
        &self.shared.path
    }

    /// Why it is not there any more, if it is not.
    pub(super) fn ended(&mut self) -> Option<Stopped> {
        let status = self.child.try_wait().ok()??;
        let text = fs::read(self.shared.path.join(CONSOLE)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        // Whether a core was dumped is this machine's affair.
        let status_said = match status.signal() {
            Some(signal) => format!("signal: {signal}"),
            None => status.to_string(),
        };
        // QEMU itself would not: a machine or an argument that it does not know.
        let is_refused = status.code() == Some(1) && text.lines().any(is_complaint);
        let what = if is_refused { REFUSED } else { ENDED };
        Some(Stopped {
            why: format!("{what} ({status_said}){}", last_words(&text)),
            by_itself: status.code().is_some() && !is_refused,
        })
    }
}

/// What was said last, behind a colon.
fn last_words(text: &str) -> String {
    // What QEMU thinks of how it was started is nothing that the firmware said.
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !is_warning(line));
    let lines: Vec<&str> = lines.collect();
    // All registers follow on why QEMU itself gave up.
    let fatal = lines.iter().find(|line| line.starts_with(FATAL));
    let last = match fatal {
        Some(fatal) => (*fatal).to_owned(),
        None => lines[lines.len().saturating_sub(LAST_LINES)..].join("; "),
    };
    if last.is_empty() {
        last
    } else {
        format!(": {last}")
    }
}

fn is_warning(line: &str) -> bool {
    line.starts_with(OWN) && line.contains(": warning: ")
}

fn is_complaint(line: &str) -> bool {
    line.starts_with(OWN) && !is_warning(line)
}

/// What the firmware and QEMU print.
pub(super) const CONSOLE: &str = "console.txt";

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// What a firmware cannot run without: what is wrong, and what mends it.
pub fn missing(spec: &QemuSpec) -> Option<(String, String)> {
    let elf = spec.elf.display();
    let header = fs::File::open(&spec.elf).and_then(|mut file| {
        let mut header = [0; 20];
        // A file that is shorter is none of those that are looked for.
        match io::Read::read_exact(&mut file, &mut header) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
            _ => Ok(header),
        }
    });
    let header = match header {
        Ok(header) => header,
        Err(error) => {
            let what = format!("cannot read the firmware {elf}: {error}");
            let help = "build it first; `hil-tests/firmware/build.sh --install` builds the \
                        reference board's";
            return Some((what, help.to_owned()));
        }
    };
    if header[..4] != *b"\x7fELF" {
        let what = format!("the firmware {elf} is no ELF file");
        let help = "give the linker's output, not the image made from it (.bin, .hex)";
        return Some((what, help.to_owned()));
    }
    let code = u16::from_le_bytes([header[18], header[19]]);
    let known = CODES.iter().find(|(program, ..)| *program == spec.program);
    if let Some((program, wanted, kind)) = known
        && code != *wanted
    {
        let what = format!("the firmware {elf} is not for {kind} (its machine code is {code})");
        let help = format!("`{program}` runs {kind} only; name another with `program=`");
        return Some((what, help));
    }
    for (program, package) in [
        (spec.program.as_str(), package(&spec.program)),
        (KEEPER, "util-linux"),
    ] {
        if !is_there(program) {
            let what = format!("there is no `{program}` here to run the firmware");
            let help = format!("apt-get install --no-install-recommends {package}");
            return Some((what, help));
        }
    }
    if spec.args.iter().any(|arg| arg == "-icount") {
        let what = "the bench itself has QEMU count instructions".to_owned();
        return Some((what, "leave `-icount` out, and set `shift=`".to_owned()));
    }
    None
}

/// Debian's package of an emulator.
fn package(program: &str) -> &'static str {
    match program {
        "qemu-system-arm" | "qemu-system-aarch64" => "qemu-system-arm",
        _ => "qemu-system-misc",
    }
}

fn is_there(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
