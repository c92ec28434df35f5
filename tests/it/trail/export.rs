//! What a customer takes home, and proves by it without asking anybody.
use std::fs;

use serde_json::{Value, json};

use super::{end, independently, jwks, report, work};
use crate::world::{World, chaperone, members};

/// The file that `chaperone audit export` prints for `acme`.
fn exported(world: &World, form: &str) -> String {
    let config = world.config();
    let exported = chaperone(&["audit", "export", "--config", &config, "--workspace", "acme", "--format", form]);
    assert_eq!(exported.code, Some(0), "{}", exported.stderr);
    exported.stdout
}

#[tokio::test]
async fn a_customer_proves_that_an_export_of_their_workspace_is_complete() {
    let mut world = World::start().await;
    let keys = jwks(&world).await;
    work(&world, 5).await;
    world.grant(&members::GUS, json!({"access": "full", "duration": "1d"})).await;
    end(&mut world).await;
    for form in ["jsonl", "csv"] {
        let (path, exported) = (world.path("acme.export"), exported(&world, form));
        let file = path.to_str().unwrap();
        fs::write(file, &exported).unwrap();
        let arguments = ["--export", file, "--workspace", "acme", "--jwks", &keys, "--require-anchored"];
        let (code, own) = report(&arguments);
        assert_eq!((code, &own["workspaces"], &own["unanchored"]), (Some(0), &json!(1), &json!(0)), "{own}");
        let (code, other) = independently(&[&keys, file]);
        assert_eq!((code, &other["head"]), (Some(0), &own["head"]), "{other}");

        let lines: Vec<&str> = exported.split_inclusive('\n').collect();
        for left_out in 0..lines.len() {
            let mut fewer = lines.clone();
            fewer.remove(left_out);
            fs::write(file, fewer.concat()).unwrap();
            assert_eq!(report(&arguments).0, Some(1), "{form}: without line {left_out}");
            if form == "jsonl" || left_out > 0 {
                assert_eq!(independently(&[&keys, file]).0, Some(1), "{form}: without line {left_out}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_export_is_told_to_people() {
    let mut world = World::start().await;
    let keys = jwks(&world).await;
    work(&world, 2).await;
    end(&mut world).await;
    let path = world.path("acme.jsonl");
    let (file, exported) = (path.to_str().unwrap(), exported(&world, "jsonl"));
    fs::write(file, exported.replacen("\"engineer\":\"ada\"", "\"engineer\":\"eve\"", 1)).unwrap();
    let told = chaperone(&["audit", "verify", "--export", file, "--jwks", &keys]);
    assert_eq!(told.code, Some(1));
    assert!(told.stdout.contains("NOT INTACT") && told.stdout.contains("the record was changed"), "{}", told.stdout);
    let kept = chaperone(&["audit", "verify", "--export", file, "--jwks", &keys, "--checkpoint", file]);
    assert_eq!(kept.code, Some(1));
    assert!(kept.stderr.contains("held against a whole trail"), "{}", kept.stderr);
    let none = chaperone(&["audit", "export", "--config", &world.config(), "--workspace", "nowhere"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(2), ""));
    assert!(none.stderr.contains("no checkpoint covers a record of workspace `nowhere`"), "{}", none.stderr);
}

/// A row of a sheet, cell by cell.
fn rows(sheet: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(sheet.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn a_sheet_shows_what_people_typed_and_runs_none_of_it() {
    let mut world = World::start().await;
    let formula = "=cmd|'/c calc'!A1";
    world.grant(&members::OLGA, json!({"access": "full", "duration": "1d", "ticket": formula})).await;
    end(&mut world).await;
    let rows = rows(&exported(&world, "csv"));
    let column = rows[0].iter().position(|name| name == "ticket").unwrap();
    assert!(rows.iter().any(|row| row[column] == format!("'{formula}")), "{rows:#?}");
    let record: Value = serde_json::from_str(rows.last().unwrap().last().unwrap()).unwrap();
    assert_eq!((&record["kind"], &record["ticket"]), (&json!("grant.created"), &json!(formula)));
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{rows:#?}");
}
