//! What a form of ours brings, parsed once: whatever is wrong is named by the field's own label.
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::api::error::ApiError;
use crate::domain::refusal::{Code, Refusal};

/// The largest form, in bytes.
pub(super) const LIMIT: usize = 64 * 1024;

/// The fields of a form. As an extractor it comes last, after the visitor.
#[derive(Debug)]
pub(super) struct Posted<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Posted<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let form: Result<Form<T>, FormRejection> = Form::from_request(request, state).await;
        form.map(|Form(fields)| Self(fields)).map_err(|error| ApiError::bad_request(error.body_text()))
    }
}

/// What stands in a field that has to be filled in.
pub(super) fn given<T: FromStr<Err: Display>>(label: &str, text: &str) -> Result<T, ApiError> {
    text.trim().parse().map_err(|problem: T::Err| {
        let refusal = Refusal::because(Code::BadRequest, format!("{label}: {problem}"));
        refusal.next(format!("correct `{label}` and send it again")).into()
    })
}

/// What stands in a field that may be left empty.
pub(super) fn optional<T: FromStr<Err: Display>>(label: &str, text: &str) -> Result<Option<T>, ApiError> {
    if text.trim().is_empty() { Ok(None) } else { given(label, text).map(Some) }
}
