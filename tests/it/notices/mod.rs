//! Who is told what, when mail servers and webhooks fail and when the gate is killed.
//!
//! * `ways`: e-mail and webhooks. `streams`: what is open in a page. `reported`: a session that nobody expected.
//! * `killed`: whenever the gate is killed, nothing is lost, and nothing is sent under two ids.
mod killed;
mod reported;
mod streams;
mod ways;
