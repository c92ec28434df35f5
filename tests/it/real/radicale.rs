//! Radicale, a calendar server: its users' calendars lie under `/NAME/`, and `X-Remote-User` says who comes.
use std::fs;

use serde_json::json;

use super::Behind;
use crate::world::{Session, engineers, members, python, refused};

const ROUTE: &str = r#"
methods = ["PROPFIND", "REPORT", "MKCALENDAR", "MOVE"]
headers = { "X-Remote-User" = "{subject.id}" }
effects = [
    { method = "PROPFIND", path = "/**", effect = "read" },
    { method = "REPORT", path = "/**", effect = "read" },
]
"#;

const CONFIG: &str = "
[auth]
type = http_x_remote_user
[rights]
type = owner_only
[storage]
filesystem_folder = data
";

const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//chaperone//tests//EN\r\nBEGIN:VEVENT\r\nUID:call-7\r\n\
    DTSTAMP:20260101T100000Z\r\nDTSTART:20260102T100000Z\r\nSUMMARY:Call with support\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// Every event of a calendar, as calendar apps ask for them (RFC 4791 section 7.8).
const QUERY: &str = r#"<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data/>
    </D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>
    </C:calendar-query>"#;

async fn radicale() -> Behind {
    let command = |dir: &std::path::Path, port: u16| {
        fs::write(dir.join("config"), CONFIG).unwrap();
        let mut python = python();
        python.args(["-m", "radicale", "--config", "config", "--hosts", &format!("127.0.0.1:{port}")]);
        python
    };
    Behind::start(ROUTE, command).await
}

impl Behind {
    async fn put_event(&self, session: &Session, path: &str) -> u16 {
        self.send(Self::asked(session, "PUT", path).header("content-type", "text/calendar"), EVENT).await.0
    }

    /// The events of a calendar.
    async fn report(&self, session: &Session, calendar: &str) -> (u16, String) {
        let asked = Self::asked(session, "REPORT", calendar).header("content-type", "application/xml");
        let (status, body) = self.send(asked, QUERY).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }
}

#[tokio::test]
async fn with_full_access_calendars_are_made_read_and_changed_as_the_member_would() {
    let calendars = radicale().await;
    calendars.world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = calendars.world.enter(&engineers::ADA, "acme").await;
    for calendar in ["/olga/work/", "/olga/home/"] {
        assert_eq!(calendars.ask(&ada, "MKCALENDAR", calendar).await.0, 201, "{calendar}");
    }
    assert_eq!(calendars.put_event(&ada, "/olga/work/call.ics").await, 201);
    let (status, listed) = calendars.ask(&ada, "PROPFIND", "/olga/work/").await;
    assert!(status == 207 && listed.contains("/olga/work/call.ics"), "{listed}");
    let (status, events) = calendars.report(&ada, "/olga/work/").await;
    assert!(status == 207 && events.contains("SUMMARY:Call with support"), "{events}");

    let home = "http://support.example.com/olga/home/call.ics";
    assert_eq!(calendars.carry(&ada, "MOVE", "/olga/work/call.ics", home).await.0, 201);
    assert_eq!(calendars.ask(&ada, "GET", "/olga/work/call.ics").await.0, 404);
    let (status, event) = calendars.ask(&ada, "GET", "/olga/home/call.ics").await;
    assert!(status == 200 && event.contains("UID:call-7"), "{event}");
    assert_eq!(calendars.ask(&ada, "DELETE", "/olga/home/call.ics").await.0, 200);
    assert_eq!(calendars.ask(&ada, "GET", "/olga/home/call.ics").await.0, 404);
    assert_eq!(calendars.ask(&ada, "PROPFIND", "/otto/").await.0, 403, "Radicale takes her for Olga");
    assert!(calendars.tap.sent().contains("\r\nx-remote-user: olga\r\n"));
    assert!(!calendars.tap.sent().contains("mallory"), "no forged header arrives");
}

#[tokio::test]
async fn without_a_grant_or_with_one_to_read_no_calendar_changes() {
    let calendars = radicale().await;
    let enter = json!({"workspace": "acme", "reason": "just looking"});
    assert_eq!(calendars.world.try_enter(&engineers::ADA, enter).await.problem(), refused(403, "grant-missing"));
    assert_eq!(calendars.tap.sent(), "");
    let rw = calendars.world.grant(&members::OLGA, json!({"access": "full", "duration": "1d"})).await;
    let ada = calendars.world.enter(&engineers::ADA, "acme").await;
    assert_eq!(calendars.ask(&ada, "MKCALENDAR", "/olga/work/").await.0, 201);
    assert_eq!(calendars.put_event(&ada, "/olga/work/call.ics").await, 201);
    calendars.world.revoke(&members::OLGA, &rw).await;
    let before = calendars.tap.sent().len();
    let answer = calendars.world.ask(&ada, "REPORT", "/olga/work/").await;
    assert_eq!(answer.problem(), refused(403, "grant-revoked"));
    assert_eq!(calendars.tap.sent().len(), before, "nothing of it came upstream");

    calendars.world.grant(&members::OLGA, json!({"access": "read_only", "duration": "1d"})).await;
    let ada = calendars.world.enter(&engineers::ADA, "acme").await;
    assert_eq!(calendars.ask(&ada, "PROPFIND", "/olga/").await.0, 207);
    assert_eq!(calendars.ask(&ada, "GET", "/olga/work/call.ics").await.0, 200);
    let (status, events) = calendars.report(&ada, "/olga/work/").await;
    assert!(status == 207 && events.contains("SUMMARY:Call with support"), "{events}");
    let before = calendars.tap.sent().len();
    for method in ["PUT", "DELETE", "MKCALENDAR", "POST"] {
        let answer = calendars.world.ask(&ada, method, "/olga/work/call.ics").await;
        assert_eq!(answer.problem(), refused(403, "read-only"), "{method}");
    }
    let moved = calendars.carry(&ada, "MOVE", "/olga/work/call.ics", "/olga/work/gone.ics").await;
    assert_eq!(moved, refused(403, "read-only"));
    assert_eq!(calendars.tap.sent().len(), before, "nothing of it came upstream");
}

#[tokio::test]
async fn an_event_is_moved_only_to_where_it_might_have_been_written() {
    let calendars = radicale().await;
    let work = json!({"access": "full", "duration": "1d", "scope": ["/olga/work/**"]});
    calendars.world.grant(&members::OLGA, work).await;
    let ada = calendars.world.enter(&engineers::ADA, "acme").await;
    assert_eq!(calendars.ask(&ada, "MKCALENDAR", "/olga/work/").await.0, 201);
    assert_eq!(calendars.put_event(&ada, "/olga/work/call.ics").await, 201);
    let before = calendars.tap.sent().len();
    for (destination, status, code) in [
        ("/olga/home/call.ics", 403, "out-of-scope"),
        ("/otto/work/call.ics", 403, "out-of-scope"),
        ("/w/globex/call.ics", 403, "wrong-workspace"),
        ("https://evil.example/olga/work/b.ics", 400, "bad-request"),
    ] {
        let answer = calendars.carry(&ada, "MOVE", "/olga/work/call.ics", destination).await;
        assert_eq!(answer, refused(status, code), "{destination}");
    }
    assert_eq!(calendars.tap.sent().len(), before, "nothing of it came upstream");
    let moved = calendars.carry(&ada, "MOVE", "/olga/work/call.ics", "/olga/work/b.ics").await;
    assert_eq!(moved.0, 201);
}
