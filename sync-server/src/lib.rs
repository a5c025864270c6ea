//! The server of a practice: it orders and keeps sealed envelopes, and understands nothing.
#![forbid(unsafe_code)]
