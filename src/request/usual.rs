//! The fields that nearly every request has: told at a glance, where any other name is looked at closely.
use http::HeaderName;

/// Whether a name is among those that nearly every request has, and that may pass: told at a glance.
pub(super) fn is_usual(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "accept"
            | "accept-encoding"
            | "accept-language"
            | "cache-control"
            | "content-type"
            | "dnt"
            | "if-modified-since"
            | "if-none-match"
            | "origin"
            | "pragma"
            | "priority"
            | "range"
            | "referer"
            | "sec-ch-ua"
            | "sec-ch-ua-mobile"
            | "sec-ch-ua-platform"
            | "sec-fetch-dest"
            | "sec-fetch-mode"
            | "sec-fetch-site"
            | "sec-fetch-user"
            | "upgrade-insecure-requests"
            | "user-agent"
            | "x-csrf-token"
            | "x-requested-with"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::headers::{is_identity, may_pass, squash};

    #[test]
    fn what_is_told_at_a_glance_is_true() {
        let source = include_str!("usual.rs");
        let listed = source.split("pub(super) fn is_usual").nth(1).unwrap().split(")\n}").next().unwrap();
        let listed: Vec<&str> = listed.split('"').skip(1).step_by(2).collect();
        assert!(listed.len() > 20);
        for usual in listed {
            assert!(
                is_usual(&HeaderName::from_static(usual))
                    && may_pass(&HeaderName::from_static(usual))
                    && !is_identity(&squash(usual)),
                "{usual}"
            );
        }
    }
}
