//! `chaperone session`: who is inside, at a running gate, and showing them out.
use http::Method;
use serde_json::Value;

use crate::domain::id::{SessionId, WorkspaceId};

use super::gate::{Gate, Reach, exit, print_list, print_one, text};
use super::table::table;
use super::{Environment, Exit, Format, runtime};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the sessions of a workspace, newest first, ended ones of the last 24 hours too; needs an operator's key
    List(List),
    /// End a session: it returns when nothing of it can pass any more; needs an operator's key
    End(End),
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    reach: Reach,
    /// Whose sessions
    #[arg(long, value_name = "ID")]
    workspace: WorkspaceId,
    /// Only those that stand so now [default: all]
    #[arg(long, value_name = "STANDING", value_parser = ["live", "ended"])]
    standing: Option<String>,
    /// How the sessions are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct End {
    #[command(flatten)]
    reach: Reach,
    /// The session, as `list` shows it
    #[arg(value_name = "SESSION")]
    id: SessionId,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs it.
pub(super) fn run(command: Command, environment: &Environment) -> anyhow::Result<Exit> {
    exit(runtime()?.block_on(async {
        match command {
            Command::List(arguments) => list(&arguments.reach.gate(environment)?, &arguments).await,
            Command::End(arguments) => end(&arguments.reach.gate(environment)?, &arguments).await,
        }
    }))
}

async fn list(gate: &Gate, arguments: &List) -> anyhow::Result<()> {
    let List { workspace, standing, format, .. } = arguments;
    let wanted = |session: &Value| standing.as_deref().is_none_or(|wanted| self::standing(session) == wanted);
    let sessions = gate.list(&format!("/workspaces/{workspace}/sessions"), wanted).await?;
    print_list(&sessions, *format, shown)
}

async fn end(gate: &Gate, arguments: &End) -> anyhow::Result<()> {
    let ended = gate.call(Method::DELETE, &format!("/sessions/{}", arguments.id), None).await?;
    print_one(&ended, arguments.format, |ended| {
        let [id, at, cause, workspace] = ["id", "ended_at", "cause", "workspace"].map(|name| text(ended, name));
        format!("ended {id} in {workspace} at {at}: {cause}\n")
    })
}

fn standing(session: &Value) -> &'static str {
    if session.get("ended_at").is_some() { "ended" } else { "live" }
}

/// Sessions for people, a line each.
fn shown(sessions: &[Value]) -> String {
    let row = |session: &Value| {
        let engineer = session.get("engineer").map(|engineer| text(engineer, "email")).unwrap_or_default();
        let [id, subject, grant, began] = ["id", "subject", "grant", "started_at"].map(|name| text(session, name));
        let until = match standing(session) {
            "ended" => format!("{} ({})", text(session, "ended_at"), text(session, "cause")),
            _ => text(session, "expires_at"),
        };
        vec![id, standing(session).to_owned(), engineer, subject, grant, began, until]
    };
    table(&sessions.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_session_is_a_line() {
        let engineer = json!({"name": "Ada", "email": "ada@vendor.example"});
        let sessions = [
            json!({"id": "se_1", "engineer": engineer, "subject": "olga", "grant": "gr_1",
                "started_at": "2026-11-22T17:00:00.000Z", "expires_at": "2026-11-22T18:00:00.000Z"}),
            json!({"id": "se_2", "engineer": engineer, "subject": "olga", "grant": "gr_1",
                "started_at": "2026-11-22T16:00:00.000Z", "expires_at": "2026-11-22T18:00:00.000Z",
                "ended_at": "2026-11-22T16:30:00.000Z", "cause": "session-ended"}),
        ];
        insta::assert_snapshot!(shown(&sessions));
    }
}
