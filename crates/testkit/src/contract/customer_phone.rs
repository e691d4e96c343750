//! A phone number is kept as it was written, and found in every spelling of its country.

use super::Harness;
use super::steps::{begin_in, read};
use crate::builders::{context, customer, phone};
use customer_domain::address::Country;
use customer_domain::customer::{
    CustomerFilter, CustomerReads, CustomerSort, Lookup, SearchQuery, SortKey,
};
use customer_domain::profile::Phone;
use customer_domain::{Context, CustomerId, PageAt, PageRequest, SortOrder};
use std::sync::Arc;

/// Spellings of one number for each country: as its people write and paste them.
#[rustfmt::skip]
const SPELLINGS: [(&str, &[&str]); 41] = [
    ("AE", &["+971 50 123 4567", "050-1234567", "٠٥٠ ١٢٣ ٤٥٦٧"]),
    ("AR", &["+54 9 11 2345-6789", "011 15-2345-6789"]),
    ("AT", &["+43 (0)1 5012345", "01/501 23 45"]),
    ("AU", &["+61 2 5550 4321", "(02) 5550 4321", "0011 61 2 5550 4321"]),
    ("BE", &["+32 470 12 34 56", "0470/12.34.56"]),
    ("BR", &["+55 11 96123-4567", "(11) 96123-4567", "011 96123.4567"]),
    ("CA", &["+1 (506) 234-5678", "506.234.5678", "1-506-234-5678"]),
    ("CH", &["+41 (0)44 668 18 00", "044 668 18 00", "0041446681800"]),
    ("CL", &["+56 2 2123 4567", "(2) 2123 4567"]),
    ("CN", &["+86 10 6552 9988", "010-65529988", "（０１０）６５５２９９８８"]),
    ("CO", &["+57 321 1234567", "321 123 45 67"]),
    ("CZ", &["+420 212 345 678", "212\u{a0}345\u{a0}678"]),
    ("DE", &["+49 (0)711 5550101", "0711/555 01–01", "0049 711 5550101", "tel:+49-711-5550101"]),
    ("DK", &["+45 32 12 34 56", "32123456"]),
    ("EG", &["+20 100 123 4567", "٠١٠٠١٢٣٤٥٦٧"]),
    ("ES", &["+34 810 12 34 56", "810-123-456"]),
    ("FI", &["+358 (0)41 2345678", "041 234 5678"]),
    ("FR", &["+33 1 23 45 67 89", "01\u{a0}23\u{a0}45\u{a0}67\u{a0}89", "01\u{202f}23\u{202f}45\u{202f}67\u{202f}89", "01.23.45.67.89", "+33 (0)1 23 45 67 89"]),
    ("GB", &["(+44) 79 2112 3456", "07921 123456", "00 44 7921 123456"]),
    ("GR", &["+30 21 2345 6789", "21-23456789"]),
    ("HK", &["+852 2123 4567", "21234567"]),
    ("HU", &["+36 1 234 5678", "06 1 234 5678"]),
    ("IE", &["+353 22 12345", "(022) 12345"]),
    ("IL", &["+972 2-123-4567", "02-1234567"]),
    ("IN", &["+91 98765 43210", "०९८७६५४३२१०", "098765-43210"]),
    ("IR", &["+98 912 345 6789", "۰۹۱۲۳۴۵۶۷۸۹"]),
    ("IT", &["+39 06 1234 5678", "06/12345678"]),
    ("JP", &["+81 3-1234-5678", "０３−１２３４−５６７８", "03(1234)5678"]),
    ("KR", &["+82 2-2123-4567", "02) 2123-4567"]),
    ("MX", &["+52 55 1234 5678", "(55) 1234-5678"]),
    ("NL", &["+31 (0)10 123 4567", "010-1234567"]),
    ("NO", &["+47 21 23 45 67", "21234567"]),
    ("NZ", &["+64 3-234 5678", "(03) 234\u{2011}5678"]),
    ("PL", &["+48 12 345 67 89", "12 345-67-89"]),
    ("PT", &["+351 21 234 5678", "212 345 678"]),
    ("RU", &["+7 (495) 123-45-67", "8 495 123 45 67", "8(495)1234567"]),
    ("SA", &["+966 50 123 4567", "٠٥٠١٢٣٤٥٦٧"]),
    ("SE", &["+46 (0)8-12 34 56", "08-123456"]),
    ("TR", &["+90 212 345 6789", "0(212) 345 67 89"]),
    ("US", &["+1 (555) 010-0199 ext. 1234", "555-010-0199 x123", "\u{202d}+1 (555) 010-0199\u{202c}", "15550100199", "555\u{2011}010\u{2011}0199"]),
    ("ZA", &["+27 10 123 4567", "010\u{2009}123\u{2009}4567"]),
];

fn in_country(code: &str) -> Context {
    Context {
        country: Country::from_store(code),
        ..context()
    }
}

async fn listed(
    reads: &Arc<dyn CustomerReads>,
    context: &Context,
    filter: &CustomerFilter,
) -> Vec<CustomerId> {
    let sort = CustomerSort {
        key: SortKey::CreatedAt,
        order: SortOrder::Ascending,
    };
    let page = PageRequest {
        size: 100,
        at: PageAt::Start,
    };
    let page = reads.list(context, filter, sort, &page).await;
    let items = page.expect("a page").items;
    items.iter().map(|found| found.customer.id).collect()
}

pub async fn a_phone_is_kept_as_written_and_found_in_every_spelling(h: &impl Harness) {
    let mut number = 0;
    let mut stored = Vec::new();
    for (code, spellings) in SPELLINGS {
        for written in spellings {
            number += 1;
            let new = customer().number(number).phone(written).build_new();
            let mut work = begin_in(h, &in_country(code)).await;
            work.customers().insert(&new).await.expect("stored");
            work.commit().await.expect("commit");
            let back = read(h, new.customer.id).await.expect("stored");
            let back = back.customer.profile.phone;
            assert_eq!(back.as_ref().map(Phone::as_str), Some(*written));
            stored.push((code, new.customer.id));
        }
    }
    assert!(number >= 100, "{number} shapes");

    let reads = h.customers();
    for (code, spellings) in SPELLINGS {
        let context = in_country(code);
        let own = stored.iter().filter(|(of, _)| *of == code);
        let expected: Vec<_> = own.map(|(_, id)| *id).collect();
        for written in spellings {
            let keys = phone(written).keys(context.country);
            let found = reads.look_up(&context, &Lookup::Phone(keys.clone())).await;
            let found = found.expect("a read").map(|found| found.customer.id);
            assert!(
                found.is_some_and(|id| expected.contains(&id)),
                "{code} {written}"
            );
            let filter = CustomerFilter {
                phone: Some(keys),
                ..CustomerFilter::default()
            };
            assert_eq!(
                listed(&reads, &context, &filter).await,
                expected,
                "{code} {written}"
            );
        }
    }
}

pub async fn a_phone_is_searched_by_any_spelling_and_by_its_last_digits(h: &impl Harness) {
    let reads = h.customers();
    for (number, (code, spellings)) in (1..).zip(SPELLINGS) {
        let context = in_country(code);
        let new = customer().number(number).phone(spellings[0]).build_new();
        let mut work = begin_in(h, &context).await;
        work.customers().insert(&new).await.expect("stored");
        work.commit().await.expect("commit");
        let key = phone(spellings[0]).keys(context.country).key;
        let last = key[key.len() - 4..].to_owned();
        let beside = format!("customer {}", spellings[spellings.len() - 1]);
        let texts = spellings.iter().map(|written| (*written).to_owned());
        for text in texts.chain([last, beside]) {
            let search = SearchQuery::parse(&text, context.country).expect("a search");
            let filter = CustomerFilter {
                search: Some(search),
                ..CustomerFilter::default()
            };
            let found = listed(&reads, &context, &filter).await;
            assert!(found.contains(&new.customer.id), "{code} {text}");
        }
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_phone {
    ($each:path) => {
        $each! { customer_phone {
            a_phone_is_kept_as_written_and_found_in_every_spelling,
            a_phone_is_searched_by_any_spelling_and_by_its_last_digits,
        } }
    };
}
