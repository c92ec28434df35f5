//! The state that the demo begins with, put there through the gate's own API: acme has granted, globex has not,
//! initech forces single sign-on.
use anyhow::{Context, bail};
use http::Method;
use serde_json::{Value, json};

use crate::config::Profile;
use crate::domain::time::Timestamp;
use crate::identity::ApiKey;

use super::api::Api;
use super::identities::{Issuers, MEMBERS, WORKSPACES, engineer, member};
use super::rules;

/// Keeps the directory as a vendor would, then lets Olga consent to access to acme unless she already has, as the profile
/// has it.
pub(super) async fn seed(
    api: &Api,
    issuers: &Issuers,
    directory: &ApiKey,
    profile: Profile,
    now: Timestamp,
) -> anyhow::Result<()> {
    for w in WORKSPACES {
        let body = json!({"name": w.name, "plan": w.plan, "forced_sso": w.forced_sso, "region": w.region});
        demand(api, Method::PUT, &format!("/workspaces/{}", w.id), directory.reveal(), Some(&body)).await?;
    }
    for m in MEMBERS {
        let path = format!("/workspaces/{}/members/{}", m.workspace, m.id);
        let body = json!({"email": m.email, "role": m.role.as_str()});
        demand(api, Method::PUT, &path, directory.reveal(), Some(&body)).await?;
    }
    let olga = issuers.customer_token(member("acme", "olga").context("olga is a member of acme")?, None, now)?;
    let grants = demand(api, Method::GET, "/workspaces/acme/grants", &olga, None).await?;
    if has_live(&grants) {
        return Ok(());
    }
    match rules::grant(profile) {
        Some(body) => demand(api, Method::POST, "/workspaces/acme/grants", &olga, Some(&body)).await.map(|_made| ()),
        None => ask_and_approve(api, issuers, &olga, now).await,
    }
}

/// Ada asks for access to acme, and Olga, whose token this is, approves.
async fn ask_and_approve(api: &Api, issuers: &Issuers, olga: &str, now: Timestamp) -> anyhow::Result<()> {
    let ada = issuers.staff_token(engineer("ada").context("ada works in support")?, now)?;
    let asked = demand(api, Method::POST, "/access-requests", &ada, Some(&rules::request("acme"))).await?;
    let id = asked.get("id").and_then(Value::as_str).context("the gate names no id of an access request")?;
    let path = format!("/workspaces/acme/access-requests/{id}/approve");
    demand(api, Method::POST, &path, olga, Some(&json!({}))).await?;
    Ok(())
}

fn has_live(grants: &Value) -> bool {
    grants["items"].as_array().is_some_and(|items| items.iter().any(|g| g["standing"] == "live"))
}

/// A call that has to succeed.
async fn demand(api: &Api, method: Method, path: &str, bearer: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    let answer = api.call(method.clone(), path, bearer, body).await?;
    if !answer.status.is_success() {
        bail!("the gate refused to seed the demo: `{method} {path}` gave {}: {}", answer.status, answer.body);
    }
    Ok(answer.body)
}
