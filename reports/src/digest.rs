//! Digests: the identity of bytes.
