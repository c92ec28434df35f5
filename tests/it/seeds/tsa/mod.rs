//! Temporary Support Access: support asks or is asked, access is short, and the customer is told.
//!
//! * `emergency`: entry without consent (T32 to T35); `alarms`: how the customer is told of it.
//! * `requests`: support asks, the customer answers (T4 to T8, T10, T11); `prompts`: where they are asked (T11, T12).
//! * `sessions`: sessions, and what the customer is told of them (T1 to T3, T9, T25 to T30, T36 to T38).
//! * `support`: a member asks for help, which is the consent (T13 to T24, T31, F3).
mod alarms;
mod emergency;
mod prompts;
mod requests;
mod sessions;
mod support;
