//! Files: which may come, who gets them, and what a refusal or a crash leaves of them.
use serde_json::json;

use crate::world::{Connection, Form, Upload, Via, World, engineers, eventually, members, refused, request};

use super::{MP4, PATIENCE, PDF, PNG, WEBM, form, path, text};

#[tokio::test]
async fn t16_a_screenshot_a_short_video_or_a_pdf_may_come_with_it_and_nothing_else() {
    let world =
        World::builder().section("[support_requests]\nattachments = 3\nattachment_size = \"64KiB\"").start().await;
    let files = form().file("screen.png", "image/png", PNG).file("C:\\June\\clip.webm", "video/webm", WEBM).file(
        "a report.pdf",
        "application/pdf",
        PDF,
    );
    let case = world.ask_for_help(&members::OLGA, &files).await;
    let shown: Vec<_> = case["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["name"].clone(), file["type"].clone()))
        .collect();
    let expected = [("screen.png", "image/png"), ("clip.webm", "video/webm"), ("a report.pdf", "application/pdf")];
    assert_eq!(shown, expected.map(|(name, kind)| (json!(name), json!(kind))));
    let undeclared = form().file("clip.mp4", "application/octet-stream", MP4);
    assert_eq!(world.ask_for_help(&members::OLGA, &undeclared).await["attachments"][0]["type"], "video/mp4");

    let kept = world.kept();
    assert_eq!(kept.len(), 4);
    let large = [PNG, &vec![0; 64 << 10]].concat();
    for (form, status, code, said) in [
        (
            form().file("run.png", "image/png", b"MZ\x90\0 and the rest of a program"),
            415,
            "unsupported-media-type",
            "neither a PNG",
        ),
        (
            form().file("page.svg", "image/svg+xml", b"<svg onload=alert(1)>"),
            415,
            "unsupported-media-type",
            "neither a PNG",
        ),
        (form().file("x.pdf", "application/pdf", PNG), 415, "unsupported-media-type", "is `image/png`"),
        (form().file("large.png", "image/png", &large), 413, "too-large", "larger than 64 KiB"),
        (form().file("a.png", "image/png", b""), 400, "bad-request", "is empty"),
        (
            form()
                .file("1.png", "image/png", PNG)
                .file("2.png", "image/png", PNG)
                .file("3.png", "image/png", PNG)
                .file("4.png", "image/png", PNG),
            413,
            "too-large",
            "3 files at most",
        ),
        (form().part("name=\"attachments\"", None, PNG), 400, "bad-request", "no `filename`"),
    ] {
        let answer = world.try_ask_for_help(&members::OLGA, &form).await;
        assert_eq!(answer.problem(), refused(status, code), "{}", answer.text());
        assert!(answer.text().contains(said), "{}", answer.text());
    }
    assert_eq!(world.kept().len(), kept.len(), "what was refused is not kept");
    let empty = form().part("name=\"attachments\"; filename=\"\"", Some("application/octet-stream"), b"");
    assert_eq!(world.ask_for_help(&members::OLGA, &empty).await["attachments"], json!([]), "a browser's empty field");
}

#[tokio::test]
async fn an_attachment_is_handed_out_as_a_download_to_those_whom_it_concerns_alone() {
    let world = World::start().await;
    let case = world.ask_for_help(&members::OLGA, &form().file("scr\u{e4}en.html", "image/png", PNG)).await;
    let file = &case["attachments"][0];
    let at = format!("{}/attachments/{}", path(&case), text(file, "id"));
    for reader in [world.member(&members::OTTO), world.engineer(&engineers::ADA)] {
        let got = world.api("GET", &at, &reader, None).await.expect(200);
        assert_eq!(got.body, PNG);
        for (name, value) in [
            ("content-type", "image/png"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("cache-control", "no-store"),
            ("content-length", &PNG.len().to_string()),
        ] {
            assert_eq!(got.header(name), Some(value), "{name}");
        }
        let disposition = got.header("content-disposition").unwrap();
        assert!(
            disposition.starts_with("attachment; ") && disposition.ends_with("''scr%C3%A4en.html.png"),
            "{disposition}"
        );
    }
    let own = world.ask_for_help(&members::GUS, &form()).await;
    let gus = world.member(&members::GUS);
    for (token, path) in [
        (&gus, at.clone()),
        (&gus, at.replace("acme", "globex")),
        (&gus, format!("{}/attachments/{}", path(&own), text(file, "id"))),
        (&gus, path(&case)),
        (&world.engineer(&engineers::ADA), at.replace("acme", "globex")),
        (&world.engineer(&engineers::ADA), format!("{}/attachments/{}", path(&own), text(file, "id"))),
    ] {
        assert_eq!(world.api("GET", &path, token, None).await.problem(), refused(404, "not-found"), "{path}");
    }
    assert_eq!(world.api("GET", &at, &world.member(&members::MAX), None).await.problem(), refused(403, "not-owner"));
    assert_eq!(world.api("GET", &at, &world.token("operator"), None).await.problem(), refused(403, "policy-denied"));
    let folder = std::fs::metadata(world.path("attachments")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&folder.permissions()) & 0o777, 0o700);
    let kept = std::fs::metadata(world.path("attachments").join(text(file, "id"))).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&kept.permissions()) & 0o777, 0o600);
}

#[tokio::test]
async fn whoever_goes_away_while_sending_leaves_nothing() {
    let world = World::start().await;
    let mut upload = half_sent(&world).await;
    upload
        .until(async { eventually("the file comes", PATIENCE, async || (world.kept().len() == 1).then_some(())).await })
        .await;
    drop(upload);
    eventually("the file is gone", PATIENCE, async || world.kept().is_empty().then_some(())).await;
    let listed = world.api("GET", "/workspaces/acme/support-requests", &world.member(&members::OLGA), None).await;
    assert_eq!(listed.expect(200).json()["items"], json!([]));
}

#[tokio::test]
async fn a_crash_while_a_file_comes_leaves_neither_half_a_request_nor_the_file() {
    let mut world = World::start().await;
    let whole = world.ask_for_help(&members::OLGA, &form().file("s.png", "image/png", PNG)).await;
    let mut upload = half_sent(&world).await;
    upload
        .until(async { eventually("the file comes", PATIENCE, async || (world.kept().len() == 2).then_some(())).await })
        .await;
    world.gate.kill();
    assert_eq!(world.kept().len(), 2);
    drop(upload);
    // What was committed, but not moved out before the crash.
    let (id, folder) = (text(&whole["attachments"][0], "id"), world.path("attachments"));
    std::fs::rename(folder.join(&id), folder.join("incoming").join(&id)).unwrap();
    world.restart().await;
    assert_eq!(world.kept(), [id.as_str()]);
    let listed = world.api("GET", "/workspaces/acme/support-requests", &world.member(&members::OLGA), None).await;
    assert_eq!(listed.expect(200).json()["items"], json!([whole]));
    let at = format!("{}/attachments/{id}", path(&whole));
    assert_eq!(world.api("GET", &at, &world.member(&members::OLGA), None).await.expect(200).body, PNG);
}

/// A form under way: half of its file has been sent.
async fn half_sent(world: &World) -> Upload {
    let large = [PNG, &vec![7; 200_000]].concat();
    let bytes = form().file("s.png", "image/png", &large).bytes();
    let call = request("POST", "/.chaperone/api/v1/workspaces/acme/support-requests");
    let call = call.header("authorization", format!("Bearer {}", world.member(&members::OLGA)));
    let connection: Connection = world.connect(Via::Http1).await;
    let upload = Upload::send(connection, call.header("content-type", Form::kind()));
    upload.feed.send(bytes.slice(..100_000)).await.unwrap();
    upload
}
