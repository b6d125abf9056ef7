//! A frame: what stands around the blocks of a document, on paper and in a browser, and in its metadata.

use super::seal::Seal;
use super::style::Style;
use super::words;
use crate::report::Report;

/// What stands around a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// Title in the metadata.
    pub(crate) title: String,
    /// What it is about, in the metadata.
    pub(crate) description: String,
    /// At the left of each page's head.
    pub(crate) left: String,
    /// At the right of it.
    pub(crate) right: String,
    /// At the left of each page's foot.
    pub(crate) foot: String,
    /// The last line of a page for browsers, which has more room.
    pub(crate) end: String,
    /// What made it.
    pub(crate) creator: String,
    /// What tells it from others.
    pub(crate) id: String,
    /// The seal.
    pub(crate) keywords: String,
    /// UTC, RFC 3339; a document whose date is not known has none.
    pub(crate) date: String,
    /// What users set of its looks.
    pub(crate) style: Style,
}

impl Frame {
    /// The frame of a report.
    pub(crate) fn of(report: &Report) -> Frame {
        let style = report.header.style.clone().unwrap_or_default();
        let creator = words::made_by(report);
        let record = report.manifest.record.as_ref();
        let told = |sha256: Option<&str>| sha256.unwrap_or_default().to_owned();
        let whole = told(record.map(|record| record.sha256.as_str()));
        let short = told(whole.get(..12));
        let mut made = creator.clone();
        if let Some(organisation) = &style.organisation {
            made = format!("{organisation}  ·  {creator}");
        }
        let (foot, end) = match record {
            None => (made.clone(), made),
            Some(_) => (
                format!("{made}  ·  record {short}…"),
                format!("{made} · record SHA-256 {whole}"),
            ),
        };
        let name = style.title.as_ref().unwrap_or(&report.header.campaign);
        Frame {
            title: format!("{name}: {}", report.verdict),
            description: report.header.description.clone(),
            left: report.header.campaign.clone(),
            right: format!("run {}", report.manifest.run_id),
            foot,
            end,
            creator,
            id: report.manifest.run_id.clone(),
            keywords: Seal::of(report).to_string(),
            date: report.manifest.started.clone(),
            style,
        }
    }
}
