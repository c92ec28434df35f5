//! Secrets: given in the configuration, or in a file beside it that only its `_file` key names.
use std::fs;

use secrecy::SecretString;

use super::reading::Complaint;
use super::section::{Item, Section};

/// The secret under `key`, or in the file that `file_key` names.
pub(super) fn secret(section: &mut Section<'_>, key: &'static str, file_key: &'static str) -> Option<SecretString> {
    let (inline, file) = (section.item(key), section.item(file_key));
    if inline.is_some() && file.is_some() {
        let complaint = Complaint::new(format!("`{key}` is given too"));
        section.complain(file_key, complaint.hint(format!("keep `{key}` or `{file_key}`, not both")));
        return None;
    }
    let text = match (inline, file) {
        (Some(item), _) => given(item),
        (None, Some(item)) => in_file(section, item),
        (None, None) => None,
    };
    text.map(SecretString::from)
}

/// A secret that stands in the configuration.
pub(super) fn given(item: Item<'_>) -> Option<String> {
    let (reading, place) = (item.reading(), item.place().clone());
    let text = item.hidden_text()?;
    if text.is_empty() {
        reading.complain(&place, Complaint::new("this is empty"));
        return None;
    }
    Some(text)
}

/// A secret that stands in the file that `item` names, without one line break at its end.
pub(super) fn in_file(section: &Section<'_>, item: Item<'_>) -> Option<String> {
    item.parsed(|path| {
        let path = section.reading().absolute(path);
        let text = fs::read_to_string(&path).map_err(|error| {
            Complaint::new(format!("cannot read `{}`: {error}", path.display()))
                .hint("name a file that chaperone may read; a relative path counts from the configuration file")
        })?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(Complaint::new(format!("`{}` is empty", path.display())).hint("write the secret into it"));
        }
        Ok(text.to_owned())
    })
}
