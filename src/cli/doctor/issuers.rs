//! The keys of those who vouch for engineers and members: there, and some of use.
use http::Uri;

use crate::cli::client::{Call, Place, Trust, ask};
use crate::config::{Config, JwksFrom};
use crate::domain::time::{Clock, Timestamp};
use crate::identity::Jwks;
use crate::telemetry::logs::chain;

use super::finding::Finding;
use super::upstreams::skew;

/// Looks at every issuer.
pub(super) async fn check(config: &Config, trust: &Trust, now: Timestamp) -> Vec<Finding> {
    let (staff, customers) = (&config.staff, &config.customers);
    let mut findings = Vec::new();
    let both = [("staff", &staff.issuer, &staff.jwks), ("customers", &customers.issuer, &customers.jwks)];
    let partners = staff.partners.iter().map(|(id, partner)| (id.as_str(), &partner.issuer, &partner.jwks));
    for (whose, issuer, jwks) in both.into_iter().chain(partners) {
        findings.push(keys(&format!("{whose}, keys"), issuer, jwks).await);
        findings.extend(clock(issuer, jwks, trust, now).await);
    }
    findings
}

async fn keys(check: &str, issuer: &str, jwks: &JwksFrom) -> Finding {
    match Jwks::new(jwks.clone(), issuer, Clock::system()).read().await {
        Ok(()) => Finding::ok(check, format!("keys of `{issuer}` are there")),
        Err(error) => Finding::fail(check, chain(&error), "without its keys nobody whom it vouches for gets in"),
    }
}

/// Whether the issuer's clock is ours; a file has none.
async fn clock(issuer: &str, jwks: &JwksFrom, trust: &Trust, now: Timestamp) -> Option<Finding> {
    let url = match jwks {
        JwksFrom::File(_) => return None,
        JwksFrom::Url(url) => url.clone(),
        JwksFrom::Discovery => issuer.parse::<Uri>().ok()?,
    };
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let answer = ask(&Place::of(&url).ok()?, trust, Call::get(path)).await.ok()?;
    skew(&url, &answer, now)
}
