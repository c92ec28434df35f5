//! Cookies: ours stay here, whatever stands around them, and nobody else's is taken for ours.
use super::wire::Fate::{Passes, Refused, Safe};
use super::wire::Wire;
use crate::world::HOST;

#[tokio::test]
async fn our_cookie_never_reaches_the_app_by_any_spelling() {
    let wire = Wire::start().await;
    let (cookie, token) = (wire.session.cookie(), wire.session.token.clone());
    let with = |cookies: &str| format!("GET /invoices HTTP/1.1\r\nHost: {HOST}\r\n{cookies}\r\n\r\n");
    for (fate, cookies) in [
        (Passes, format!("Cookie: theme=dark; {cookie}; lang=en")),
        (Passes, format!("cookie: theme=dark\r\nCOOKIE: {cookie}\r\nCookie: lang=en")),
        (Passes, format!("Cookie:{cookie};;;=;x")),
        (Passes, format!("Cookie: {cookie}; __host-chaperone=mallory; __Secure-chaperone=mallory")),
        (Passes, format!("Cookie: {cookie}; __Host_chaperone=mallory; ..Host.chaperone=mallory")),
        (Passes, format!("Cookie: {cookie}; %5F%5FHost-chaperone=mallory; chaperone=mallory")),
        (Passes, format!("Cookie: {cookie}; __Host-chaperone-staff=mallory; __Host-chaperone-x=mallory")),
        (Passes, format!("Cookie: {cookie}; a=1,__Host-chaperone=mallory; b=\"__Host-chaperone=mallory\"")),
        (Passes, format!("Cookie: {cookie}; \"__Host-chaperone\"=mallory; [__Host-chaperone]=mallory")),
        (Safe, format!("Cookie: {cookie}; $Version=1; __Host-chaperone\t=mallory")),
        (Refused, format!("Cookie: {cookie}; __Host-chaperone=mallory")),
        (Refused, format!("Cookie: __Host-chaperone=mallory\r\nCookie: {cookie}")),
        (Refused, format!("Cookie: {cookie}; {cookie}")),
        (Refused, format!("Cookie: __host-chaperone={token}")),
        (Refused, format!("Cookie: __Secure-chaperone={token}")),
        (Refused, format!("Cookie: __Host-chaperone=\"{token}\"")),
        (Refused, format!("Cookie: __Host-chaperone={token}x")),
        (Refused, format!("Cookie: __Host-chaperone={}", &token[1..])),
        (Refused, format!("Cookie: __Host-chaperone={}", token.to_lowercase())),
        (Refused, "Cookie: __Host-chaperone=".to_owned()),
        (Refused, format!("Cookie: theme={cookie}")),
        (Refused, format!("Cookie: theme=dark,{cookie}")),
        (Refused, format!("Cookie2: {cookie}")),
        (Refused, format!("X-Cookie: {cookie}")),
        (Refused, format!("Authorization: Bearer {token}")),
        (Refused, format!("Authorization: Basic {token}\r\nX-Chaperone-Session: {}", wire.session.id)),
    ] {
        wire.expect(fate, &cookies, &with(&cookies)).await;
    }
    let seen = wire.expect(Passes, "others", &with(&format!("Cookie: a=1; {cookie}; b[c]=2"))).await.seen;
    assert!(seen[0].contains("\r\ncookie: a=1; b[c]=2\r\n"), "{seen:?}");
}
