//! `chaperone grant`: consent at a running gate: looked at and taken back by operators, given by members alone.
use http::Method;
use serde_json::{Map, Value, json};

use crate::domain::id::{EngineerId, GrantId, WorkspaceId};
use crate::domain::path_pattern::PathPattern;
use crate::domain::text::Label;
use crate::domain::time::{Span, Timestamp};

use super::gate::{Gate, Reach, exit, print_list, print_one, refused, text};
use super::table::table;
use super::{Environment, Exit, Format, runtime};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the grants of a workspace, newest first; needs an API key with the scope `operator`
    List(List),
    /// Revoke a grant: its sessions end, and it returns when nothing of it can pass any more
    Revoke(Revoke),
    /// Make a grant; needs the token of the member who consents: operators cannot make consent
    Create(Box<Create>),
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    reach: Reach,
    /// Whose grants
    #[arg(long, value_name = "ID")]
    workspace: WorkspaceId,
    /// Only those that stand so now; may be given several times [default: all]
    #[arg(long, value_name = "STANDING", value_parser = ["not_yet", "live", "ended", "revoked"])]
    standing: Vec<String>,
    /// How the grants are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    #[command(flatten)]
    reach: Reach,
    /// Whose grant it is
    #[arg(long, value_name = "ID")]
    workspace: WorkspaceId,
    /// The grant, as `list` shows it
    #[arg(value_name = "GRANT")]
    id: GrantId,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    #[command(flatten)]
    reach: Reach,
    /// The member's workspace
    #[arg(long, value_name = "ID")]
    workspace: WorkspaceId,
    /// What support may do
    #[arg(long, value_parser = ["read_only", "full"])]
    access: String,
    /// How long, as `3d` or `PT4H` [default: what the gate is set to]
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["expires_at", "until_revoked"])]
    duration: Option<Span>,
    /// Until when, as `2026-11-22T17:00:00Z`
    #[arg(long, value_name = "TIME", conflicts_with = "until_revoked")]
    expires_at: Option<Timestamp>,
    /// Without an end, where the gate permits that
    #[arg(long)]
    until_revoked: bool,
    /// From when [default: at once]
    #[arg(long, value_name = "TIME")]
    starts_at: Option<Timestamp>,
    /// Only for this engineer; may be given several times
    #[arg(long, value_name = "ID")]
    engineer: Vec<EngineerId>,
    /// Only for engineers of this group; may be given several times
    #[arg(long, value_name = "GROUP")]
    group: Vec<Label>,
    /// Only for engineers of this organization
    #[arg(long, value_name = "ID")]
    organization: Option<Label>,
    /// Only for this case
    #[arg(long)]
    ticket: Option<Label>,
    /// What it is for, in words
    #[arg(long)]
    purpose: Option<Label>,
    /// Only these paths, as `/billing/**`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    scope: Vec<PathPattern>,
    /// How the grant is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    exit(runtime()?.block_on(async {
        match command {
            Command::List(arguments) => list(&arguments.reach.gate(environment)?, &arguments).await,
            Command::Revoke(arguments) => revoke(&arguments.reach.gate(environment)?, &arguments).await,
            Command::Create(arguments) => create(&arguments.reach.gate(environment)?, &arguments).await,
        }
    }))
}

async fn list(gate: &Gate, arguments: &List) -> anyhow::Result<()> {
    let List { workspace, standing, format, .. } = arguments;
    let wanted = |grant: &Value| standing.is_empty() || standing.contains(&text(grant, "standing"));
    let grants = gate.list(&format!("/workspaces/{workspace}/grants"), wanted).await?;
    print_list(&grants, *format, shown)
}

async fn revoke(gate: &Gate, arguments: &Revoke) -> anyhow::Result<()> {
    let Revoke { workspace, id, format, .. } = arguments;
    let revoked = gate.call(Method::DELETE, &format!("/workspaces/{workspace}/grants/{id}"), None).await?;
    print_one(&revoked, *format, |revoked| {
        let (at, ended, cut) =
            (text(revoked, "revoked_at"), count(revoked, "sessions_ended"), count(revoked, "streams_cut"));
        format!("revoked {id} at {at}: {ended} sessions ended, {cut} streams cut\n")
    })
}

async fn create(gate: &Gate, arguments: &Create) -> anyhow::Result<()> {
    if gate.as_api_key() {
        return Err(refused(
            "an API key cannot make consent: a grant is a member's own act\n  \
             next: call with the token that the app mints for that member, in `CHAPERONE_TOKEN`",
        ));
    }
    let path = format!("/workspaces/{}/grants", arguments.workspace);
    let grant = gate.call(Method::POST, &path, Some(&arguments.document())).await?;
    print_one(&grant, arguments.format, |grant| shown(std::slice::from_ref(grant)))
}

impl Create {
    /// The call's body: what is not given is left out.
    fn document(&self) -> Value {
        let mut body = Map::from_iter([("access".to_owned(), json!(self.access))]);
        let mut give = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        give("duration", self.duration.map(|span| json!(span)));
        give("expires_at", self.expires_at.map(|at| json!(at)));
        give("until_revoked", self.until_revoked.then(|| json!(true)));
        give("starts_at", self.starts_at.map(|at| json!(at)));
        give("engineers", (!self.engineer.is_empty()).then(|| json!(self.engineer)));
        give("groups", (!self.group.is_empty()).then(|| json!(words(&self.group))));
        give("organization", self.organization.clone().map(|label| json!(String::from(label))));
        give("ticket", self.ticket.clone().map(|label| json!(String::from(label))));
        give("purpose", self.purpose.clone().map(|label| json!(String::from(label))));
        give("scope", (!self.scope.is_empty()).then(|| json!(self.scope)));
        Value::Object(body)
    }
}

fn words(labels: &[Label]) -> Vec<String> {
    labels.iter().cloned().map(String::from).collect()
}

fn count(item: &Value, name: &str) -> u64 {
    item.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// Grants for people, a line each.
fn shown(grants: &[Value]) -> String {
    let row = |grant: &Value| {
        let columns = ["id", "standing", "access", "subject", "starts_at"].map(|name| text(grant, name));
        let until = grant.get("expires_at").and_then(Value::as_str).unwrap_or("until revoked").to_owned();
        columns.into_iter().chain([until, narrowed(grant)]).collect()
    };
    table(&grants.iter().map(row).collect::<Vec<_>>())
}

/// For whom and what a grant is, where it says so.
fn narrowed(grant: &Value) -> String {
    let limits = ["engineers", "groups", "organization", "ticket", "scope"].iter().filter_map(|name| {
        let value = match grant.get(*name)? {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        Some(format!("{name}={value}"))
    });
    limits.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_a_line() {
        let grants = [
            json!({"id": "gr_1", "standing": "live", "access": "full", "subject": "olga", "engineers": ["ada"],
                "starts_at": "2026-11-22T17:00:00.000Z", "expires_at": "2026-11-25T17:00:00.000Z", "scope": ["/a/**", "/b"]}),
            json!({"id": "gr_2", "standing": "revoked", "access": "read_only", "subject": "otto", "expires_at": null,
                "starts_at": "2026-11-22T17:00:00.000Z"}),
        ];
        insta::assert_snapshot!(shown(&grants));
    }
}
