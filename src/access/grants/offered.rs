//! What a grant may name: the organizations and purposes that the vendor offers.
use crate::access::Access;
use crate::domain::grant::Grant;
use crate::domain::refusal::{Code, Refusal};

/// What the configuration has against what `grant` names.
pub(super) fn objections(access: &Access, grant: &Grant) -> impl Iterator<Item = Refusal> {
    let organizations: Vec<_> = access.staff.organizations.keys().map(String::as_str).collect();
    let purposes: Vec<_> = access.grants.purposes.iter().map(String::as_str).collect();
    let organization = grant.organization.as_deref().and_then(|name| beyond("organization", name, &organizations));
    let purpose = grant.purpose.as_deref().and_then(|name| beyond("purpose", name, &purposes));
    organization.into_iter().chain(purpose)
}

/// The refusal of what is not offered; without an offer anything goes.
fn beyond(field: &str, given: &str, offered: &[&str]) -> Option<Refusal> {
    if offered.is_empty() || offered.contains(&given) {
        return None;
    }
    let known: Vec<_> = offered.iter().map(|name| format!("`{name}`")).collect();
    let refusal = Refusal::because(Code::BadRequest, format!("{field}: `{given}` is not offered here"));
    Some(refusal.next(format!("choose one of {}", known.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_offered_is_refused_with_what_is() {
        assert_eq!(beyond("purpose", "anything", &[]), None);
        assert_eq!(beyond("purpose", "diagnosis", &["configuration", "diagnosis"]), None);
        let refusal = beyond("purpose", "fun", &["configuration", "diagnosis"]).unwrap();
        assert_eq!((refusal.code, refusal.reason.as_str()), (Code::BadRequest, "purpose: `fun` is not offered here"));
        assert_eq!(refusal.next.as_deref(), Some("choose one of `configuration`, `diagnosis`"));
    }
}
