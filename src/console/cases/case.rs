//! A case's page: what is wrong, what came with it, and what the engineer can do.
use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::access::names::{self, Names};
use crate::access::support_requests::{self, Shown};
use crate::api::ApiState;
use crate::api::error::ApiError;
use crate::api::input::AtPath;
use crate::console::said::Said;
use crate::console::shell::{EVENTS, HOME, Place, distance, frame, page, refused};
use crate::console::visitor::Visitor;
use crate::console::words;
use crate::domain::attachment::{Attachment, Media};
use crate::domain::grant::Standing;
use crate::domain::id::{EngineerId, SupportRequestId};
use crate::domain::support_request::Status;
use crate::domain::time::Timestamp;
use crate::face::{Frame, Moment};

use super::{address, first_line, status};

/// What the page's forms hold.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) reason: String,
    pub(super) summary: String,
}

#[derive(Template)]
#[template(path = "console/case.html")]
struct Page<'a> {
    frame: Frame<'a>,
    said: Said,
    events: &'static str,
    home: &'static str,
    href: String,
    now: Timestamp,
    me: &'a EngineerId,
    names: Names,
    shown: &'a Shown,
    filled: Filled,
}

impl Page<'_> {
    fn when(&self, at: impl Borrow<Timestamp>) -> Moment {
        distance(at, self.now)
    }

    fn is_mine(&self) -> bool {
        self.shown.engineers.iter().any(|engineer| engineer.id == *self.me)
    }

    /// Whether the consent that came with the case still opens the workspace.
    fn is_open(&self) -> bool {
        self.shown.grant.standing(self.now) == Standing::Live
    }

    /// Where a file is: always handed out as a download, which no page shows and no browser runs.
    fn file(&self, attachment: &Attachment) -> String {
        let case = &self.shown.case;
        format!(
            "/.chaperone/api/v1/workspaces/{}/support-requests/{}/attachments/{}",
            case.workspace, case.id, attachment.id
        )
    }
}

/// Whether a file is a picture, which a page can show without running anything.
fn is_picture(attachment: &Attachment) -> bool {
    match attachment.media {
        Media::Png | Media::Jpeg | Media::Gif | Media::Webp => true,
        Media::Mp4 | Media::Webm | Media::Pdf => false,
    }
}

/// The size of a file, as people say it.
fn size(bytes: impl Borrow<u64>) -> String {
    let bytes = *bytes.borrow();
    match bytes {
        0..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{} kB", bytes / 1024),
        1_048_576.. => format!("{} MB", bytes / 1_048_576),
    }
}

/// Shows the page.
pub(super) async fn show(
    visitor: Visitor,
    State(state): State<Arc<ApiState>>,
    AtPath(id): AtPath<SupportRequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    shown(&state, &visitor, &id, Said::of(&headers), Filled::default()).await
}

/// The page, with what was filled in.
pub(super) async fn shown(
    state: &Arc<ApiState>,
    visitor: &Visitor,
    id: &SupportRequestId,
    said: Said,
    filled: Filled,
) -> Result<Response, ApiError> {
    let shown = support_requests::find(&state.access, &visitor.actor, id).await?;
    let place = std::iter::once(&shown.case.workspace);
    let shown = Page {
        frame: frame(state, visitor, Place::Cases).await?,
        said,
        events: EVENTS,
        home: HOME,
        href: address(id),
        now: state.clock.now(),
        me: &visitor.engineer.id,
        names: names::of(&state.access, &visitor.actor, place, std::iter::empty()).await?,
        shown: &shown,
        filled,
    };
    Ok(match &shown.said {
        Said::Refused(told) => refused(&shown, told),
        Said::Nothing | Said::Done(_) => page(&shown, &shown.said),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_as_people_say_them() {
        let told = [1023, 1024, 2_000_000].map(size);
        assert_eq!(told, ["1023 bytes", "1 kB", "1 MB"]);
    }
}
