//! The report: a run, gathered for telling.
