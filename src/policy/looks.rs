//! Which facts of a request the policies about requests look at. What none of them looks at cannot change a decision.
use cedar_policy::Policy;
use serde_json::Value;

/// Guardrails that look at the clock, and only to compare it with the beginning and the end of the basis. They are part
/// of every set, and ids are unique.
const OF_THE_WINDOW: [&str; 3] = ["grant-not-yet", "grant-ended", "emergency-ended"];

/// The facts that change between two requests of a session, and that some policy looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each fact")]
pub(super) struct Looks {
    /// `now` or `session.last_seen_at`, but for the window of the basis.
    pub clock: bool,
    /// `http.method`
    pub method: bool,
    /// `http.host`
    pub host: bool,
    /// `http.path`
    pub path: bool,
    /// `http.ip`
    pub ip: bool,
}

impl Looks {
    /// Some policy may look at anything.
    pub(super) const EVERYWHERE: Self = Self { clock: true, method: true, host: true, path: true, ip: true };

    /// What `policies` look at together.
    pub(super) fn of<'a>(policies: impl Iterator<Item = &'a Policy>) -> Self {
        policies.map(Self::of_one).fold(Self::default(), Self::and)
    }

    fn of_one(policy: &Policy) -> Self {
        let mut looks = policy.to_json().map_or(Self::EVERYWHERE, |policy| Self::within(&policy));
        if OF_THE_WINDOW.contains(&policy.id().to_string().as_str()) {
            looks.clock = false;
        }
        looks
    }

    /// What an expression, or any part of a policy, looks at, in Cedar's JSON format.
    fn within(part: &Value) -> Self {
        match (fact(part), part) {
            (Some(path), _) => Self::at(&path),
            (None, Value::Object(parts)) => parts.values().map(Self::within).fold(Self::default(), Self::and),
            (None, Value::Array(parts)) => parts.iter().map(Self::within).fold(Self::default(), Self::and),
            (None, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Self::default(),
        }
    }

    fn at(path: &[&str]) -> Self {
        let none = Self::default();
        match path {
            [] => Self::EVERYWHERE,
            ["now", ..] | ["session"] | ["session", "last_seen_at", ..] => Self { clock: true, ..none },
            ["http"] => Self { clock: false, ..Self::EVERYWHERE },
            ["http", "method", ..] => Self { method: true, ..none },
            ["http", "host", ..] => Self { host: true, ..none },
            ["http", "path", ..] => Self { path: true, ..none },
            ["http", "ip", ..] => Self { ip: true, ..none },
            [_, ..] => none,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            clock: self.clock || other.clock,
            method: self.method || other.method,
            host: self.host || other.host,
            path: self.path || other.path,
            ip: self.ip || other.ip,
        }
    }
}

/// The path of the fact of the context that an expression names: `context.http.method`, `context has grant`, or the whole
/// `context`.
fn fact(expression: &Value) -> Option<Vec<&str>> {
    let Value::Object(parts) = expression else { return None };
    if parts.get("Var").is_some_and(|name| name == "context") {
        return Some(Vec::new());
    }
    let access = parts.get(".").or_else(|| parts.get("has"))?;
    let mut path = fact(access.get("left")?)?;
    path.push(access.get("attr")?.as_str()?);
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::Bundle;

    fn looks(condition: &str) -> Looks {
        let policy: Policy = format!("permit (principal, action, resource) when {{ {condition} }};").parse().unwrap();
        Looks::of([&policy].into_iter())
    }

    #[test]
    fn what_policies_name_they_look_at() {
        let none = Looks::default();
        for (condition, expected) in [
            ("context.chained || principal in Team::\"a\"", none),
            ("context.http.labels.contains(\"billing\") && context.http.effect == \"read\"", none),
            ("context has grant && context.grant has expires_at", none),
            ("context.session.reason like \"*\" && context.session has ticket", none),
            ("context.http.path like \"/admin*\"", Looks { path: true, ..none }),
            ("!(context.http.method == \"GET\")", Looks { method: true, ..none }),
            ("[1].contains(if context.http[\"host\"] == \"a\" then 1 else 2)", Looks { host: true, ..none }),
            ("context.http.ip.isInRange(ip(\"10.0.0.0/8\"))", Looks { ip: true, ..none }),
            ("context.now < datetime(\"2026-01-01\")", Looks { clock: true, ..none }),
            ("context.session.last_seen_at < context.grant.expires_at", Looks { clock: true, ..none }),
            ("context.http == {\"a\": 1}", Looks { clock: false, ..Looks::EVERYWHERE }),
            ("[context.session].isEmpty()", Looks { clock: true, ..none }),
            ("{\"a\": context} == {\"a\": 1}", Looks::EVERYWHERE),
            ("(if true then context else context).chained", Looks::EVERYWHERE),
        ] {
            assert_eq!(looks(condition), expected, "{condition}");
        }
    }

    #[test]
    fn of_the_shipped_policies_only_the_guardrails_of_the_window_look_at_the_clock() {
        let bundle = Bundle::builtin().unwrap();
        let looking = bundle.policies.about_requests().filter(|policy| Looks::within(&policy.to_json().unwrap()).clock);
        let looking: BTreeSet<_> = looking.map(|policy| policy.id().to_string()).collect();
        assert_eq!(looking, OF_THE_WINDOW.map(str::to_owned).into());
        assert_eq!(bundle.looks, Looks::default());
    }
}
