//! Tags: what each thing on the pages is (heading, paragraph, table, figure) in the order in which it is
//! read, for who hears the report instead of seeing it, and for programs that take it apart.

use std::num::NonZeroU16;

use krilla::tagging::{
    Identifier, ListNumbering, Node, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};

use super::layout::Block;

/// Longer texts than any reader takes are cut; the file's format ends at 32,767 octets.
const LONGEST: usize = 4_000;

/// What one block, or a part of a table, puts into the tree.
pub(super) enum Told {
    /// Things of their own.
    Nodes(Vec<Node>),
    /// Rows of a table: of its head, and of its body.
    Rows(Option<TagGroup>, Vec<TagGroup>),
}

/// The tree while pages are drawn.
pub(super) struct Tree<'a> {
    root: TagTree,
    sections: u16,
    /// The table that goes on over pages.
    table: Option<(&'a Block, TagGroup, TagGroup)>,
}

impl<'a> Tree<'a> {
    pub(super) fn new() -> Tree<'a> {
        Tree {
            root: TagTree::new().with_lang(Some("en".to_owned())),
            sections: 0,
            table: None,
        }
    }

    /// Adds what a block put on a page. The first section is the title; headings never skip a level.
    pub(super) fn add(&mut self, block: &'a Block, told: Told) {
        let nodes = match told {
            Told::Rows(head, rows) => return self.rows(block, head, rows),
            Told::Nodes(nodes) => nodes,
        };
        self.close();
        match block {
            Block::Section(title) => {
                self.sections += 1;
                self.push(heading(self.sections.min(2), title), nodes);
            }
            Block::Heading(title) => {
                self.push(heading(self.sections.clamp(1, 2) + 1, title), nodes);
            }
            _ => {
                for node in nodes {
                    self.root.push(node);
                }
            }
        }
    }

    fn push(&mut self, tag: TagKind, nodes: Vec<Node>) {
        self.root.push(TagGroup::with_children(tag, nodes));
    }

    fn rows(&mut self, block: &'a Block, head: Option<TagGroup>, rows: Vec<TagGroup>) {
        let goes_on = matches!(&self.table, Some((table, ..)) if std::ptr::eq(*table, block));
        if !goes_on {
            self.close();
        }
        let table = self.table.get_or_insert_with(|| {
            let (head, body) = (TagGroup::new(Tag::THead), TagGroup::new(Tag::TBody));
            (block, head, body)
        });
        if let Some(head) = head {
            table.1.push(head);
        }
        for row in rows {
            table.2.push(row);
        }
    }

    fn close(&mut self) {
        if let Some((_, head, body)) = self.table.take() {
            let parts = [head, body].into_iter();
            let parts = parts.filter(|part| !part.children.is_empty());
            let parts = parts.map(Node::Group).collect();
            self.push(Tag::Table.into(), parts);
        }
    }

    pub(super) fn finish(mut self) -> TagTree {
        self.close();
        self.root
    }
}

fn heading(level: u16, title: &str) -> TagKind {
    let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
    Tag::Hn(level, Some(short(title))).into()
}

/// A text that is not too long for its place in the file.
pub(super) fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// Paragraphs, one for each mark.
pub(super) fn paragraph(marks: Vec<Identifier>) -> Told {
    let nodes = marks.into_iter().map(Node::Leaf).collect();
    Told::Nodes(vec![TagGroup::with_children(Tag::P, nodes).into()])
}

/// What stands for itself.
pub(super) fn leaf(mark: Identifier) -> Told {
    Told::Nodes(vec![mark.into()])
}

/// A picture with the words that tell what it shows.
pub(super) fn figure(mark: Identifier, words: &str) -> Told {
    let tag = Tag::Figure(Some(short(words)));
    Told::Nodes(vec![TagGroup::with_children(tag, vec![mark.into()]).into()])
}

/// A list with one item for each mark.
pub(super) fn list(marks: Vec<Identifier>) -> Told {
    let items = marks.into_iter().map(|mark| {
        let body = TagGroup::with_children(Tag::LBody, vec![mark.into()]);
        Node::Group(TagGroup::with_children(Tag::LI, vec![body.into()]))
    });
    let list = TagGroup::with_children(Tag::L(ListNumbering::None), items.collect());
    Told::Nodes(vec![list.into()])
}

/// A line of the contents, and the link over it.
pub(super) fn entry(mark: Identifier, link: Identifier) -> TagGroup {
    let link = TagGroup::with_children(Tag::Link, vec![mark.into(), link.into()]);
    let reference = TagGroup::with_children(Tag::Reference, vec![link.into()]);
    TagGroup::with_children(Tag::TOCI, vec![reference.into()])
}

/// The contents.
pub(super) fn contents(entries: Vec<TagGroup>) -> Told {
    let entries = entries.into_iter().map(Node::Group).collect();
    Told::Nodes(vec![TagGroup::with_children(Tag::TOC, entries).into()])
}

/// What a cell of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// The title of a column.
    Column,
    /// The name of a row.
    Row,
    /// A value.
    Value,
    /// A remark over so many columns.
    Remark(u32),
}

/// A row of cells.
pub(super) fn row(cells: Vec<(Cell, Identifier)>) -> TagGroup {
    let cells = cells.into_iter().map(|(cell, mark)| {
        let tag: TagKind = match cell {
            Cell::Column => Tag::TH(TableHeaderScope::Column).into(),
            Cell::Row => Tag::TH(TableHeaderScope::Row).into(),
            Cell::Value => Tag::TD.into(),
            Cell::Remark(columns) => Tag::TD
                .with_col_span(std::num::NonZeroU32::new(columns))
                .into(),
        };
        Node::Group(TagGroup::with_children(tag, vec![mark.into()]))
    });
    TagGroup::with_children(Tag::TR, cells.collect())
}
