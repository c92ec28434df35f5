//! What the sample books hold: believable notes and invoices, dated relative to the day the demo starts.
use crate::domain::time::Timestamp;

use super::books::{Invoice, Line, Money, Note, days_ago};

/// Client, days since it was issued, days until it was due, days since it was paid, lines.
type InvoiceRow = (&'static str, i64, i64, Option<i64>, &'static [(&'static str, i64)]);

const ACME: &[InvoiceRow] = &[
    (
        "Brightwater Dairy",
        3,
        30,
        None,
        &[("Palletizing arm PA-7, delivery two of three", 1_840_000), ("Commissioning on site", 320_000)],
    ),
    ("Kestrel Packaging", 12, 14, None, &[("Gripper set G2, twelve pieces", 558_000), ("Express freight", 14_500)]),
    ("Halden Glassworks", 41, 30, None, &[("Vision module V3", 742_000), ("Calibration, two days", 198_000)]),
    ("Brightwater Dairy", 58, 30, Some(31), &[("Palletizing arm PA-7, delivery one of three", 1_840_000)]),
    ("Orchard & Vine", 66, 30, Some(40), &[("Service contract, third quarter", 245_000)]),
    ("Tannenberg Foundry", 83, 30, Some(60), &[("Safety fence, 24 m", 386_400), ("Installation", 92_000)]),
    ("Kestrel Packaging", 104, 14, Some(88), &[("Gripper set G2, six pieces", 279_000)]),
    ("Nordhavn Shipyard", 121, 30, Some(95), &[("Welding cell, feasibility study", 640_000)]),
    ("Halden Glassworks", 139, 30, Some(118), &[("Vision module V3", 742_000), ("Training, one day", 99_000)]),
    ("Orchard & Vine", 158, 30, Some(131), &[("Service contract, second quarter", 245_000)]),
    ("Tannenberg Foundry", 172, 30, Some(150), &[("Foundry gripper, heat-resistant", 1_125_000)]),
    ("Brightwater Dairy", 196, 30, Some(170), &[("Palletizing arm PA-7, deposit", 920_000)]),
    ("Kestrel Packaging", 214, 14, Some(201), &[("Spare parts", 61_800), ("Freight", 4_900)]),
    ("Nordhavn Shipyard", 233, 30, Some(207), &[("Site survey", 180_000)]),
    ("Orchard & Vine", 250, 30, Some(222), &[("Service contract, first quarter", 245_000)]),
    ("Halden Glassworks", 271, 30, Some(240), &[("Conveyor tracking licence", 410_000)]),
    ("Tannenberg Foundry", 297, 30, Some(266), &[("Retrofit of two robots", 1_380_000)]),
    ("Kestrel Packaging", 318, 14, Some(303), &[("Gripper set G1, four pieces", 148_000)]),
];

const GLOBEX: &[InvoiceRow] = &[
    ("Meridian Foods", 5, 30, None, &[("Cold chain Rotterdam to Lyon, week 46", 428_000), ("Temperature log", 3_500)]),
    ("Ferrous Trading", 18, 30, None, &[("Container storage, October", 176_000)]),
    ("Atelier Noma", 49, 30, None, &[("Air freight, 310 kg", 264_300), ("Customs clearance", 18_900)]),
    ("Meridian Foods", 54, 30, Some(22), &[("Cold chain Rotterdam to Lyon, weeks 39 to 40", 856_000)]),
    ("Ferrous Trading", 79, 30, Some(52), &[("Container storage, August", 176_000)]),
    ("Hallmark Tiles", 112, 30, Some(80), &[("Full truck load, Porto to Ghent", 231_000)]),
    ("Meridian Foods", 146, 30, Some(115), &[("Cold chain Rotterdam to Lyon, weeks 25 to 27", 1_284_000)]),
    ("Atelier Noma", 188, 30, Some(160), &[("Exhibition transport, insured", 498_000)]),
    ("Ferrous Trading", 226, 30, Some(199), &[("Container storage, March", 176_000)]),
    ("Meridian Foods", 281, 30, Some(250), &[("Cold chain Rotterdam to Lyon, weeks 5 to 6", 856_000)]),
];

const INITECH: &[InvoiceRow] = &[
    ("Chotchkie's Restaurants", 9, 30, None, &[("Point-of-sale licences, 37 seats", 185_000)]),
    ("Penetrode Systems", 37, 30, None, &[("Report cover redesign", 64_000), ("Workshop, one day", 140_000)]),
    ("Flingers Dining", 62, 30, Some(33), &[("Migration of 14 stores", 980_000)]),
    ("Chotchkie's Restaurants", 99, 30, Some(70), &[("Point-of-sale licences, 35 seats", 175_000)]),
    ("Penetrode Systems", 165, 30, Some(140), &[("Audit preparation", 320_000)]),
    ("Flingers Dining", 240, 30, Some(205), &[("Pilot in two stores", 260_000)]),
];

/// The sample invoices of a workspace, newest first.
pub(super) fn invoices(workspace: &str, now: Timestamp) -> Vec<Invoice> {
    let (rows, newest) = match workspace {
        "acme" => (ACME, 1042),
        "globex" => (GLOBEX, 2311),
        "initech" => (INITECH, 407),
        _ => (&[][..], 0),
    };
    let invoices = rows.iter().zip((0..=newest).rev()).map(|(&(client, issued, term, paid, lines), number)| Invoice {
        number,
        client,
        issued: days_ago(now, issued),
        due: days_ago(now, issued - term),
        paid: paid.map(|days| days_ago(now, days)),
        lines: lines.iter().map(|&(what, cents)| Line { what, amount: Money(cents) }).collect(),
    });
    invoices.collect()
}

/// The sample notes of a workspace, newest first.
pub(super) fn notes(workspace: &str, now: Timestamp) -> Vec<Note> {
    let rows: &[(&str, i64, &str)] = match workspace {
        "acme" => &[
            ("olga", 1, "Asked support why invoice 1040 still shows as overdue: Halden says they paid on Monday."),
            ("max", 4, "Brightwater wants the third delivery before the holidays. Confirm the date with the workshop."),
            ("olga", 9, "New bank details go out with the December invoices, not earlier."),
        ],
        "globex" => &[
            ("gus", 2, "Atelier Noma disputes the customs fee. Papers are with the broker."),
            ("gus", 11, "Rotterdam depot closes early on the 24th."),
        ],
        "initech" => &[
            ("ines", 3, "Single sign-on is now mandatory for everybody, guests included."),
            ("ines", 20, "Printer on the second floor: still no."),
        ],
        _ => &[],
    };
    let notes = rows.iter().zip((1..=u32::try_from(rows.len()).unwrap_or(0)).rev());
    let notes = notes.map(|(&(author, days, text), id)| Note {
        id,
        author: author.to_owned(),
        text: text.to_owned(),
        written: days_ago(now, days),
        attachments: Vec::new(),
    });
    notes.collect()
}
