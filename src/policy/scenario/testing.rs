//! Cases as test data for the tests of this room.
use cedar_policy::{Entities, Request};

use crate::domain::engineer::Engineer;
use crate::policy::{Allowed, Bundle, ControlQuestion, Permit, Refused, control, decide_access, decide_control};

use super::case::{self, Action, Case};
use super::play;
pub(in crate::policy) use super::random::cases;

/// The world with `over` laid over it.
pub(in crate::policy) fn case(over: &str) -> Case {
    let mut over: serde_json::Value = serde_json::from_str(over).unwrap();
    over["name"] = "a test".into();
    over["decision"] = "allow".into();
    case::read(&format!("[{over}]")).unwrap().remove(0)
}

/// Decides a case of the data plane.
pub(in crate::policy) fn request(bundle: &Bundle, case: &Case) -> Result<Permit, Box<Refused>> {
    let Action::Data(effect) = case.action else { panic!("not a request") };
    decide_access(bundle, &play::prepare(case).unwrap(), &play::asked(case, effect))
}

/// Decides a case of the control plane, as `changed`.
pub(in crate::policy) fn control(
    bundle: &Bundle,
    case: &Case,
    changed: impl for<'a> Fn(ControlQuestion<'a>, &'a Engineer) -> ControlQuestion<'a>,
) -> Result<Allowed, Box<Refused>> {
    let Action::Control(action) = case.action else { panic!("not an act") };
    let engineer = play::engineer(&case.engineer);
    play::with_question(case, action, |question| decide_control(bundle, &changed(question, &engineer))).unwrap()
}

/// Hands the case's question, as Cedar sees it, to `look`.
pub(in crate::policy) fn with_request(case: &Case, look: impl FnOnce(&Request, &Entities)) {
    match case.action {
        Action::Data(effect) => {
            let cedar = play::prepare(case).unwrap().in_cedar().unwrap();
            look(&cedar.request(&play::asked(case, effect)).unwrap(), cedar.entities());
        }
        Action::Control(action) => play::with_question(case, action, |question| {
            let (request, entities) = control::request(&question).unwrap();
            look(&request, &entities);
        })
        .unwrap(),
    }
}
