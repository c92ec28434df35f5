//! The shapes that several nouns share: objects put, pages of lists.
use axum::Json;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Page;

/// The answer to a PUT: 201 for what is new, 200 for what was replaced, with the object as it is now.
pub(super) fn put<T: Serialize>(new: bool, object: T) -> (StatusCode, Json<T>) {
    (if new { StatusCode::CREATED } else { StatusCode::OK }, Json(object))
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<T> List<T> {
    /// `page` with each item as the API shows it.
    pub(super) fn of<U>(page: Page<U>, show: impl FnMut(U) -> T) -> Json<Self> {
        Json(Self { items: page.items.into_iter().map(show).collect(), next: page.next })
    }
}
