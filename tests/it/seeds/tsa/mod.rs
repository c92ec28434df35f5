//! Temporary Support Access: support asks or is asked, access is short, and the customer is told.
//!
//! * `requests`: support asks, the customer answers (T4 to T8, T10 to T12).
mod requests;
