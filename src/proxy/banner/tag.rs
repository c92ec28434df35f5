//! The tag that loads the banner's script, with what the banner says in its attributes.
use std::fmt;

use crate::cache::Entry;
use crate::face;

/// The tag.
#[derive(Debug)]
pub(super) struct Tag {
    /// Names and values of its `data-` attributes.
    says: Vec<(&'static str, String)>,
    /// The host that the browser asked.
    authority: String,
    /// What the app's policy asks of scripts.
    pub(super) nonce: Option<String>,
}

impl Tag {
    /// What there is to say of the session of `entry`.
    pub(super) fn new(entry: &Entry, authority: &str, watermark: bool) -> Self {
        let (session, engineer) = (&entry.session, &entry.engineer);
        let mut says = vec![
            ("engineer", engineer.name.clone()),
            ("engineer-email", engineer.email.to_string()),
            ("subject", entry.subject.email.to_string()),
            ("workspace", entry.workspace.name.clone()),
            ("session", session.id.to_string()),
            ("access", entry.basis.access().as_str().to_owned()),
            ("mode", entry.basis.mode().to_owned()),
            ("expires", entry.expires_at().to_string()),
        ];
        if watermark {
            says.push(("watermark", format!("{} · {}", engineer.email, session.id)));
        }
        Self { says, authority: authority.to_owned(), nonce: None }
    }

    /// What a policy must let pass: where the script comes from, and where it asks whether the session goes on.
    pub(super) fn sources(&self) -> Sources {
        let at = |path: &str| format!("{}{path}", self.authority);
        Sources { script: at(face::BANNER.address()), connect: at(face::CURRENT_SESSION) }
    }
}

/// Sources in the sense of a `Content-Security-Policy`.
#[derive(Debug)]
pub(super) struct Sources {
    /// The script.
    pub(super) script: String,
    /// What the script fetches.
    pub(super) connect: String,
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<script src=\"{}\" async", face::BANNER.address())?;
        if let Some(nonce) = &self.nonce {
            write!(f, " nonce=\"{}\"", Attribute(nonce))?;
        }
        for (name, value) in &self.says {
            write!(f, " data-{name}=\"{}\"", Attribute(value))?;
        }
        f.write_str("></script>")
    }
}

/// A text as an attribute's value, in ASCII: it reads the same in whatever encoding the page has.
struct Attribute<'a>(&'a str);

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            ' ' | '.' | ',' | ':' | '@' | '/' | '+' | '=' | '_' | '-' => write!(f, "{c}"),
            plain if plain.is_ascii_alphanumeric() => write!(f, "{plain}"),
            other => write!(f, "&#{};", u32::from(other)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_are_called_breaks_out_of_nothing() {
        let says = vec![("engineer", "Ada \"><script>x</script> Ä".to_owned())];
        let tag = Tag { says, authority: String::new(), nonce: Some("a+b/c=".to_owned()) }.to_string();
        assert!(tag.contains("nonce=\"a+b/c=\""), "{tag}");
        assert!(tag.contains("data-engineer=\"Ada &#34;&#62;&#60;script&#62;x&#60;/script&#62; &#196;\""), "{tag}");
        assert!(tag.is_ascii());
    }
}
