//! Mistakes as a person reads them: key path, place, the line with a caret, and a hint.
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use super::reading::Found;
use super::tree::Origin;

/// Columns of a rendered message.
const WIDTH: usize = 110;

/// Why a configuration cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ConfigErrors {
    /// The file cannot be read at all.
    #[error("cannot read the configuration file `{path}`", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Every mistake in it, each with its place and a hint.
    #[error("{0}")]
    Mistaken(Mistakes),
}

/// One mistake. No secret is in any of its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The key's path, such as `route[0].upstream[1]`; empty when the text is no TOML.
    pub key: String,
    /// The environment variable that the value came from; none: the file.
    pub variable: Option<String>,
    /// Line and column in the file, both from 1; none when it is not written there.
    pub position: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do; none: the message says it.
    pub hint: Option<String>,
    /// The bytes of the file that the caret points at.
    span: Option<Range<usize>>,
}

/// The mistakes of one file, at least one, in the order of their places.
pub struct Mistakes {
    /// The file's name as it was given.
    file: String,
    /// Its text, with every value blanked that may be a secret.
    text: String,
    list: Vec<Mistake>,
}

impl Mistakes {
    /// Gives each mistake its line and column, and blanks `hidden` parts of the text.
    pub(super) fn new(file: String, text: &str, found: Vec<Found>, hidden: &[Range<usize>]) -> Self {
        let mut list: Vec<_> = found.into_iter().map(|found| locate(text, found)).collect();
        list.sort_by_key(|mistake| mistake.span.as_ref().map_or(0, |span| span.start));
        Self { file, text: blank(text, hidden), list }
    }

    /// Each of them.
    #[must_use]
    pub fn list(&self) -> &[Mistake] {
        &self.list
    }

    /// All of them for a terminal, in colour or plain.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler =
            GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_context_lines(1).with_links(false);
        let source = Source { file: &self.file, text: &self.text };
        let mut out = String::new();
        for mistake in &self.list {
            // Writing into a string fails only when a part of the message cannot be formatted; the rest still counts.
            let _ = handler.render_report(&mut out, &Shown { mistake, source: &source });
            out.push('\n');
        }
        let count = self.list.len();
        let _ = fmt::write(
            &mut out,
            format_args!("{count} mistake{} in `{}`", if count == 1 { "" } else { "s" }, self.file),
        );
        out
    }
}

impl fmt::Debug for Mistakes {
    /// Without the text: what no message shows is not blanked in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mistakes").field("file", &self.file).field("list", &self.list).finish_non_exhaustive()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

fn locate(text: &str, found: Found) -> Mistake {
    let (span, variable) = match found.place.origin {
        Origin::Document => (None, None),
        Origin::File(span) => (Some(span), None),
        Origin::Variable(name) => (None, Some(name)),
    };
    let position = span.as_ref().and_then(|span| text.get(..span.start)).map(|before| {
        let line = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    });
    let complaint = found.complaint;
    Mistake { key: found.place.key, variable, position, message: complaint.message, hint: complaint.hint, span }
}

/// The text with everything in `hidden` starred out, byte for byte, so that places stay where they are. So is what
/// follows a `#`: a setting that was commented out may hold a secret too.
fn blank(text: &str, hidden: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut comment = false;
    for (at, c) in text.char_indices() {
        comment = c == '#' || (comment && c != '\n');
        if c != '\n' && ((comment && c != '#') || hidden.iter().any(|range| range.contains(&at))) {
            out.extend(std::iter::repeat_n('*', c.len_utf8()));
        } else {
            out.push(c);
        }
    }
    out
}

/// The text as miette wants it.
#[derive(Debug)]
struct Source<'m> {
    file: &'m str,
    text: &'m str,
}

impl SourceCode for Source<'_> {
    /// Where context is asked for, it is the rest of the line: neighbouring lines are no business of a message.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = if before + after == 0 {
            *span
        } else {
            let line = line_around(self.text, &(span.offset()..span.offset() + span.len()));
            (line.start, line.len()).into()
        };
        let read = self.text.read_span(&whole, 0, 0)?;
        let (line, column, count) = (read.line(), read.column(), read.line_count());
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.to_owned(),
            read.data(),
            *read.span(),
            line,
            column,
            count,
        )))
    }
}

/// The whole lines that `span` touches.
pub(super) fn line_around(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(span.end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| span.end + at);
    start..end
}

/// One mistake as miette wants it.
#[derive(Debug)]
struct Shown<'m> {
    mistake: &'m Mistake,
    source: &'m Source<'m>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { key, variable, message, .. } = self.mistake;
        match (key.as_str(), variable) {
            ("", None) => write!(f, "{message}"),
            (key, None) => write!(f, "`{key}`: {message}"),
            (key, Some(variable)) => write!(f, "`{key}`, from the variable `{variable}`: {message}"),
        }
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.mistake.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.mistake.span.is_some().then_some(self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.mistake.span.clone()?;
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, span.len()))))
    }
}
