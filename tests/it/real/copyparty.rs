//! copyparty, a file server: its users' folders are `/u/NAME`, and `X-Remote-User` says who comes.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::json;
use tokio::time::timeout;

use super::Behind;
use crate::browser::{free_port, modules, played, script};
use crate::world::{Via, World, body, engineers, members, python, refused, request};

/// Longer than any story here waits, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const ROUTE: &str = r#"
methods = ["PROPFIND", "MKCOL", "COPY", "MOVE"]
headers = { "X-Remote-User" = "{subject.id}", "X-Remote-Groups" = "{workspace.id}" }
effects = [{ method = "PROPFIND", path = "/**", effect = "read" }]
"#;

/// Listens on loopback alone and believes the identity headers of whoever comes from there.
const CONFIG: &str = "
[global]
  i: 127.0.0.1
  idp-h-usr: x-remote-user
  idp-h-grp: x-remote-groups
  idp-store: 0
  rproxy: 1
  xff-src: 127.0.0.0/8
  no-crt
  no-thumb
  # State of tests may lie in memory.
  wram

[/u/${u}]
  ./files/${u}
  accs:
    rwmda: ${u}
";

fn command(dir: &Path, port: u16) -> Command {
    fs::write(dir.join("copyparty.conf"), CONFIG).unwrap();
    let mut python = python();
    python.args(["-m", "copyparty", "-c", "copyparty.conf", "-p", &port.to_string()]);
    python.env("XDG_CONFIG_HOME", dir.join("config"));
    python
}

async fn copyparty() -> Behind {
    Behind::start(ROUTE, command).await
}

/// A gate that a real browser can reach, and copyparty behind it.
async fn for_browsers(port: u16) -> Behind {
    let world = World::builder().browser_sign_in().route(ROUTE);
    let world = world.variable("CHAPERONE__SERVER__LISTEN", &format!("127.0.0.1:{port}"));
    let world = world.variable("CHAPERONE__SERVER__PUBLIC_URL", &format!("http://127.0.0.1:{port}"));
    Behind::in_world(world, command).await
}

// The story keeps this thread; the gate's neighbours need another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_see_the_banner_on_pages_of_real_apps_and_everything_else_is_as_it_was() {
    let port = free_port();
    let files = for_browsers(port).await;
    files.world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    fs::create_dir_all(files.file("")).unwrap();
    fs::write(files.file("octets.bin"), content()).unwrap();
    let heavy = modules().join("node_modules/swagger-ui-dist");
    let copied = Command::new("cp").arg("-r").arg(heavy).arg(files.file("heavy")).status().unwrap();
    assert!(copied.success());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content());
    let digest = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let mut story = Command::new("node");
    story.arg(script("real_apps")).arg(digest).env("CHAPERONE_BROWSER", modules());
    played(story.env("CHAPERONE_PLACES", json!({"gate": format!("http://127.0.0.1:{port}")}).to_string()));
}

impl Behind {
    /// A file of Olga's, on disk.
    fn file(&self, name: &str) -> PathBuf {
        self.app.dir.path().join("files/olga").join(name)
    }
}

/// Every octet there is, and more of them than one read takes.
fn content() -> Vec<u8> {
    (0..300_000_u32).map(|i| i.to_le_bytes()[(i % 3) as usize]).collect()
}

#[tokio::test]
async fn with_full_access_files_are_seen_uploaded_and_moved_as_the_member_would() {
    let files = copyparty().await;
    files.world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = files.world.enter(&engineers::ADA, "acme").await;
    let page = Behind::asked(&ada, "GET", "/u/olga/").header("user-agent", "Mozilla/5.0");
    let (status, page) = files.send(page, "").await;
    assert!(status == 200 && page.starts_with(b"<!DOCTYPE html>"), "{page:?}");

    let (status, _) = files.send(Behind::asked(&ada, "PUT", "/u/olga/put.bin"), content()).await;
    assert_eq!((status, fs::read(files.file("put.bin")).unwrap()), (201, content()));
    let form = "multipart/form-data; boundary=XX";
    let mut parts =
        b"--XX\r\nContent-Disposition: form-data; name=\"act\"\r\n\r\nbput\r\n--XX\r\nContent-Disposition: \
        form-data; name=\"f\"; filename=\"form.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            .to_vec();
    parts.extend([&content()[..], b"\r\n--XX--\r\n"].concat());
    let (status, _) = files.send(Behind::asked(&ada, "POST", "/u/olga/").header("content-type", form), parts).await;
    assert_eq!((status, fs::read(files.file("form.bin")).unwrap()), (201, content()));

    let (status, whole) = files.send(Behind::asked(&ada, "GET", "/u/olga/form.bin"), "").await;
    assert_eq!((status, &whole[..]), (200, &content()[..]));
    let range = Behind::asked(&ada, "GET", "/u/olga/put.bin").header("range", "bytes=70000-200000");
    let (status, part) = files.send(range, "").await;
    assert_eq!((status, &part[..]), (206, &content()[70_000..=200_000]));

    assert_eq!(files.ask(&ada, "MKCOL", "/u/olga/case%207").await.0, 201);
    let host = "http://support.example.com";
    let moved = files.carry(&ada, "MOVE", "/u/olga/put.bin", &format!("{host}/u/olga/case%207/a.bin")).await;
    let copied = files.carry(&ada, "COPY", "/u/olga/case%207/a.bin", "/u/olga/b.bin").await;
    assert_eq!((moved.0, copied.0, files.file("put.bin").exists()), (201, 201, false));
    for copy in ["case 7/a.bin", "b.bin"] {
        assert_eq!(fs::read(files.file(copy)).unwrap(), content(), "{copy}");
    }
    let (status, listed) = files.ask(&ada, "PROPFIND", "/u/olga/").await;
    assert!(status == 207 && listed.contains("/u/olga/case%207/"), "{listed}");
    assert_eq!(files.ask(&ada, "DELETE", "/u/olga/b.bin").await.0, 200);
    assert!(!files.file("b.bin").exists());
    assert!(files.tap.sent().contains("\r\nx-remote-user: olga\r\n"));
    assert!(!files.tap.sent().contains("mallory"), "no forged header arrives");
}

#[tokio::test]
async fn without_a_grant_nothing_reaches_the_file_server_and_others_folders_stay_closed() {
    let files = copyparty().await;
    let upload = request("PUT", "/u/olga/a").header("x-remote-user", "olga").body(body("x")).unwrap();
    assert_eq!(files.world.send(upload).await.problem(), refused(401, "no-session"));
    let enter = json!({"workspace": "acme", "reason": "just looking"});
    assert_eq!(files.world.try_enter(&engineers::ADA, enter).await.problem(), refused(403, "grant-missing"));
    assert_eq!(files.tap.sent(), "");

    let grant = files.world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = files.world.enter(&engineers::ADA, "acme").await;
    assert_eq!(files.send(Behind::asked(&ada, "PUT", "/u/olga/a"), "x").await.0, 201);
    assert_eq!(files.ask(&ada, "GET", "/u/otto/").await.0, 403, "copyparty takes her for Olga");
    files.world.revoke(&members::OLGA, &grant).await;
    let before = files.tap.sent().len();
    for method in ["GET", "PUT", "PROPFIND", "DELETE"] {
        let answer = files.world.ask(&ada, method, "/u/olga/a").await;
        assert_eq!(answer.problem(), refused(403, "grant-revoked"), "{method}");
    }
    assert_eq!(files.tap.sent().len(), before, "nothing of it came upstream");
    assert!(files.file("a").exists());
}

#[tokio::test]
async fn read_only_access_reads_files_and_changes_none() {
    let files = copyparty().await;
    let rw = files.world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = files.world.enter(&engineers::ADA, "acme").await;
    assert_eq!(files.send(Behind::asked(&ada, "PUT", "/u/olga/a"), "as it was").await.0, 201);
    files.world.revoke(&members::OLGA, &rw).await;
    files.world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = files.world.enter(&engineers::ADA, "acme").await;

    assert_eq!(files.ask(&ada, "GET", "/u/olga/a").await, (200, "as it was".to_owned()));
    assert_eq!(files.ask(&ada, "PROPFIND", "/u/olga/").await.0, 207);
    let before = files.tap.sent().len();
    for method in ["PUT", "POST", "DELETE", "MKCOL"] {
        let answer = files.world.ask(&ada, method, "/u/olga/a").await;
        assert_eq!(answer.problem(), refused(403, "read-only"), "{method}");
    }
    for method in ["COPY", "MOVE"] {
        assert_eq!(files.carry(&ada, method, "/u/olga/a", "/u/olga/b").await, refused(403, "read-only"), "{method}");
    }
    assert_eq!(files.tap.sent().len(), before, "nothing of it came upstream");
}

#[tokio::test]
async fn a_file_is_moved_only_to_where_it_might_have_been_written() {
    let files = copyparty().await;
    let case = json!({"access": "full", "duration": "1d", "scope": ["/u/olga/case/**"]});
    files.world.grant(&members::OLGA, case).await;
    let ada = files.world.enter(&engineers::ADA, "acme").await;
    assert_eq!(files.send(Behind::asked(&ada, "PUT", "/u/olga/case/a"), "a").await.0, 201);
    let before = files.tap.sent().len();
    for method in ["COPY", "MOVE"] {
        for (destination, status, code) in [
            ("/u/olga/private/a", 403, "out-of-scope"),
            ("http://support.example.com/u/olga/a", 403, "out-of-scope"),
            ("/w/globex/a", 403, "wrong-workspace"),
            ("http://evil.example/u/olga/case/b", 400, "bad-request"),
            ("/u/olga/case/../a", 400, "ambiguous-path"),
        ] {
            let answer = files.carry(&ada, method, "/u/olga/case/a", destination).await;
            assert_eq!(answer, refused(status, code), "{method} {destination}");
        }
    }
    assert_eq!(files.tap.sent().len(), before, "nothing of it came upstream");
    assert_eq!(files.carry(&ada, "MOVE", "/u/olga/case/a", "/u/olga/case/b").await.0, 201);
}

#[tokio::test]
async fn a_revoke_cuts_a_download() {
    const LENGTH: u64 = 1 << 30;
    let files = copyparty().await;
    let grant = files.world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = files.world.enter(&engineers::ADA, "acme").await;
    assert_eq!(files.ask(&ada, "GET", "/u/olga/").await.0, 200);
    // More than all buffers on the way hold; all of it a hole, so that no disk is filled.
    fs::create_dir_all(files.file("")).unwrap();
    fs::File::create(files.file("disk.img")).unwrap().set_len(LENGTH).unwrap();

    let mut connection = files.world.connect(Via::Http1).await;
    let asked = Behind::asked(&ada, "GET", "/u/olga/disk.img").body(body("")).unwrap();
    let download = connection.begin(asked).await.unwrap();
    assert_eq!(download.headers()["content-length"], LENGTH.to_string());
    let mut download = download.into_body();
    let mut read = download.frame().await.unwrap().unwrap().data_ref().unwrap().len() as u64;
    let revoked = files.world.revoke(&members::OLGA, &grant).await;
    assert_eq!(revoked["streams_cut"], 1, "{revoked}");
    let cut = async {
        while let Some(Ok(frame)) = download.frame().await {
            read += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
    };
    timeout(PATIENCE, cut).await.expect("the download ends");
    assert!(read < LENGTH / 2, "{read} octets came");
}
