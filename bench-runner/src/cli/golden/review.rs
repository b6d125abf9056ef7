//! Reviewing candidates one by one: on a terminal with single keys, or from a pipe of answers, line by
//! line.

use std::io::{BufRead, Read};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr,
};

use super::shelf::{Shelf, Trouble};
use super::{complain, print, told, writable};
use crate::exit::Exit;

/// What is decided about a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Accept,
    Reject,
    Skip,
    Quit,
}

impl Decision {
    fn of(answer: &str) -> Option<Decision> {
        match answer.to_lowercase().as_str() {
            "a" | "accept" => Some(Decision::Accept),
            "r" | "reject" => Some(Decision::Reject),
            "s" | "skip" => Some(Decision::Skip),
            // Ctrl-C and Ctrl-D, which are keys as others where keys are read one by one.
            "q" | "quit" | "\u{3}" | "\u{4}" => Some(Decision::Quit),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Decision::Accept => "accept",
            Decision::Reject => "reject",
            Decision::Skip => "skip",
            Decision::Quit => "quit",
        }
    }
}

/// Shows each candidate and asks. The end of the answers leaves the rest as it is.
pub(super) fn review(shelf: &Shelf, by: &str) -> Result<Exit, Trouble> {
    writable()?;
    let (mut waiting, mut damaged) = (Vec::new(), 0);
    for name in shelf.names()? {
        match shelf.pair(&name) {
            Ok(_) => waiting.push(name),
            // It has no candidate.
            Err(Trouble::Refused(_)) => {}
            Err(error) => {
                damaged += 1;
                complain(&format!("Error: `{name}` cannot be reviewed: {error}\n"));
            }
        }
    }
    let exit = if damaged > 0 {
        Exit::Damaged
    } else {
        Exit::Passed
    };
    if waiting.is_empty() {
        let but = if damaged > 0 {
            " but what is damaged"
        } else {
            ""
        };
        print(&format!("no candidate waits{but}\n"));
        return Ok(exit);
    }
    let mut keys = Keys::new();
    let (mut accepted, mut rejected, mut left) = (0, 0, 0);
    for (place, name) in waiting.iter().enumerate() {
        let (golden, candidate) = shelf.pair(name)?;
        let text = told::difference(golden.as_ref(), &candidate);
        print(&format!("({} of {}) {text}", place + 1, waiting.len()));
        match keys.decision() {
            Decision::Accept => match shelf.accept(name, by) {
                Ok(()) => accepted += 1,
                Err(Trouble::Refused(why)) => {
                    complain(&format!("Error: {why}\n"));
                    left += 1;
                }
                Err(error) => return Err(error),
            },
            Decision::Reject => {
                shelf.reject(name)?;
                rejected += 1;
            }
            Decision::Skip => left += 1,
            Decision::Quit => {
                left += waiting.len() - place;
                break;
            }
        }
    }
    drop(keys);
    let commit = match accepted {
        0 => "",
        _ => "; commit the change",
    };
    print(&format!(
        "{accepted} accepted, {rejected} rejected, {left} still waiting{commit}\n"
    ));
    Ok(exit)
}

/// Standard input: a terminal that gives keys at once and shows none of them, as long as this lives,
/// or a pipe of lines.
struct Keys {
    before: Option<Termios>,
    /// Keys that were pressed and are not asked for yet, the next last.
    pressed: Vec<char>,
}

impl Keys {
    fn new() -> Keys {
        let input = std::io::stdin();
        let before = if isatty(&input) {
            tcgetattr(&input).ok()
        } else {
            None
        };
        if let Some(before) = &before {
            let mut single = before.clone();
            // Ctrl-C too is a key: whoever presses it must not be left with a mute terminal.
            single.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
            single.special_codes[SpecialCodeIndex::VMIN] = 1;
            single.special_codes[SpecialCodeIndex::VTIME] = 0;
            // A terminal that will not is read line by line, and a line is a key with its end.
            let _as_it_is = tcsetattr(&input, OptionalActions::Now, &single);
        }
        Keys {
            before,
            pressed: Vec::new(),
        }
    }

    /// Asks until the answer is one.
    fn decision(&mut self) -> Decision {
        loop {
            if self.before.is_some() {
                print("  [a]ccept, [r]eject, [s]kip, [q]uit? ");
            }
            let Some(answer) = self.answer() else {
                return Decision::Quit;
            };
            if let Some(decision) = Decision::of(&answer) {
                if self.before.is_some() {
                    print(&format!("{}\n", decision.name()));
                }
                return decision;
            }
            let line = if self.before.is_some() { "\n" } else { "" };
            let shown = if answer.chars().all(char::is_control) {
                "that key".to_owned()
            } else {
                format!("`{}`", answer.escape_debug())
            };
            print(&format!("{line}  {shown} is none of a, r, s, q\n"));
        }
    }

    /// A key, or a line; none at the end. The end of a line alone is no answer.
    fn answer(&mut self) -> Option<String> {
        loop {
            let answer = if let Some(before) = &self.before {
                if self.pressed.is_empty() {
                    self.pressed = pressed(before)?;
                }
                self.pressed.pop().map_or_else(String::new, String::from)
            } else {
                let mut line = String::new();
                match std::io::stdin().lock().read_line(&mut line) {
                    Ok(0) | Err(_) => return None,
                    Ok(_) => line,
                }
            };
            let answer = answer.trim_matches([' ', '\t', '\r', '\n']);
            if !answer.is_empty() {
                return Some(answer.to_owned());
            }
        }
    }
}

/// Waits for keys: what was pressed, the first last. An arrow or a function key sends several letters
/// behind an escape, of which one may be an answer: they are one key, and none that is asked for.
fn pressed(before: &Termios) -> Option<Vec<char>> {
    let mut input = std::io::stdin();
    let mut bytes = [0; 64];
    let count = input.read(&mut bytes).ok().filter(|count| *count > 0)?;
    if bytes[0] != 0x1b {
        let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
        return Some(text.chars().rev().collect());
    }
    // A slow line may bring its letters later: a tenth of a second is waited for them.
    let mut brief = before.clone();
    brief.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
    let mut waiting = |(least, tenths): (u8, u8)| {
        brief.special_codes[SpecialCodeIndex::VMIN] = least;
        brief.special_codes[SpecialCodeIndex::VTIME] = tenths;
        // As in the beginning: a terminal that will not stays as it is.
        let _as_it_is = tcsetattr(std::io::stdin(), OptionalActions::Now, &brief);
    };
    waiting((0, 1));
    let _rest = input.read(&mut bytes);
    waiting((1, 0));
    Some(vec!['\u{1b}'])
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
