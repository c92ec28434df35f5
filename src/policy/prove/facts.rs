//! From an example, as the solver gives it, to the facts of a case of `policy test`.
use cedar_policy::{Context, Entities, EntityUid, EvalResult};
use cedar_policy_symcc::Env;
use serde_json::{Map, Value, json};

use super::names::Names;
use crate::domain::action::{ControlAction, JudgedBy};
use crate::domain::time::{Span, Timestamp};
use crate::policy::scenario;

/// The facts of a case.
pub(super) type Facts = Map<String, Value>;

/// All facts of the example.
///
/// # Errors
/// Why these facts are none of a case: this program never puts such a question.
pub(super) fn of(env: &Env, names: &mut Names) -> Result<Facts, String> {
    let request = &env.request;
    let missing = || "an example without a principal, an action or a resource".to_owned();
    let principal = request.principal().ok_or_else(missing)?;
    let action = request.action().ok_or_else(missing)?.id().unescaped().to_owned();
    let resource = request.resource().ok_or_else(missing)?;
    let context = request.context().ok_or_else(missing)?;
    let mut example = Example { entities: &env.entities, names };
    let mut facts = scenario::world()?;
    facts.insert("workspace".into(), example.workspace(resource)?);
    facts.insert("at".into(), moment(&fact(context, "now")?)?);
    if principal.type_name().to_string() == "Member" {
        facts.insert("member".into(), example.member(principal)?);
        facts.extend(consent(context)?);
    } else {
        example.names.of(principal);
        let act = ControlAction::ALL.iter().find(|known| known.name() == action).map(|known| known.judged_by());
        facts.extend(match act {
            Some(JudgedBy::Work) => Facts::from_iter([("work".to_owned(), example.work(context)?.into())]),
            Some(JudgedBy::Start) => example.start(context)?,
            Some(JudgedBy::Consent) | None => example.access(context, &action)?,
        });
        facts.insert("engineer".into(), example.engineer(principal)?);
    }
    facts.insert("action".into(), action.into());
    Ok(facts)
}

/// The entities of an example, and what they are called.
struct Example<'a> {
    entities: &'a Entities,
    names: &'a mut Names,
}

impl Example<'_> {
    fn attribute(&self, of: &EntityUid, name: &str) -> Result<EvalResult, String> {
        let value = self.entities.get(of).and_then(|entity| entity.attr(name)).and_then(Result::ok);
        value.ok_or_else(|| format!("`{of}` has no `{name}`"))
    }

    fn workspace(&mut self, of: &EntityUid) -> Result<Value, String> {
        Ok(json!({
            "id": self.names.of(of),
            "plan": text(&self.attribute(of, "plan")?)?,
            "forced_sso": flag(&self.attribute(of, "forced_sso")?)?,
            "region": text(&self.attribute(of, "region")?)?,
            "emergency_access": text(&self.attribute(of, "emergency_access")?)?,
            "labels": texts(&self.attribute(of, "labels")?)?,
        }))
    }

    fn engineer(&mut self, of: &EntityUid) -> Result<Value, String> {
        let teams = self.entities.ancestors(of).into_iter().flatten();
        // The solver throws in groups that nobody speaks of.
        let teams: Vec<_> = teams.filter(|team| self.names.is_known(team)).cloned().collect();
        let mut groups: Vec<String> = teams.iter().map(|team| self.names.of(team)).collect();
        groups.sort();
        Ok(json!({
            "id": self.names.of(of),
            "email": text(&self.attribute(of, "email")?)?,
            "groups": groups,
            "organization": text(&self.attribute(of, "organization")?)?,
        }))
    }

    fn member(&mut self, of: &EntityUid) -> Result<Value, String> {
        let home = reference(&self.attribute(of, "workspace")?)?;
        Ok(json!({
            "workspace": self.names.of(&home),
            "id": self.names.of(of),
            "email": text(&self.attribute(of, "email")?)?,
            "role": text(&self.attribute(of, "role")?)?,
        }))
    }

    fn access(&mut self, context: &Context, action: &str) -> Result<Facts, String> {
        let http = record(&fact(context, "http")?)?;
        let session = record(&fact(context, "session")?)?;
        let subject = reference(&part(&session, "subject")?)?;
        let person = self.member(&subject)?;
        let mut facts = Facts::from_iter([("chained".to_owned(), flag(&fact(context, "chained")?)?)]);
        let mut about = Facts::from_iter([
            ("id".to_owned(), "se_1".into()),
            ("workspace".to_owned(), person.get("workspace").cloned().unwrap_or_default()),
            ("subject".to_owned(), person.get("id").cloned().unwrap_or_default()),
            ("started_at".to_owned(), moment(&part(&session, "started_at")?)?),
            ("reason".to_owned(), text(&part(&session, "reason")?)?),
            ("ticket".to_owned(), session.get("ticket").map_or(Ok(Value::Null), text)?),
        ]);
        if let Some(at) = session.get("mfa_at") {
            about.insert("mfa_at".to_owned(), moment(at)?);
        }
        facts.insert("session".into(), about.into());
        facts.insert("last_seen_at".into(), moment(&part(&session, "last_seen_at")?)?);
        facts.insert("subject".into(), person);
        self.basis(context, &mut facts)?;
        let effect = text(&part(&http, "effect")?)?;
        if !action.eq_ignore_ascii_case(&effect.as_str().unwrap_or_default().replace('_', "")) {
            return Err(format!("`http.effect` is {effect}, which is not what `{action}` is asked for"));
        }
        facts.insert(
            "http".into(),
            json!({
                "method": text(&part(&http, "method")?)?,
                "host": text(&part(&http, "host")?)?,
                "path": text(&part(&http, "path")?)?,
                "labels": texts(&part(&http, "labels")?)?,
                "ip": address(&part(&http, "ip")?)?,
            }),
        );
        Ok(facts)
    }

    fn start(&mut self, context: &Context) -> Result<Facts, String> {
        let mut facts = Facts::from_iter([("chained".to_owned(), flag(&fact(context, "chained")?)?)]);
        if let Some(subject) = context.get("subject") {
            facts.insert("subject".into(), self.member(&reference(&subject)?)?);
        }
        let world = scenario::world()?;
        let mut session = world.get("session").and_then(Value::as_object).cloned().unwrap_or_default();
        session.insert("reason".into(), text(&fact(context, "reason")?)?);
        session.insert("ticket".into(), context.get("ticket").as_ref().map_or(Ok(Value::Null), text)?);
        facts.insert("session".into(), session.into());
        let lends = context.get("grant").is_some() || context.get("emergency").is_some();
        if lends != context.get("subject").is_some() {
            return Err("a session begins on a grant or an emergency with its subject, or on nothing".to_owned());
        }
        self.basis(context, &mut facts)?;
        Ok(facts)
    }

    fn work(&mut self, context: &Context) -> Result<Facts, String> {
        let subject = context.get("subject").map(|uid| self.member(&reference(&uid)?)).transpose()?;
        let declared_by = context.get("declared_by").map(|uid| self.engineer(&reference(&uid)?)).transpose()?;
        let word = |name: &str| context.get(name).as_ref().map_or(Ok(Value::Null), text);
        Ok(Facts::from_iter([
            ("access".to_owned(), word("access")?),
            ("lasts".to_owned(), length(context)?),
            ("reason".to_owned(), word("reason")?),
            ("ticket".to_owned(), word("ticket")?),
            ("reason_code".to_owned(), word("reason_code")?),
            ("subject".to_owned(), subject.unwrap_or_default()),
            ("declared_by".to_owned(), declared_by.unwrap_or_default()),
            ("unreviewed".to_owned(), flag(&fact(context, "unreviewed")?)?),
        ]))
    }

    fn basis(&mut self, context: &Context, facts: &mut Facts) -> Result<(), String> {
        let basis = match (context.get("grant"), context.get("emergency")) {
            (Some(_), Some(_)) => return Err("a session has a grant or an emergency, never both".to_owned()),
            (Some(grant), None) => {
                let grant = record(&grant)?;
                facts.insert("covers_path".into(), flag(&part(&grant, "covers_path")?)?);
                facts.insert("grant".into(), self.grant(&grant)?.into());
                "grant"
            }
            (None, Some(emergency)) => {
                facts.insert("emergency".into(), self.emergency(&record(&emergency)?)?);
                "emergency"
            }
            (None, None) => "none",
        };
        facts.insert("basis".into(), basis.into());
        Ok(())
    }

    fn grant(&mut self, grant: &Parts) -> Result<Facts, String> {
        let (workspace, subject) = self.lent(grant)?;
        let optional = |name: &str, read: &dyn Fn(&EvalResult) -> Result<Value, String>| {
            grant.get(name).map_or(Ok(Value::Null), read)
        };
        let mut facts = Facts::from_iter([
            ("id".to_owned(), "gr_1".into()),
            ("workspace".to_owned(), workspace.into()),
            ("subject".to_owned(), subject.into()),
            ("access".to_owned(), text(&part(grant, "access")?)?),
            ("revoked".to_owned(), flag(&part(grant, "revoked")?)?),
            ("starts_at".to_owned(), moment(&part(grant, "starts_at")?)?),
            ("expires_at".to_owned(), optional("expires_at", &moment)?),
            ("organization".to_owned(), optional("organization", &text)?),
            ("ticket".to_owned(), optional("ticket", &text)?),
        ]);
        for name in ["engineers", "groups"] {
            let named = grant.get(name).map(|uids| self.references(uids)).transpose()?;
            facts.insert(name.to_owned(), named.into());
        }
        Ok(facts)
    }

    fn emergency(&mut self, emergency: &Parts) -> Result<Value, String> {
        let (workspace, subject) = self.lent(emergency)?;
        Ok(json!({
            "id": "em_1",
            "workspace": workspace,
            "subject": subject,
            "incident": text(&part(emergency, "incident")?)?,
            "reason_code": text(&part(emergency, "reason_code")?)?,
            "declared_by": self.names.of(&reference(&part(emergency, "declared_by")?)?),
            "approved_by": self.names.of(&reference(&part(emergency, "approved_by")?)?),
            "expires_at": moment(&part(emergency, "expires_at")?)?,
        }))
    }

    /// Workspace and subject of a basis.
    fn lent(&mut self, basis: &Parts) -> Result<(String, String), String> {
        let (workspace, subject) = (reference(&part(basis, "workspace")?)?, reference(&part(basis, "subject")?)?);
        if reference(&self.attribute(&subject, "workspace")?)? != workspace {
            return Err("whoever granted access, or lends a login, is a member of that workspace".to_owned());
        }
        Ok((self.names.of(&workspace), self.names.of(&subject)))
    }

    fn references(&mut self, uids: &EvalResult) -> Result<Vec<String>, String> {
        let EvalResult::Set(uids) = uids else { return Err(odd(uids)) };
        uids.iter().map(|uid| Ok(self.names.of(&reference(uid)?))).collect()
    }
}

fn consent(context: &Context) -> Result<Facts, String> {
    Ok(Facts::from_iter([
        ("impersonated".to_owned(), flag(&fact(context, "impersonated")?)?),
        ("access".to_owned(), context.get("access").as_ref().map_or(Ok(Value::Null), text)?),
        ("lasts".to_owned(), length(context)?),
        ("organization".to_owned(), context.get("organization").as_ref().map_or(Ok(Value::Null), text)?),
        ("purpose".to_owned(), context.get("purpose").as_ref().map_or(Ok(Value::Null), text)?),
        ("own".to_owned(), context.get("own").as_ref().map_or(Ok(Value::Null), flag)?),
    ]))
}

/// How long it lasts; null: without an end.
fn length(context: &Context) -> Result<Value, String> {
    let lasts = context.get("lasts").map(|length| millis(&length)).transpose()?;
    Ok(lasts.map(|millis| json!(Span::from_millis(millis))).unwrap_or_default())
}

/// The parts of a record.
type Parts = std::collections::BTreeMap<String, EvalResult>;

fn record(value: &EvalResult) -> Result<Parts, String> {
    let EvalResult::Record(parts) = value else { return Err(odd(value)) };
    Ok(parts.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn fact(context: &Context, name: &str) -> Result<EvalResult, String> {
    context.get(name).ok_or_else(|| format!("`context.{name}` is missing"))
}

fn part(record: &Parts, name: &str) -> Result<EvalResult, String> {
    record.get(name).cloned().ok_or_else(|| format!("`{name}` is missing"))
}

fn reference(value: &EvalResult) -> Result<EntityUid, String> {
    let EvalResult::EntityUid(uid) = value else { return Err(odd(value)) };
    Ok(uid.clone())
}

fn flag(value: &EvalResult) -> Result<Value, String> {
    let EvalResult::Bool(flag) = value else { return Err(odd(value)) };
    Ok((*flag).into())
}

fn text(value: &EvalResult) -> Result<Value, String> {
    let EvalResult::String(text) = value else { return Err(odd(value)) };
    Ok(text.as_str().into())
}

fn texts(value: &EvalResult) -> Result<Value, String> {
    let EvalResult::Set(values) = value else { return Err(odd(value)) };
    values.iter().map(text).collect()
}

/// A moment that this program can mean, as the world of `policy test` writes moments.
fn moment(value: &EvalResult) -> Result<Value, String> {
    let millis = millis(value)?;
    let at = Timestamp::from_millis(millis);
    if at.as_millis() == millis {
        Ok(at.to_string().replace(".000Z", "Z").into())
    } else {
        Err(format!("{millis} ms from 1970 on is no moment before 9999"))
    }
}

/// The milliseconds in `datetime("1970-01-01").offset(duration("…ms"))` or `duration("…ms")`.
fn millis(value: &EvalResult) -> Result<i64, String> {
    inner(value, "duration(\"")?.strip_suffix("ms").and_then(|ms| ms.parse().ok()).ok_or_else(|| odd(value))
}

/// The address; the solver writes it as a network of one.
fn address(value: &EvalResult) -> Result<String, String> {
    let network = inner(value, "ip(\"")?;
    let (address, _) = network.split_once('/').unwrap_or((&network, ""));
    Ok(address.to_owned())
}

/// What stands between `before` and the next quotation mark.
fn inner(value: &EvalResult, before: &str) -> Result<String, String> {
    let EvalResult::ExtensionValue(text) = value else { return Err(odd(value)) };
    let rest = text.split_once(before).map(|(_, rest)| rest).ok_or_else(|| odd(value))?;
    rest.split_once('"').map(|(inner, _)| inner.to_owned()).ok_or_else(|| odd(value))
}

fn odd(value: &EvalResult) -> String {
    format!("`{value}` is not what it should be")
}
