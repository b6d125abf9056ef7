//! Reviewing candidates one by one, on a terminal or from a pipe of answers.

use std::io::{BufRead, IsTerminal};

use super::shelf::{Shelf, Trouble};
use super::{print, told, writable};
use crate::exit::Exit;

/// Shows each candidate and asks. The end of the answers leaves the rest as it is.
pub(super) fn review(shelf: &Shelf, by: &str) -> Result<Exit, Trouble> {
    writable()?;
    let names = shelf.names()?.into_iter();
    let waiting: Vec<String> = names.filter(|name| shelf.pair(name).is_ok()).collect();
    if waiting.is_empty() {
        print("no candidate waits\n");
        return Ok(Exit::Passed);
    }
    let mut answers = std::io::stdin().lock().lines();
    let asks = std::io::stdin().is_terminal();
    let (mut accepted, mut rejected, mut left) = (0, 0, 0);
    for (place, name) in waiting.iter().enumerate() {
        let (golden, candidate) = shelf.pair(name)?;
        let text = told::difference(golden.as_ref(), &candidate);
        print(&format!("({} of {}) {text}", place + 1, waiting.len()));
        let mut answer = String::new();
        while answer.is_empty() {
            if asks {
                print("  [a]ccept, [r]eject, [s]kip, [q]uit? ");
            }
            match answers.next() {
                Some(Ok(line)) => answer = line.trim().to_lowercase(),
                Some(Err(_)) | None => "q".clone_into(&mut answer),
            }
            if !["a", "r", "s", "q", "accept", "reject", "skip", "quit"].contains(&&*answer) {
                print(&format!("  `{answer}` is none of a, r, s, q\n"));
                answer.clear();
            }
        }
        match answer.as_bytes()[0] {
            b'a' => {
                shelf.accept(name, by)?;
                accepted += 1;
            }
            b'r' => {
                shelf.reject(name)?;
                rejected += 1;
            }
            b's' => left += 1,
            _ => {
                left += waiting.len() - place;
                break;
            }
        }
    }
    print(&format!(
        "{accepted} accepted, {rejected} rejected, {left} still waiting\n"
    ));
    Ok(Exit::Passed)
}
