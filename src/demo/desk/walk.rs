//! The walk-through: refused, granted, entered, forbidden, revoked, verified, with a command for each step.
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::json;

use crate::demo::identities::{IdentityError, engineer, member};
use crate::demo::{rules, web};

use super::exchange::{curl, quoted};
use super::{Desk, DeskProblem};

/// One command and what to expect of it.
struct Command {
    what: &'static str,
    shell: String,
    expect: &'static str,
    /// The status or code that it ends with.
    outcome: &'static str,
    good: bool,
}

/// One step of the story.
struct Step {
    title: &'static str,
    story: &'static str,
    commands: Vec<Command>,
}

#[derive(Template)]
#[template(path = "desk/walk.html")]
struct Page {
    steps: Vec<Step>,
}

/// `GET /walk`: with tokens minted for this very page.
pub(super) async fn show(State(desk): State<Arc<Desk>>) -> Result<Response, DeskProblem> {
    let steps = Script::new(&desk)?.steps();
    Ok(web::page(StatusCode::OK, &Page { steps }))
}

/// What the commands are made of.
struct Script<'a> {
    desk: &'a Desk,
    /// Ada's token.
    ada: String,
    /// Gus's token.
    gus: String,
}

impl<'a> Script<'a> {
    fn new(desk: &'a Desk) -> Result<Self, DeskProblem> {
        let now = desk.clock.now();
        let (ada, gus) = (engineer("ada").ok_or(DeskProblem::NotFound)?, member("globex", "gus"));
        let gus = gus.ok_or(DeskProblem::NotFound)?;
        let mint = || -> Result<_, IdentityError> {
            Ok((desk.issuers.staff_token(ada, now)?, desk.issuers.customer_token(gus, None, now)?))
        };
        let (ada, gus) = mint()?;
        Ok(Self { desk, ada, gus })
    }

    fn steps(&self) -> Vec<Step> {
        vec![self.refused(), self.granted(), self.entered(), self.forbidden(), self.revoked(), self.verified()]
    }

    fn refused(&self) -> Step {
        let enter = |workspace: &str| {
            let body = json!({"workspace": workspace, "reason": "The walk-through"});
            curl(&Method::POST, &self.desk.api.url("/sessions"), &self.ada, Some(&body))
        };
        Step {
            title: "Refused",
            story: "Ada is a support engineer. Being one opens nothing: nobody at Globex has granted access, and \
                    Initech forces single sign-on, which excludes support altogether.",
            commands: vec![
                Command {
                    what: "Ada asks to enter globex",
                    shell: enter("globex"),
                    expect: "A problem document that says why, and what she can do next.",
                    outcome: "403 grant-missing",
                    good: false,
                },
                Command {
                    what: "Ada asks to enter initech",
                    shell: enter("initech"),
                    expect: "Not even a grant would help here.",
                    outcome: "403 forced-sso",
                    good: false,
                },
            ],
        }
    }

    fn granted(&self) -> Step {
        let Some(body) = rules::grant(self.desk.profile) else { return self.approved() };
        let url = self.desk.api.url("/workspaces/globex/grants");
        Step {
            title: "Granted",
            story: "Gus owns Globex. He lends support his own login, for as long as he says. Only he can: there is no \
                    operator's key that makes consent.",
            commands: vec![Command {
                what: "Gus grants access, and the shell keeps the grant's id",
                shell: keep("GRANT", "id", &curl(&Method::POST, &url, &self.gus, Some(&body))),
                expect: "The id of the new grant.",
                outcome: "gr_…",
                good: true,
            }],
        }
    }

    /// Where nobody grants without having been asked.
    fn approved(&self) -> Step {
        let ask = self.desk.api.url("/access-requests");
        let ask = curl(&Method::POST, &ask, &self.ada, Some(&rules::request("globex")));
        let answers = self.desk.api.url("/workspaces/globex/access-requests/");
        let approve = format!(
            "curl -sS -X POST {}\"$ASKED\"/approve \\\n  -H {} \\\n  -H 'Content-Type: application/json' \\\n  -d '{{}}'",
            quoted(&answers),
            quoted(&format!("Authorization: Bearer {}", self.gus)),
        );
        Step {
            title: "Approved",
            story: "Ada asks first, and says why and for how long. Gus owns Globex: approving, he lends her his own login. \
                    There is no operator's key that makes consent.",
            commands: vec![
                Command {
                    what: "Ada asks for two hours, and the shell keeps the request's id",
                    shell: keep("ASKED", "id", &ask),
                    expect: "The id of her request, which waits for an answer.",
                    outcome: "ar_…",
                    good: true,
                },
                Command {
                    what: "Gus approves, and the shell keeps the grant's id",
                    shell: keep("GRANT", "grant", &approve),
                    expect: "The id of the grant that came of it.",
                    outcome: "gr_…",
                    good: true,
                },
            ],
        }
    }

    fn entered(&self) -> Step {
        let url = self.desk.api.url("/sessions");
        let body = r#""{\"workspace\": \"globex\", \"grant\": \"$GRANT\", \"reason\": \"The walk-through\"}""#;
        let call = format!(
            "curl -sS -X POST {} \\\n  -H {} \\\n  -H 'Content-Type: application/json' \\\n  -d {body}",
            quoted(&url),
            quoted(&format!("Authorization: Bearer {}", self.ada)),
        );
        Step {
            title: "Entered",
            story: "Now Ada may enter, and has to say why. Her session's token is what a browser would hold as a cookie. \
                    It gives no right by itself: each request is decided again, on the grant.",
            commands: vec![
                Command {
                    what: "Ada enters globex, and the shell keeps the session's token",
                    shell: keep("SESSION", "token", &call),
                    expect: "The token of the new session.",
                    outcome: "chs_…",
                    good: true,
                },
                Command {
                    what: "Through the gate she is in the app, as Gus",
                    shell: self.through("", "/api/me"),
                    expect: "The app knows both: the member whose login it is, and the engineer who uses it.",
                    outcome: "200",
                    good: true,
                },
            ],
        }
    }

    fn forbidden(&self) -> Step {
        let refused = |what, method, path, expect, outcome| Command {
            what,
            shell: self.through(method, path),
            expect,
            outcome,
            good: false,
        };
        Step {
            title: "Forbidden",
            story: "Full access is not everything. Some areas stay closed whatever the customer granted: a policy of \
                    the vendor's, and rules that no policy can lift.",
            commands: vec![
                refused(
                    "The billing area",
                    "",
                    "/billing",
                    "The vendor's own policy, no-billing, refuses.",
                    "403 policy-denied",
                ),
                refused(
                    "Yet another login",
                    "-X POST ",
                    "/admin/login-as/gus",
                    "Nobody logs in as a user from inside another user's login.",
                    "403 chained-impersonation",
                ),
                refused(
                    "The customer's own consent",
                    "",
                    "/w/globex/settings/support-access",
                    "Consent is the customer's own act: support cannot prolong its own stay.",
                    "403 consent-while-impersonated",
                ),
                refused(
                    "Another customer",
                    "",
                    "/w/acme/",
                    "This session is for globex, although acme has granted access too.",
                    "403 wrong-workspace",
                ),
            ],
        }
    }

    fn revoked(&self) -> Step {
        let url = self.desk.api.url("/workspaces/globex/grants/");
        let token = quoted(&format!("Authorization: Bearer {}", self.gus));
        Step {
            title: "Revoked",
            story: "Gus takes it back. When his call returns, nothing of the grant passes any more, streams that were \
                    open included.",
            commands: vec![
                Command {
                    what: "Gus revokes the grant",
                    shell: format!("curl -sS -X DELETE {}\"$GRANT\" \\\n  -H {token}", quoted(&url)),
                    expect: "How many sessions ended and how many streams were cut.",
                    outcome: "200",
                    good: true,
                },
                Command {
                    what: "Ada's next request",
                    shell: self.through("", "/api/me"),
                    expect: "The same request as before, with the same cookie.",
                    outcome: "403 grant-revoked",
                    good: false,
                },
            ],
        }
    }

    fn verified(&self) -> Step {
        Step {
            title: "Verified",
            story: "All of it is on the record, what was refused too. The records are chained: change one byte of \
                    them, and this command says so.",
            commands: vec![Command {
                what: "Anybody with the files can check them",
                shell: self.desk.verify.clone(),
                expect: "The chain is intact.",
                outcome: "exit 0",
                good: true,
            }],
        }
    }

    /// A request through the gate with the session that the shell keeps.
    fn through(&self, method: &str, path: &str) -> String {
        format!(
            "curl -sS {method}{} \\\n  -b \"__Host-chaperone=$SESSION\"",
            quoted(&format!("{}{path}", self.desk.places.gate))
        )
    }
}

/// `command` with the text member `member` of its JSON answer kept in the shell's variable `name`, and shown.
fn keep(name: &str, member: &str, command: &str) -> String {
    format!("{name}=$({command} |\n  sed -E 's/.*\"{member}\": ?\"([^\"]+)\".*/\\1/'); echo \"${name}\"")
}
