//! Rendering: the report as people and programs read it.
