//! `[report]`: what a campaign sets of its report's looks.

use reports::render::style::{PARTS, Style, colour, is_legible};

use crate::config::reader::{Located, Node, TableReader};

/// `[report]`.
#[derive(Clone, Debug, Default)]
pub struct RawReport {
    /// All but the logo.
    pub style: Style,
    /// Path of the logo, relative to the file.
    pub logo: Option<Located<String>>,
}

/// Reads `[report]`.
pub(super) fn report(root: &TableReader<'_>) -> RawReport {
    let table = root.get("report").and_then(|node| node.table("[report]"));
    let Some(table) = table else {
        return RawReport::default();
    };
    let text = |key| table.get(key).and_then(|node| node.name());
    let (title, organisation, logo) = (text("title"), text("organisation"), text("logo"));
    let style = Style {
        title: title.map(|text| text.value),
        organisation: organisation.map(|text| text.value),
        logo: None,
        accent: table.get("accent").and_then(|node| accent(&node)),
        sections: table
            .get("sections")
            .map(|node| sections(&node))
            .unwrap_or_default(),
    };
    table.finish();
    RawReport { style, logo }
}

fn accent(node: &Node<'_>) -> Option<[u8; 3]> {
    let text = node.text_of("a colour in quotes, such as \"#0072b2\"")?;
    let Some(found) = colour(&text.value) else {
        return node.refuse(
            format!("`{}` is no colour", text.value),
            "expected # and six hexadecimal digits for red, green and blue, such as \"#0072b2\"",
        );
    };
    if !is_legible(found) {
        return node.refuse(
            format!("titles in `{}` cannot be read on white paper", text.value),
            "expected a darker colour: a contrast of 4.5 or more (WCAG 2.1, 1.4.3)",
        );
    }
    Some(found)
}

/// The names of parts, each once.
fn sections(node: &Node<'_>) -> Vec<String> {
    let words = PARTS.map(|(name, _)| name);
    let mut chosen: Vec<String> = Vec::new();
    for node in node.list("sections").unwrap_or_default() {
        let Some(part) = node.choice(&words) else {
            continue;
        };
        if chosen.iter().any(|known| known == part.value) {
            node.refuse::<()>(
                format!("`{}` is there already", part.value),
                "expected each section once",
            );
            continue;
        }
        chosen.push(part.value.to_owned());
    }
    chosen
}
