//! Where a session begins to look: at the workspace's own part of the app, where the configuration tells its path.
use axum::response::Response;
use http::header::SET_COOKIE;

use crate::access::sessions::Started;
use crate::api::error::ApiError;
use crate::config::{Config, HostMatch, WorkspaceFrom};
use crate::domain::id::{SessionId, WorkspaceId};
use crate::identity::set_cookie;
use crate::request::COOKIE_SESSION;

use super::shell::{see, with};

/// The address at which a browser goes on in a session: the app itself, or the way to the session's own origin.
pub(super) fn address(config: &Config, session: &SessionId, workspace: &WorkspaceId) -> String {
    let path = path(config, workspace);
    match &config.server.session_host {
        Some(_) => format!("/.chaperone/enter?session={session}&return={path}"),
        None => path,
    }
}

/// Enters: the browser gets the session's cookie, unless it gets it at the session's own origin.
pub(super) fn enter(config: &Config, started: &Started) -> Result<Response, ApiError> {
    let Started { session, token, .. } = started;
    let response = see(&address(config, &session.id, &session.workspace))?;
    let own_origin = config.server.session_host.is_some();
    let cookie = (!own_origin).then(|| (SET_COOKIE, set_cookie(COOKIE_SESSION, token.reveal())));
    Ok(with(response, cookie))
}

/// The path of the workspace in the app that is at our own host; `/` where none is told.
fn path(config: &Config, workspace: &WorkspaceId) -> String {
    let authority = config.server.public_url.split_once("://").map_or("", |(_, authority)| authority);
    let host = authority.split(':').next().unwrap_or_default();
    let ours = |served: &HostMatch| match served {
        HostMatch::Any => true,
        HostMatch::Exact(name) => name == authority || name == host,
    };
    let route = config.routes.iter().find(|route| ours(&route.host));
    match route.and_then(|route| route.workspace.as_ref()) {
        // Ids hold nothing that an address would have to escape.
        Some(WorkspaceFrom::Path { before }) => {
            let segments = before.iter().map(String::as_str).chain([workspace.as_str()]).collect::<Vec<_>>();
            format!("/{}/", segments.join("/"))
        }
        Some(WorkspaceFrom::Host { .. }) | None => "/".to_owned(),
    }
}
