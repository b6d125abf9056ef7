//! The judge: feeds events to checks within their windows, and collects the findings.
