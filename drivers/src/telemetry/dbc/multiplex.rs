//! Multiplexers: which signals they select, and in which order a frame's signals are told.

use super::file::{Flaws, MessageText, SignalText};
use super::message::Message;
use super::signal::Gate;

/// Finds the multiplexers and what each signal needs of them.
pub(super) fn gate(message: &mut Message, sources: &[&SignalText<'_>], flaws: &mut Flaws) {
    let is_selector = |at: &usize| sources[*at].multiplex.is_selector;
    message.selectors = (0..sources.len()).filter(is_selector).collect();
    let root =
        (0..sources.len()).find(|at| is_selector(at) && sources[*at].multiplex.group.is_none());
    for (at, source) in sources.iter().enumerate() {
        let Some(group) = source.multiplex.group else {
            continue;
        };
        // `SG_MUL_VAL_` names the multiplexer and its values; without it there is only one.
        let (selector, values) = match &source.selected_by {
            Some((selector, ranges)) => {
                let selector = sources.iter().position(|other| other.name == *selector);
                let mut values = ranges.clone();
                if message.selectors.len() == 1 {
                    values.push((group, group));
                }
                (selector, values)
            }
            None => (root, vec![(group, group)]),
        };
        if selector.is_none() {
            let (message, signal) = (&message.name, source.name);
            let what = format!(
                "found signal {message}.{signal} of group {group}, expected a multiplexer (`M`) in \
                 its message; it is read from each frame"
            );
            flaws.add(source.at, what);
        }
        message.signals[at].gate = selector
            .filter(|&selector| selector != at)
            .map(|selector| Gate { selector, values });
    }
}

/// Why a signal can never be selected, if `SG_MUL_VAL_` names what is no multiplexer.
pub(super) fn orphan(signal: &SignalText<'_>, message: &MessageText<'_>) -> Option<String> {
    let (selector, _) = signal.selected_by.as_ref()?;
    signal.multiplex.group?;
    let found = message.signals.iter().find(|other| other.name == *selector);
    if found.is_some_and(|selector| selector.multiplex.is_selector) {
        return None;
    }
    Some(format!(
        "is selected by {selector}, expected a multiplexer (marked `M`) of its message"
    ))
}

/// The order in which the signals of a frame are told: from its first bit to its last, and those
/// that a multiplexer selects behind all that are always there.
pub(super) fn order(message: &Message) -> Vec<usize> {
    let mut order = Vec::with_capacity(message.signals.len());
    let mut parents = vec![None];
    while let Some(parent) = parents.pop() {
        let gated_by = |at: &usize| message.signals[*at].gate.as_ref().map(|gate| gate.selector);
        let mut children: Vec<usize> = (0..message.signals.len())
            .filter(|at| gated_by(at) == parent)
            .collect();
        children.sort_by_key(|&at| message.signals[at].lead());
        let selectors = children.iter().rev();
        parents.extend(
            selectors
                .filter(|at| message.selectors.contains(at))
                .map(|&at| Some(at)),
        );
        order.extend(children);
    }
    order
}
