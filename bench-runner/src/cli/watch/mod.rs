//! `bench watch`: a run as it goes on, or as it was, on a terminal or as lines.

pub(in crate::cli) mod serve;

use std::io::{self, ErrorKind, IsTerminal, Write, stdout};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use profiles::time::Period;
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::CrosstermBackend;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGTERM};

use super::{colour_out, complain, failed, is_dumb};
use crate::exit::Exit;
use crate::runtime::{Pace, block_on};
use crate::watch::find;
use crate::watch::plain::Plain;
use crate::watch::screen::{Key, Screen, View, draw};
use crate::watch::watched::{Course, Watched};

/// Between two looks at the record: chunks are on disk every half second at real pace.
const LOOK: Period = Period::millis(250);

/// Watch a run: live, or as it was
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Folder of the run, or one with runs: the newest of them
    #[arg(default_value = "runs")]
    run: PathBuf,
    /// Lines of text, one for each change, as into a pipe
    #[arg(long)]
    plain: bool,
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    let Some(folder) = newest(&args.run) else {
        return Exit::Refused;
    };
    let shows = stdout().is_terminal() && io::stdin().is_terminal() && !is_dumb();
    let live = shows && !args.plain;
    block_on(Pace::Real, async {
        let watched = Watched::new(&folder, Pace::Real.clock());
        if live {
            on_terminal(watched)
        } else {
            in_lines(watched).await
        }
    })
}

/// The run in a folder, or the newest of those in it; says so if there is none.
pub(super) fn newest(folder: &Path) -> Option<PathBuf> {
    let found = find::runs(folder).pop();
    if found.is_none() {
        let shown = folder.display();
        complain(&format!(
            "Error: there is no run in {shown}\n  Help: give a run's folder, or one with runs; \
             `bench run` writes into `runs`\n"
        ));
    }
    found.map(|found| found.folder)
}

/// One line for each change, until the run is over; its code.
async fn in_lines(mut watched: Watched) -> Exit {
    let clock = Pace::Real.clock();
    let mut plain = Plain::default();
    loop {
        if let Err(error) = watched.refresh() {
            return failed(&error);
        }
        let lines = plain.lines(&watched);
        let mut out = stdout().lock();
        if out
            .write_all(lines.as_bytes())
            .and_then(|()| out.flush())
            .is_err()
        {
            // Who read it went away; the run goes on.
            return Exit::Passed;
        }
        drop(out);
        if let Some(exit) = watched.exit() {
            return exit;
        }
        if watched.course() != Course::Reading {
            clock.sleep_until(clock.now() + LOOK).await;
        }
    }
}

fn on_terminal(watched: Watched) -> Exit {
    let left = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGHUP] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&left)) {
            complain(&format!("Error: cannot watch for signals: {error}\n"));
            return Exit::BenchFault;
        }
    }
    let shown = Shown::begin().and_then(|shown| {
        let looked = look(watched, &left);
        drop(shown);
        looked
    });
    match shown {
        Ok(()) => Exit::Passed,
        // A terminal that is gone has nobody to be told.
        Err(error) if left.load(Ordering::Relaxed) || is_gone(&error) => Exit::Passed,
        Err(error) => {
            complain(&format!(
                "Error: the terminal does not take it: {error}\n  Help: `--plain` needs none\n"
            ));
            Exit::BenchFault
        }
    }
}

/// A terminal that shows the view, until this is dropped.
struct Shown;

impl Shown {
    fn begin() -> io::Result<Shown> {
        // A panic must not leave a terminal that shows nothing.
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
        enable_raw_mode()?;
        let shown = Shown;
        execute!(stdout(), EnterAlternateScreen, cursor::Hide)?;
        Ok(shown)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        restore();
    }
}

fn restore() {
    let _gone = execute!(stdout(), LeaveAlternateScreen, cursor::Show);
    let _gone = disable_raw_mode();
}

fn look(mut watched: Watched, left: &AtomicBool) -> io::Result<()> {
    let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
    // Left as it is in the end: `Shown` gives the cursor back, and where the terminal is gone this would
    // print that it cannot, to a standard error that is gone too, and panic.
    let mut terminal = ManuallyDrop::new(terminal);
    let mut screen = Screen::default();
    let (name, colour) = (watched.name(), colour_out());
    loop {
        let trouble = watched.refresh().err().map(|error| error.to_string());
        let view = View {
            name: &name,
            course: watched.course(),
            exit: watched.exit(),
            live: watched.live(),
            screen: &screen,
            colour,
            trouble: trouble.as_deref(),
        };
        terminal.draw(|frame| draw(&view, frame.buffer_mut()))?;
        if left.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut wait = match watched.course() {
            Course::Reading => Duration::ZERO,
            _ => Duration::from_millis(u64::from(LOOK.as_millis())),
        };
        // Keys that came together are done together.
        loop {
            keys_or(wait)?;
            if !poll(Duration::ZERO)? {
                break;
            }
            wait = Duration::ZERO;
            let Event::Key(pressed) = read()? else {
                continue;
            };
            if let Some(key) = key(&pressed)
                && !screen.press(key, watched.live())
            {
                return Ok(());
            }
        }
    }
}

/// Waits for keys, or as long as `wait`. An error if the terminal hung up: to read it then would turn
/// round and round inside of crossterm.
fn keys_or(wait: Duration) -> io::Result<()> {
    let stdin = std::io::stdin();
    let mut asked = [PollFd::new(&stdin, PollFlags::IN)];
    let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
    match rustix::event::poll(&mut asked, Some(&wait)) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    if asked[0].revents().intersects(gone) {
        return Err(io::Error::new(ErrorKind::BrokenPipe, "it hung up"));
    }
    Ok(())
}

/// Whether an error says that the terminal hung up: nothing can be written to one that did (EIO).
fn is_gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe || Errno::from_io_error(error) == Some(Errno::IO)
}

fn key(pressed: &KeyEvent) -> Option<Key> {
    if pressed.kind == KeyEventKind::Release {
        return None;
    }
    if pressed.modifiers.contains(KeyModifiers::CONTROL) {
        let leaves = matches!(pressed.code, KeyCode::Char('c' | 'd'));
        return leaves.then_some(Key::Leave);
    }
    Some(match pressed.code {
        KeyCode::Char('q') | KeyCode::Esc => Key::Quit,
        KeyCode::Tab => Key::Tab,
        KeyCode::Up | KeyCode::Char('k') => Key::Up,
        KeyCode::Down | KeyCode::Char('j') => Key::Down,
        KeyCode::Left | KeyCode::Char('h') => Key::Left,
        KeyCode::Right | KeyCode::Char('l') => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End | KeyCode::Char('n') => Key::End,
        KeyCode::Char('c') => Key::Channels,
        KeyCode::Char(' ') => Key::Space,
        KeyCode::Char('w') => Key::Window,
        _ => return None,
    })
}

/// What a person is told when a run at real pace begins.
pub(in crate::cli) fn advice(folder: &Path) -> String {
    format!("watch it with: bench watch {}\n", folder.display())
}
