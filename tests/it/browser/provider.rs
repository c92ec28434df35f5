//! A gate whose engineers sign in at an identity provider of others, with its own pages.
use std::process::Command;

use serde_json::json;

use crate::world::{SECRET, World};

use super::{free_port, modules, played, script};

#[tokio::test]
async fn an_engineer_signs_in_at_a_certified_provider_shows_anew_who_they_are_and_is_signed_out_by_it() {
    let keys = tempfile::tempdir().unwrap();
    let (gate, issuer) = (free_port(), format!("http://127.0.0.1:{}", free_port()));
    let (public_url, folder) = (format!("http://127.0.0.1:{gate}"), keys.path().to_str().unwrap());
    let mut make = Command::new("node");
    played(make.arg(script("sign_in")).args(["keys", folder]).env("CHAPERONE_BROWSER", modules()));

    let world = World::builder().browser_sign_in();
    let world = world.variable("CHAPERONE__STAFF__ISSUER", &issuer);
    let world = world.variable("CHAPERONE__STAFF__JWKS_FILE", &format!("{folder}/public.json"));
    let world = world.variable("CHAPERONE__SERVER__LISTEN", &format!("127.0.0.1:{gate}"));
    let _world = world.variable("CHAPERONE__SERVER__PUBLIC_URL", &public_url).start().await;

    let mut story = Command::new("node");
    story.arg(script("sign_in")).args(["story", folder]).env("CHAPERONE_BROWSER", modules());
    story.env("CHAPERONE_PLACES", json!({"gate": public_url}).to_string());
    played(story.env("CHAPERONE_ISSUER", &issuer).env("CHAPERONE_CLIENT_SECRET", SECRET));
}
