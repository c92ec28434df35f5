//! THE DECISION: pure. No clock, no I/O but loading the files. The only room that knows Cedar.
//!
//! * `decide`: the one door. It alone makes a [`Permit`], and nothing is forwarded without one. `verdict` reads
//!   Cedar's answer: which code leads, and that an evaluation error denies.
//! * `question`: what is asked, in typed facts. `prepared` keeps the part of a data-plane question that does not
//!   change between two requests of a session, as [`Prepared`]; `in_cedar` puts it into Cedar's words, which are heavy:
//!   `warm` keeps those of the sessions decided on lately. `control` does it for the control plane, `entities` and `vocabulary` for both; `facts` is what the trail keeps of it.
//!   `memo` keeps what Cedar is slow to make, `decisions` what was permitted lately; `looks` says for which requests.
//! * `bundle`: one checked policy set with its digest, sliced by scope in `slices`; [`Engine`] swaps it as a whole.
//! * `load`: `files` → bundle: schema, strict validation, `annotations`, unique ids; `errors` tells of mistakes.
//! * `explain`: `policy explain`: why, and what would permit it; decided through the same door.
//! * `scenario`: `policy test`: the vendor's cases against their policies.
//! * `prove`: `policy prove`: what holds for every question that can be asked.
mod annotations;
mod bundle;
mod control;
mod decide;
mod decisions;
mod entities;
mod errors;
mod explain;
mod facts;
mod files;
mod in_cedar;
mod load;
mod looks;
mod memo;
mod prepared;
mod prove;
mod question;
mod scenario;
mod slices;
mod verdict;
mod vocabulary;
mod warm;

pub use bundle::{Bundle, Engine};
pub use decide::{Allowed, Permit, Refused, decide_access, decide_control};
pub use explain::{Answer, BadFacts, Explanation, Ground, ReadingSaid, Said, Situation, explain};
pub use load::{PolicyErrors, SCHEMA};
pub use prepared::{Nouns, Prepared};
pub use prove::{Conclusion, Counterexample, Finding, Invariants, Kind, Outcome, Proof, Solver, Told, prove};
pub use question::{Asked, ControlFacts, ControlQuestion, DecisionRecord, Http, Principal, SessionStart, Terms, Work};
pub use scenario::{CaseReport, TestReport, run_builtin_tests, run_tests};
pub use vocabulary::PreparedError;
