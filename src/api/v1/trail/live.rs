//! Records as they are written, as server-sent events.
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use http::header::ACCEPT;
use tokio_util::sync::CancellationToken;

use crate::access::PageRequest;
use crate::access::records::Follower;
use crate::api::error::ApiError;

use super::item;

/// How long a stream lasts: whoever follows comes back with `Last-Event-ID`, and with a token that is still good.
const LONGEST: Duration = Duration::from_mins(15);
/// How often something is sent where nothing happens, so that nobody on the way takes the connection for dead.
const BREATH: Duration = Duration::from_secs(15);

/// Whether the client asks for a stream.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream"))
}

/// The last record that the client has; none: it begins with the next.
///
/// # Errors
/// When that is no number of a record, or a page of the list is asked for at the same time.
pub(super) fn last_event(headers: &HeaderMap, page: &PageRequest) -> Result<Option<u64>, ApiError> {
    if page.after.is_some() || page.limit.is_some() {
        let told = "`after` and `limit` are for the list: a stream goes on behind the header `Last-Event-ID`";
        return Err(ApiError::bad_request(told));
    }
    let Some(id) = headers.get("last-event-id") else { return Ok(None) };
    let number = id.to_str().ok().and_then(|id| id.parse().ok());
    number.map(Some).ok_or_else(|| ApiError::bad_request("`Last-Event-ID` is not the `workspace_seq` of a record"))
}

/// The stream of what `follower` is told, until it may not follow any more, for a quarter of an hour at most, or until
/// `stop`.
pub(super) fn stream(
    follower: Follower,
    stop: CancellationToken,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let batches = stream::unfold(Some(follower), async |follower| {
        let mut follower = follower?;
        match follower.next().await {
            Ok(found) => {
                let events = found.iter().map(|found| event("record", &found.seq.to_string(), item(found).get()));
                Some((events.collect::<Vec<_>>(), Some(follower)))
            }
            Err(error) => Some((vec![ended(&ApiError::from(error))], None)),
        }
    });
    let over = async move {
        tokio::select! {
            () = tokio::time::sleep(LONGEST) => {}
            () = stop.cancelled() => {}
        }
    };
    let events = batches.flat_map(stream::iter).map(Ok).take_until(Box::pin(over));
    Sse::new(events).keep_alive(KeepAlive::new().interval(BREATH))
}

fn event(name: &str, id: &str, data: &str) -> Event {
    Event::default().event(name).id(id).data(data)
}

/// What is told when the member may not follow any more.
fn ended(error: &ApiError) -> Event {
    Event::default().event("access-ended").data(format!(r#"{{"code":"{}"}}"#, error.code()))
}
