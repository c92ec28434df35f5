//! THE DECISION: pure. No clock, no I/O but loading the files. The only room that knows Cedar.
//!
//! * `decide`: the one door. It alone makes a [`Permit`], and nothing is forwarded without one.
//! * `question`: what is asked, in typed facts. The part that does not change between two requests of a session is
//!   built once, as [`Prepared`].
//! * `bundle`: one checked policy set with its digest; [`Engine`] swaps it as a whole.
//! * `load`: files → bundle: schema, strict validation, annotations, unique ids.
//! * `scenario`: `policy test`: the vendor's cases against their policies.
mod bundle;
mod decide;
mod load;
mod question;
mod scenario;

pub use bundle::{Bundle, Engine};
pub use decide::{Allowed, Permit, Refused, decide_access, decide_control};
pub use load::{PolicyErrors, SCHEMA};
pub use question::{Asked, ControlFacts, ControlQuestion, DecisionRecord, Http, Prepared, Principal, SessionStart};
pub use scenario::{TestReport, run_tests};
