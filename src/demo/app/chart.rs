//! The chart on a workspace's first page: what was invoiced in each of the last twelve months.
use std::collections::BTreeMap;

use crate::domain::time::Timestamp;

use super::books::{Day, Invoice, Money, days_ago};

/// How many months are shown.
const MONTHS: usize = 12;
/// The height of the tallest bar, and the distance of two bars, in units of the picture.
const HEIGHT: i64 = 100;
const PITCH: i64 = 50;

/// Bars to draw.
pub(super) struct Chart {
    pub(super) bars: Vec<Bar>,
}

/// One month.
pub(super) struct Bar {
    pub(super) month: &'static str,
    pub(super) invoiced: Money,
    /// Where it stands, from the left.
    pub(super) x: i64,
    /// Where its top is, from above.
    pub(super) y: i64,
    pub(super) height: i64,
    /// The month that is not over yet.
    pub(super) current: bool,
}

impl Chart {
    /// The chart of `invoices`, up to the month of `now`.
    pub(super) fn new(invoices: &[Invoice], now: Timestamp) -> Self {
        let mut months: BTreeMap<String, (Day, Money)> = BTreeMap::new();
        // Steps of 15 days miss no month.
        for day in (0..24).map(|step| days_ago(now, step * 15)) {
            months.entry(day.month()).or_insert((day, Money(0)));
        }
        for invoice in invoices {
            if let Some((_, sum)) = months.get_mut(&invoice.issued.month()) {
                sum.0 += invoice.total().0;
            }
        }
        let months: Vec<_> = months.into_values().rev().take(MONTHS).collect();
        let tallest = months.iter().map(|(_, sum)| sum.0).max().unwrap_or(0).max(1);
        let bars = months.into_iter().rev().zip(0..).map(|((day, invoiced), place)| {
            let height = invoiced.0 * HEIGHT / tallest;
            let current = day.month() == Day(now).month();
            Bar { month: day.month_name(), invoiced, x: place * PITCH, y: HEIGHT - height, height, current }
        });
        Self { bars: bars.collect() }
    }
}

#[cfg(test)]
mod tests {
    use crate::demo::app::books::Books;

    use super::*;

    #[test]
    fn twelve_months_end_with_this_one_and_the_tallest_fills_the_picture() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let books = Books::sample(now);
        let chart = Chart::new(&books.ledger("acme").unwrap().invoices, now);
        let months: Vec<_> = chart.bars.iter().map(|bar| bar.month).collect();
        assert_eq!(months, ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]);
        assert_eq!(chart.bars.iter().map(|bar| bar.height).max(), Some(HEIGHT));
        assert!(chart.bars.last().is_some_and(|bar| bar.current && bar.invoiced.0 > 0));
    }

    #[test]
    fn a_workspace_without_invoices_has_a_flat_chart() {
        let chart = Chart::new(&[], "2026-01-31T12:00:00Z".parse().unwrap());
        assert_eq!(chart.bars.len(), MONTHS);
        assert!(chart.bars.iter().all(|bar| bar.height == 0));
    }
}
