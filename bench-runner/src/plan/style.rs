//! The looks of the report, with the logo that they name.

use reports::render::style::Style;

use super::Planner;
use crate::config::campaign::RawCampaign;
use crate::config::folder::Folder;
use crate::config::refusal::Refusal;

impl Planner {
    /// What the campaign sets of its report's looks; `None` if nothing.
    pub(super) fn style(&mut self, folder: &Folder, campaign: &RawCampaign) -> Option<Style> {
        let raw = &campaign.report;
        let mut style = raw.style.clone();
        if let Some(logo) = &raw.logo {
            let path = &logo.value;
            let label = folder.label(path);
            let taken = match folder.read(path) {
                Ok(bytes) => {
                    let taken = style.clone().with_logo(&bytes);
                    taken.map_err(|why| (format!("{label} {why}"), None))
                }
                Err(why) => {
                    let near = folder.nearest(path);
                    Err((format!("cannot read {label}: {why}"), near))
                }
            };
            match taken {
                Ok(with) => style = with,
                Err((message, near)) => {
                    let expected = "expected the path of a PNG, from the campaign's folder";
                    let refusal = Refusal::at(&logo.place, message, expected);
                    self.refuse(refusal.maybe_help(near));
                }
            }
        }
        (!style.is_plain()).then_some(style)
    }
}
