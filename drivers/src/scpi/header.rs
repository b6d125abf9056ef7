//! Header tables: patterns such as `[SOURce:]VOLTage[:LEVel][?]`, compiled once, and the header
//! of a message looked up in them.

/// Whether a header is told, asked or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Told,
    Asked,
    Both,
}

/// One mnemonic of a pattern.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// As the standard writes it: `VOLTage`; `*IDN` for a common command.
    name: &'static str,
    optional: bool,
    /// Whether a number may follow: written `OUTPut#`.
    numbered: bool,
}

#[derive(Debug)]
struct Row<C> {
    nodes: Vec<Node>,
    form: Form,
    meaning: C,
}

/// What each header means to a make.
#[derive(Debug)]
pub(crate) struct Table<C> {
    rows: Vec<Row<C>>,
}

/// A header that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found<C> {
    /// What it means.
    pub(crate) meaning: C,
    /// The number behind the first numbered mnemonic; 1 where none was written.
    pub(crate) number: u16,
}

impl<C: Copy> Table<C> {
    /// Compiles patterns. Capitals are the short form, brackets are optional, `#` takes a number;
    /// `?` at the end is for headers that are only asked, `[?]` for those that are also told.
    pub(crate) fn compile(patterns: impl IntoIterator<Item = (&'static str, C)>) -> Table<C> {
        let rows = patterns
            .into_iter()
            .map(|(pattern, meaning)| {
                let (header, form) = match (pattern.strip_suffix("[?]"), pattern.strip_suffix('?'))
                {
                    (Some(header), _) => (header, Form::Both),
                    (None, Some(header)) => (header, Form::Asked),
                    (None, None) => (pattern, Form::Told),
                };
                Row {
                    nodes: nodes(header),
                    form,
                    meaning,
                }
            })
            .collect();
        Table { rows }
    }

    /// The first row that fits.
    pub(crate) fn find(&self, header: &str, query: bool) -> Option<Found<C>> {
        let unwanted = if query { Form::Told } else { Form::Asked };
        self.rows
            .iter()
            .filter(|row| row.form != unwanted)
            .find_map(|row| {
                let number = matches(&row.nodes, header)?;
                Some(Found {
                    meaning: row.meaning,
                    number: number.max(1),
                })
            })
    }
}

fn nodes(header: &'static str) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut optional = false;
    let mut rest = header;
    while !rest.is_empty() {
        let (name, after) = match rest.find(['[', ']', ':']) {
            Some(end) => (&rest[..end], &rest[end..]),
            None => (rest, ""),
        };
        if !name.is_empty() {
            nodes.push(Node {
                name: name.trim_end_matches('#'),
                optional,
                numbered: name.ends_with('#'),
            });
        }
        optional = match after.as_bytes().first() {
            Some(b'[') => true,
            Some(b']') => false,
            _ => optional,
        };
        rest = after.get(1..).unwrap_or_default();
    }
    nodes
}

/// The first number in `header`, zero for none, if `nodes` match all of it. Most rows fail at
/// their first letter.
fn matches(nodes: &[Node], header: &str) -> Option<u16> {
    let Some((node, others)) = nodes.split_first() else {
        return header.is_empty().then_some(0);
    };
    let (word, rest) = header.split_once(':').unwrap_or((header, ""));
    if let Some(number) = node.accepts(word)
        && let Some(later) = matches(others, rest)
    {
        return Some(if number == 0 { later } else { number });
    }
    if node.optional {
        return matches(others, header);
    }
    None
}

impl Node {
    /// The number behind `word`, zero for none, if it is this mnemonic.
    fn accepts(&self, word: &str) -> Option<u16> {
        let first = word.as_bytes().first()?;
        if !self.name.as_bytes()[0].eq_ignore_ascii_case(first) {
            return None;
        }
        if is_mnemonic(self.name, word) {
            return Some(0);
        }
        if !self.numbered {
            return None;
        }
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = word[name.len()..].parse().ok()?;
        (number > 0 && is_mnemonic(self.name, name)).then_some(number)
    }
}

/// Whether `word` is the short or the long form of `name`, which is written as `VOLTage`.
pub(crate) fn is_mnemonic(name: &str, word: &str) -> bool {
    let short = name
        .find(|c: char| c.is_ascii_lowercase())
        .unwrap_or(name.len());
    // Only two lengths are ever right, so most comparisons end here.
    (word.len() == name.len() || word.len() == short)
        && name.as_bytes()[..word.len()].eq_ignore_ascii_case(word.as_bytes())
}
