//! `[staff]` and `[customers]`: whose word is believed on who engineers and members are.
use std::collections::BTreeMap;

use crate::config::people::{Customers, JwksFrom, Partner, SignIn, Staff};
use crate::config::reading::Complaint;
use crate::config::secret::secret;
use crate::config::section::Section;
use crate::config::values;
use crate::domain::id::MemberId;
use crate::domain::time::Span;

/// The `aud` that tokens for us carry.
const AUDIENCE: &str = "chaperone";
/// How long a sign-in counts, where engineers sign in by browser.
const RECHECK: Span = Span::from_seconds(15 * 60);

/// Who engineers are.
pub(super) fn staff(s: &mut Section<'_>) -> Option<Staff> {
    let issuer = s.required("issuer").and_then(|item| item.parsed(values::words));
    let jwks = jwks(s, issuer.as_deref());
    let allowed_groups = s.list("allowed_groups", values::words).unwrap_or_else(|| vec!["support".to_owned()]);
    let (groups, organization) =
        s.table_or_default("claims", |s| Some((claim(s, "groups", "groups"), claim(s, "organization", "org"))))?;
    let audience = s.parsed("audience", values::words).unwrap_or_else(|| AUDIENCE.to_owned());
    let (organizations, partners) = organizations(s, issuer.as_deref(), &audience);
    let (sign_in, recheck) = sign_in(s, issuer.as_deref());
    Some(Staff {
        issuer: issuer?,
        audience,
        jwks: jwks?,
        allowed_groups: allowed_groups.into_iter().collect(),
        groups_claim: groups,
        organization_claim: organization,
        organizations,
        partners,
        sign_in,
        recheck,
    })
}

/// The organizations, and those that have an issuer of their own; `staff` is the vendor's.
fn organizations(
    s: &mut Section<'_>,
    staff: Option<&str>,
    audience: &str,
) -> (BTreeMap<String, String>, BTreeMap<String, Partner>) {
    let (mut known, mut partners) = (BTreeMap::new(), BTreeMap::<String, Partner>::new());
    s.tables("organizations", |s| {
        let id = s.required("id").and_then(|item| item.parsed(values::words));
        let name = s.required("name").and_then(|item| item.parsed(values::words));
        if let Some(twice) = id.as_ref().filter(|id| known.contains_key(*id)) {
            s.complain("id", Complaint::new(format!("`{twice}` is listed twice")).hint("keep one of the two"));
        }
        let taken = |issuer: &str| staff == Some(issuer) || partners.values().any(|known| known.issuer == issuer);
        let partner = partner(s, id.as_deref(), taken, audience);
        let id = id?;
        if let Some(partner) = partner {
            partners.insert(id.clone(), partner);
        }
        known.insert(id, name?)
    });
    (known, partners)
}

/// Who speaks for the engineers of one organization, if not the staff's issuer; `taken` says which issuers speak for others.
fn partner(s: &mut Section<'_>, id: Option<&str>, taken: impl Fn(&str) -> bool, audience: &str) -> Option<Partner> {
    let Some(issuer) = s.item("issuer") else {
        for key in ["audience", "jwks_file", "jwks_url"] {
            if s.parsed(key, values::words).is_none() {
                continue;
            }
            let complaint = Complaint::new("this says whose tokens to believe, and there is no `issuer`");
            s.complain(key, complaint.hint("add the `issuer` of this organization, or remove the key"));
        }
        return None;
    };
    let issuer = issuer.parsed(values::words);
    if issuer.as_deref().is_some_and(taken) {
        let complaint = Complaint::new("this issuer speaks for other engineers already");
        s.complain("issuer", complaint.hint("an organization with an issuer of its own has it alone"));
    }
    if let Some(id) = id.filter(|id| id.parse::<MemberId>().is_err()) {
        let complaint = Complaint::new(format!("`{id}` stands in front of its engineers' ids, as in `{id}:ada`"));
        s.complain("id", complaint.hint("choose 1 to 64 letters, digits, `.`, `_` or `-`"));
    }
    let jwks = jwks(s, issuer.as_deref());
    let audience = s.parsed("audience", values::words).unwrap_or_else(|| audience.to_owned());
    Some(Partner { issuer: issuer?, audience, jwks: jwks? })
}

/// How engineers sign in by browser, and how long that counts.
fn sign_in(s: &mut Section<'_>, issuer: Option<&str>) -> (Option<SignIn>, Option<Span>) {
    let client_id = s.parsed("client_id", values::words);
    let client_secret = secret(s, "client_secret", "client_secret_file");
    let step_up_acr = s.parsed("step_up_acr", values::words);
    let recheck = s.parsed("recheck", |given| match given {
        "off" => Ok(None),
        span => values::duration(span).map(Some),
    });
    if client_secret.is_some() && !s.has("client_id") {
        let complaint = Complaint::new("a client secret is for browser sign-in, which needs `client_id` too");
        s.complain("client_secret", complaint.hint("add `client_id`, or remove the secret"));
    }
    if let Some(complaint) = client_id.as_ref().and(issuer).and_then(|issuer| values::fetched(issuer).err()) {
        s.complain(
            "client_id",
            complaint.hint("browser sign-in needs an `issuer` that can be asked: an `https` address"),
        );
    }
    let default = client_id.is_some().then_some(RECHECK);
    let sign_in = client_id.map(|client_id| SignIn { client_id, client_secret, step_up_acr });
    (sign_in, recheck.unwrap_or(default))
}

/// Who members are; `staff` has the other issuers, which theirs must differ from.
pub(super) fn customers(s: &mut Section<'_>, staff: Option<&Staff>) -> Option<Customers> {
    let issuer = s.required("issuer").and_then(|item| item.parsed(values::words));
    if staff.is_some_and(|staff| staff.issuers().any(|other| Some(other) == issuer.as_deref())) {
        let complaint = Complaint::new("this is the issuer of `staff` too, so an engineer could pass for a customer");
        s.complain("issuer", complaint.hint("members and engineers need issuers of their own"));
    }
    let jwks = jwks(s, issuer.as_deref());
    let (workspace_claim, role_claim, email_claim) = s.table_or_default("claims", |s| {
        Some((claim(s, "workspace", "workspace"), claim(s, "role", "role"), claim(s, "email", "email")))
    })?;
    Some(Customers {
        audience: s.parsed("audience", values::words).unwrap_or_else(|| AUDIENCE.to_owned()),
        workspace_claim,
        role_claim,
        email_claim,
        token_paths: s.list("token_paths", values::pattern).unwrap_or_default(),
        login_url: s.parsed("login_url", |given| values::web(given).map(|_| given.to_owned())),
        origins: s.list("origins", values::origin).unwrap_or_default().into_iter().collect(),
        issuer: issuer?,
        jwks: jwks?,
    })
}

fn claim(s: &mut Section<'_>, key: &'static str, default: &str) -> String {
    s.parsed(key, values::words).unwrap_or_else(|| default.to_owned())
}

/// Where the issuer's keys come from; without a word on it, from the issuer itself.
fn jwks(s: &mut Section<'_>, issuer: Option<&str>) -> Option<JwksFrom> {
    let (file, url) = (s.item("jwks_file"), s.item("jwks_url"));
    match (file, url) {
        (Some(file), None) => file.file().map(JwksFrom::File),
        (None, Some(url)) => url.parsed(values::fetched).map(JwksFrom::Url),
        (Some(_), Some(_)) => {
            let complaint = Complaint::new("`jwks_file` is given too");
            s.complain("jwks_url", complaint.hint("keep `jwks_file` or `jwks_url`, not both"));
            None
        }
        (None, None) => {
            let complaint = values::fetched(issuer?).err();
            let Some(complaint) = complaint else { return Some(JwksFrom::Discovery) };
            s.complain(
                "issuer",
                complaint.hint(
                    "an issuer whose keys are discovered is an `https` address; else set `jwks_file` or `jwks_url`",
                ),
            );
            None
        }
    }
}
