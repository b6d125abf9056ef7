//! What every kind of check must do.
