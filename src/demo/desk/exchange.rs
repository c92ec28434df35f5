//! One call to the gate's API as the desk shows it: what was sent, as `curl`, and what came back.
use http::Method;
use serde_json::Value;

use crate::demo::client::{Answer, NoAnswer};
use crate::demo::consent::Refused;

/// A call and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) method: Method,
    /// The path, without the origin.
    pub(super) path: String,
    /// The body that was sent, as JSON.
    pub(super) sent: Option<String>,
    /// The same call for a shell.
    pub(super) curl: String,
    pub(super) outcome: Outcome,
}

/// What came back.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It was done.
    Done { status: u16, body: Value },
    /// The gate said no, and why.
    Refused { status: u16, body: Value, why: Option<Refused> },
    /// Nothing came back.
    Silence(String),
}

impl Exchange {
    /// Tells of a call by `token` and of its answer.
    pub(super) fn new(
        method: Method,
        url: &str,
        token: &str,
        body: Option<&Value>,
        answer: Result<Answer, NoAnswer>,
    ) -> Self {
        let outcome = match answer {
            Ok(Answer { status, body }) if status.is_success() => Outcome::Done { status: status.as_u16(), body },
            Ok(Answer { status, body }) => {
                Outcome::Refused { status: status.as_u16(), why: Refused::read(&body), body }
            }
            Err(silence) => Outcome::Silence(silence.to_string()),
        };
        let path =
            url.split_once("/.chaperone").map_or_else(|| url.to_owned(), |(_, rest)| format!("/.chaperone{rest}"));
        let sent = body.map(Value::to_string);
        Self { curl: curl(&method, url, token, body), method, path, sent, outcome }
    }

    /// The body of a call that was done.
    pub(super) fn done(&self) -> Option<&Value> {
        match &self.outcome {
            Outcome::Done { body, .. } => Some(body),
            Outcome::Refused { .. } | Outcome::Silence(_) => None,
        }
    }

    /// The answer's body as people read it.
    pub(super) fn answer(&self) -> String {
        match &self.outcome {
            Outcome::Done { body, .. } | Outcome::Refused { body, .. } => match body {
                Value::Null => "(no body)".to_owned(),
                Value::String(text) => text.clone(),
                json => serde_json::to_string_pretty(json).unwrap_or_default(),
            },
            Outcome::Silence(why) => why.clone(),
        }
    }
}

/// The call as a shell command.
pub(super) fn curl(method: &Method, url: &str, token: &str, body: Option<&Value>) -> String {
    let mut command =
        format!("curl -sS -X {method} {} \\\n  -H {}", quoted(url), quoted(&format!("Authorization: Bearer {token}")));
    if let Some(body) = body {
        command.push_str(" \\\n  -H 'Content-Type: application/json' \\\n  -d ");
        command.push_str(&quoted(&body.to_string()));
    }
    command
}

/// `text` as one word of a POSIX shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use http::StatusCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_an_engineer_writes_stays_one_word_of_the_shell() {
        let reason = "it's $(touch /tmp/x); \"broken\" \\ `now`";
        let out = Command::new("sh").arg("-c").arg(format!("printf %s {}", quoted(reason))).output().unwrap();
        assert_eq!(String::from_utf8(out.stdout).unwrap(), reason);
    }

    #[test]
    fn a_refusal_keeps_its_reason_and_its_next_step() {
        let body = json!({"type": "urn:x", "title": "No access granted", "status": 403, "code": "grant-missing",
                          "detail": "the customer has not granted access", "next": "ask", "request_id": "rq_1"});
        let answer = Answer { status: StatusCode::FORBIDDEN, body };
        let call = Exchange::new(Method::POST, "http://g/.chaperone/api/v1/sessions", "t", None, Ok(answer));
        assert_eq!(call.path, "/.chaperone/api/v1/sessions");
        assert!(call.done().is_none());
        let Outcome::Refused { status: 403, why: Some(why), .. } = call.outcome else { panic!("{call:?}") };
        assert_eq!((why.code.as_str(), why.next.as_deref()), ("grant-missing", Some("ask")));
    }
}
