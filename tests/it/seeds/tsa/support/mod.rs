//! Support requests, sentence by sentence (T13 to T24, T31, F3): a member asks for help, and that is the consent.
//!
//! * here: what these stories have in common. `asking`, `working`, `files`, `told`: the stories. `tickets`: those of a ticket system.
mod asking;
mod files;
mod tickets;
mod told;
mod working;

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Engineer, Form, Member, Reply, World, chaperone, eventually, request};

const PATIENCE: Duration = Duration::from_secs(20);

/// Files by their first bytes.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and the rest of a picture, which is longer than its head by far";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n";
const WEBM: &[u8] =
    b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm";
const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";

pub(super) fn form() -> Form {
    Form::default()
        .text("issue", "The import of June hangs at 40 %.\r\nIt did so twice.")
        .text("tried", "another browser")
        .text("expected", "all 1,200 rows")
}

impl World {
    /// A member submits a support request.
    pub(super) async fn try_ask_for_help(&self, member: &Member, form: &Form) -> Reply {
        let call = request("POST", &format!("/.chaperone/api/v1/workspaces/{}/support-requests", member.workspace));
        self.send(form.by(call.header("authorization", format!("Bearer {}", self.member(member))))).await
    }

    /// A member submits a support request, as it is shown.
    pub(super) async fn ask_for_help(&self, member: &Member, form: &Form) -> Value {
        self.try_ask_for_help(member, form).await.expect(201).json()
    }

    /// What the member sees of a case.
    async fn case(&self, member: &Member, case: &Value) -> Value {
        self.api("GET", &path(case), &self.member(member), None).await.expect(200).json()
    }

    async fn start_case(&self, engineer: &Engineer, case: &Value) -> Reply {
        self.api("POST", &format!("/support-requests/{}/start", text(case, "id")), &self.engineer(engineer), None).await
    }

    async fn resolve_case(&self, engineer: &Engineer, case: &Value, summary: &str) -> Reply {
        let path = format!("/support-requests/{}/resolve", text(case, "id"));
        self.api("POST", &path, &self.engineer(engineer), Some(json!({ "summary": summary }))).await
    }

    /// The records of the trail about a case, once there are `count`.
    async fn records(&self, case: &Value, count: usize) -> Vec<Value> {
        let id = text(case, "id");
        eventually("the records of the case", PATIENCE, async || {
            let exported = chaperone(&["audit", "export", "--config", &self.config(), "--workspace", "acme"]).stdout;
            let all = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let found: Vec<_> = all.filter(|record| record["case"] == id).collect();
            (found.len() >= count).then_some(found)
        })
        .await
    }

    /// The files that lie in the folder of attachments, those under way too.
    fn kept(&self) -> Vec<String> {
        let folder = self.path("attachments");
        let names = [folder.clone(), folder.join("incoming")].into_iter().flat_map(|folder| {
            let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
            entries.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().into_string().unwrap())
        });
        names.collect()
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("`{name}` in {value}")).to_owned()
}

fn path(case: &Value) -> String {
    format!("/workspaces/{}/support-requests/{}", text(case, "workspace"), text(case, "id"))
}

fn enter(case: &Value) -> Value {
    json!({"workspace": case["workspace"], "grant": case["grant"], "reason": "the import of June hangs"})
}
