//! Blocks of the report as HTML, one after the other.

use std::fmt::Write;

use super::super::pdf::{Block, Moment, Table};
use super::super::svg;
use super::{class, escaped, exhibits, spoken};
use crate::verdict::Verdict;

/// All blocks.
pub(super) fn blocks(blocks: &[Block]) -> String {
    let mut out = String::new();
    let (mut section, mut place) = (0, 0);
    for block in blocks {
        let text = match block {
            // One level below its section, as on paper.
            Block::Heading(title) => {
                let level = if section > 1 { 3 } else { 2 };
                format!("<h{level}>{}</h{level}>\n", escaped(title))
            }
            Block::Section(title) => {
                let level = if section == 0 { 1 } else { 2 };
                let text = format!(
                    "<h{level} id=\"section-{section}\">{}</h{level}>\n",
                    escaped(title)
                );
                section += 1;
                text
            }
            Block::Figure(shown, _) => {
                let text = format!(
                    "<figure><figcaption>{}</figcaption>\n<div class=\"still\">{}</div>\n\
                     <div class=\"live\" data-figure=\"{place}\"></div></figure>\n",
                    escaped(&shown.title),
                    picture_of(block)
                );
                place += 1;
                text
            }
            other => plain(other),
        };
        out.push_str(&text);
    }
    out
}

/// A block that is neither counted nor zoomed.
fn plain(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("<p>{}</p>\n", escaped(text)),
        Block::Banner(verdict, reason) => format!(
            "<div class=\"banner {}\"><strong>{} {verdict}</strong><p>{}</p></div>\n",
            class(*verdict),
            mark(*verdict),
            escaped(reason)
        ),
        Block::Keys(keys) => {
            let keys = keys.iter().map(|(value, what)| {
                let value = escaped(value);
                format!("<div><dt>{}</dt><dd>{value}</dd></div>\n", spoken(what))
            });
            format!("<dl class=\"keys\">\n{}</dl>\n", keys.collect::<String>())
        }
        Block::Bars(_) | Block::Histograms(_) | Block::Lanes(..) | Block::Strips(..) => {
            format!("<div class=\"wide\">{}</div>\n", picture_of(block))
        }
        Block::Table(shown) => table(shown),
        Block::Pictures(shown) => exhibits::pictures(shown),
        Block::Flow(shown) => exhibits::text(shown),
        // The browser's page has its own contents, above all of it.
        Block::Gap(_)
        | Block::Contents(_)
        | Block::Section(_)
        | Block::Heading(_)
        | Block::Figure(..) => String::new(),
    }
}

/// A picture as an SVG with a name, that is as wide as the page.
fn picture_of(block: &Block) -> String {
    let Some((svg, name)) = svg::block(block) else {
        return String::new();
    };
    let body = svg.find("<svg").map_or(&*svg, |at| &svg[at..]);
    let name = escaped(&name);
    body.replacen(
        "<svg ",
        &format!("<svg role=\"img\" aria-label=\"{name}\" "),
        1,
    )
}

/// The mark of a verdict, which suffices without colour.
fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Inconclusive => "?",
        Verdict::Fail => "✗",
    }
}

fn table(shown: &Table) -> String {
    if shown.len() == 0 {
        return String::new();
    }
    let mut out = "<div class=\"wide\"><table>\n".to_owned();
    let classes: Vec<&str> = shown.kinds().collect();
    if shown.titles().any(|title| !title.is_empty()) {
        out.push_str("<thead><tr>");
        for (title, class) in shown.titles().zip(&classes) {
            write!(
                out,
                "<th scope=\"col\" class=\"{class}\">{}</th>",
                escaped(title)
            )
            .expect("text grows");
        }
        out.push_str("</tr></thead>\n");
    }
    out.push_str("<tbody>\n");
    for row in shown.rows() {
        out.push_str("<tr>");
        for (place, (cell, kind)) in row.cells.iter().zip(&classes).enumerate() {
            let last = place + 1 == row.cells.len();
            let cell = match (&row.moment, row.verdict) {
                (_, Some(verdict)) if place == 0 => {
                    let class = class(verdict);
                    format!(
                        "<td class=\"verdict {class}\">{} {}</td>",
                        mark(verdict),
                        escaped(cell)
                    )
                }
                (Some(moment), _) if last => {
                    format!("<td class=\"{kind}\">{}</td>", link(moment, cell))
                }
                _ => format!("<td class=\"{kind}\">{}</td>", escaped(cell)),
            };
            out.push_str(&cell);
        }
        out.push_str("</tr>\n");
        if let Some(remark) = &row.remark {
            let columns = row.cells.len().saturating_sub(1);
            writeln!(
                out,
                "<tr class=\"remark\"><td></td><td colspan=\"{columns}\">{}</td></tr>",
                escaped(remark)
            )
            .expect("text grows");
        }
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// What leads to a moment in the plots.
fn link(moment: &Moment, text: &str) -> String {
    let value = moment
        .value
        .map_or(String::new(), |value| value.to_string());
    format!(
        "<button type=\"button\" class=\"moment\" data-at=\"{}\" data-value=\"{value}\" \
         data-subject=\"{}\" data-check=\"{}\">{}</button>",
        moment.seconds,
        escaped(&moment.subject),
        escaped(&moment.check),
        escaped(text)
    )
}
