//! What a member sends: a form with files. Texts are looked through for passwords before anything is kept.
use std::str::FromStr;

use utoipa::ToSchema;

use crate::access::Access;
use crate::access::attachments::Received;
use crate::access::support_requests::NewSupportRequest;
use crate::api::error::ApiError;
use crate::api::input::without_secrets;
use crate::api::upload::{Part, Parts};
use crate::domain::attachment::FileName;
use crate::domain::grant::Access as Reach;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::{LONGEST_PROSE, Prose};
use crate::domain::time::Span;

/// The longest text in bytes, in a script of four bytes a character.
const LONGEST_TEXT: usize = 4 * LONGEST_PROSE;

/// The form of a support request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form that `read` reads")]
#[schema(example = json!({"issue": "The import of June hangs at 40 %.", "tried": "Another browser, and a smaller file.",
    "expected": "All 1,200 rows are there.", "access": "read_only", "duration": "1d"}))]
pub(in crate::api::v1) struct SupportRequestForm {
    /// What is wrong. No passwords: support never needs one.
    issue: Prose,
    /// What was tried.
    tried: Option<Prose>,
    /// What was expected.
    expected: Option<Prose>,
    /// How far the consent goes; `full` when it is left out.
    access: Option<Reach>,
    /// How long it lasts; when it is left out, as long as the vendor proposes.
    duration: Option<Span>,
    /// Screenshots (PNG, JPEG, GIF, WebP), short videos (MP4, WebM), PDF; each a part of this name.
    #[schema(value_type = Option<Vec<String>>, format = Binary)]
    attachments: Option<Vec<Vec<u8>>>,
}

/// The form's fields as far as they have come.
#[derive(Default)]
struct Form {
    issue: Option<Prose>,
    tried: Option<Prose>,
    expected: Option<Prose>,
    access: Option<Reach>,
    duration: Option<Span>,
    files: Vec<Received>,
}

/// Reads the form to its end. Files that came are removed when it is refused.
pub(super) async fn read(access: &Access, parts: &mut Parts) -> Result<NewSupportRequest, ApiError> {
    let mut form = Form::default();
    while let Some(part) = parts.next().await? {
        let name = part.name().to_owned();
        match name.as_str() {
            "issue" => once("issue", &mut form.issue, prose("issue", part).await?)?,
            "tried" => once("tried", &mut form.tried, prose("tried", part).await?)?,
            "expected" => once("expected", &mut form.expected, prose("expected", part).await?)?,
            "access" => once("access", &mut form.access, reach(&part.text(LONGEST_TEXT).await?)?)?,
            "duration" => once("duration", &mut form.duration, span(&part.text(LONGEST_TEXT).await?)?)?,
            "attachments" | "attachments[]" => form.files.extend(file(access, &form.files, part).await?),
            _ => return Err(unknown()),
        }
    }
    let issue = form.issue.ok_or_else(|| {
        ApiError::from(Refusal::because(Code::BadRequest, "`issue` is missing").next("describe what is wrong"))
    })?;
    let Form { tried, expected, access: reach, duration: lasts, files, .. } = form;
    Ok(NewSupportRequest { issue, tried, expected, access: reach.unwrap_or(Reach::Full), lasts, files })
}

fn unknown() -> ApiError {
    let refusal = Refusal::because(Code::BadRequest, "the form has a field that there is not");
    refusal.next("the fields are `issue`, `tried`, `expected`, `access`, `duration` and `attachments`").into()
}

/// A form has each field at most once; an empty one was left out.
fn once<T>(field: &str, place: &mut Option<T>, given: Option<T>) -> Result<(), ApiError> {
    if place.is_some() {
        return Err(ApiError::bad_request(format!("`{field}` is given more than once")));
    }
    *place = given;
    Ok(())
}

async fn prose(field: &'static str, part: Part<'_>) -> Result<Option<Prose>, ApiError> {
    let text = part.text(LONGEST_TEXT).await?;
    without_secrets(field, &text)?;
    parsed(field, &text)
}

fn reach(text: &str) -> Result<Option<Reach>, ApiError> {
    match text.trim() {
        "" => Ok(None),
        "read_only" => Ok(Some(Reach::ReadOnly)),
        "full" => Ok(Some(Reach::Full)),
        _ => Err(ApiError::bad_request("`access` is neither `read_only` nor `full`")),
    }
}

fn span(text: &str) -> Result<Option<Span>, ApiError> {
    match parsed::<Span>("duration", text)? {
        Some(span) if span <= Span::ZERO => Err(ApiError::bad_request("`duration` is not longer than zero")),
        given => Ok(given),
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<Option<T>, ApiError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let bad = |problem: T::Err| ApiError::bad_request(format!("`{field}`: {problem}"));
    text.trim().parse().map(Some).map_err(bad)
}

/// Takes a file; none for a field of files that the browser sent empty.
async fn file(access: &Access, files: &[Received], mut part: Part<'_>) -> Result<Option<Received>, ApiError> {
    let Some(given) = part.file_name() else {
        return Err(ApiError::bad_request("a part `attachments` has no `filename`: it is no file"));
    };
    if given.is_empty() {
        while let Some(piece) = part.piece().await? {
            if !piece.is_empty() {
                return Err(ApiError::bad_request("the file in `attachments` has no name"));
            }
        }
        return Ok(None);
    }
    let most = access.support_requests.attachments;
    if files.len() >= most {
        let refusal = Refusal::because(Code::TooLarge, format!("a support request has {most} files at most"));
        return Err(refusal.next("leave some out").into());
    }
    let name: FileName = given
        .parse()
        .map_err(|problem| ApiError::bad_request(format!("the name of a file in `attachments`: {problem}")))?;
    let declared = part.content_type().map(str::to_owned);
    let mut incoming = access.attachments.receive(name, declared, access.clock.now()).await?;
    while let Some(piece) = part.piece().await? {
        incoming.write(&piece).await?;
    }
    Ok(Some(incoming.finish().await?))
}
