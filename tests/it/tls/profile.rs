//! What sslyze, a scanner of others, says of the gate's TLS.
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Authority, gate, keep};
use crate::world::{HOST, World};

/// Has sslyze hold the gate against Mozilla's intermediate profile; gives its exit code, its words, and its findings.
async fn scanned(world: &World) -> (Option<i32>, String, Value) {
    let target = Path::new(env!("CARGO_BIN_EXE_chaperone")).parent().and_then(Path::parent).unwrap();
    let python = target.join("upstreams/scanner/bin/python");
    assert!(python.exists(), "there is no `{}`; run bin/upstreams", python.display());
    let findings = world.path("sslyze.json");
    let mut scan = Command::new(python);
    scan.args(["-m", "sslyze", "--mozilla_config", "intermediate", "--resum", "--early_data", "--sni", HOST]);
    scan.arg("--certinfo_ca_file").arg(world.path("ca.pem")).arg("--json_out").arg(&findings);
    scan.arg(world.gate.address.to_string()).current_dir(&world.dir);
    let output = tokio::task::spawn_blocking(move || scan.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let findings = std::fs::read(findings).ok().and_then(|json| serde_json::from_slice(&json).ok());
    (output.status.code(), said, findings.unwrap_or_default())
}

#[tokio::test]
async fn sslyze_finds_mozillas_intermediate_profile_with_resumption_and_without_early_data() {
    let authority = Authority::new();
    let (world, _) = gate(r#"{ cert = "own.pem", key = "own-key.pem" }"#, |world| {
        // sslyze asks for the certificate of the address that it scans, too.
        keep(world, "own", &authority.issue(&[HOST, "127.0.0.1"]));
        std::fs::write(world.path("ca.pem"), authority.0.pem()).unwrap();
    })
    .await;
    let (code, said, findings) = scanned(&world).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("OK - Compliant"), "{said}");
    let result = |name: &str| &findings["server_scan_results"][0]["scan_result"][name]["result"];
    // By session ids alone: of tickets it believes only servers that never renew them. `resumption` holds those.
    assert_eq!(result("session_resumption")["session_id_resumption_result"], "FULLY_SUPPORTED", "{said}");
    assert_eq!(result("tls_1_3_early_data")["supports_early_data"], false, "{said}");
    let suites = |version: &str| result(version)["accepted_cipher_suites"].as_array().unwrap().len();
    assert_eq!((suites("tls_1_2_cipher_suites"), suites("tls_1_3_cipher_suites")), (3, 3), "those of an ECDSA key");
}
