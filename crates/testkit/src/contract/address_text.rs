//! Addresses are read back as they were written, whatever their country.

use super::Harness;
use super::steps::{add_addresses, book, edit_book, stored};
use crate::builders::{address, context, country, full_address, legacy, new_customer, phone};
use customer_domain::address::{Address, AddressField, AddressProblem, Country, PostalAddress};
use customer_domain::customer::LegacyId;
use customer_domain::profile::{MAX_PHONE, Phone};
use serde_json::json;

/// Country, street, city, region and postal code; an empty text is no value.
const PLACES: [(&str, &str, &str, &str, &str); 32] = [
    ("AE", "شارع الشيخ زايد ١", "", "دبي", ""),
    ("AM", "Աբովյան 12", "Երևան", "", "0001"),
    (
        "AR",
        "Av. Corrientes 1234",
        "Buenos Aires",
        "Buenos Aires",
        "C1043AAZ",
    ),
    ("AU", "1 Macquarie St", "Sydney", "NSW", "2000"),
    ("BG", "бул. Витоша 1", "София", "", "1000"),
    ("BR", "Praça da Sé, 1", "São Paulo", "SP", "01001-000"),
    ("CA", "1 Rue de l'Église", "Montréal", "QC", "H3Z 2Y7"),
    ("CH", "Zürcherstraße 5", "Zürich", "", "8001"),
    ("CN", "长安街1号", "东城区", "北京市", "100006"),
    ("CZ", "Václavské náměstí 1", "Praha", "", "110 00"),
    ("DE", "Königsstraße 7", "Köln", "", "50667"),
    ("DK", "Østergade 1", "København", "", "1100"),
    ("EG", "شارع التحرير", "القاهرة", "القاهرة", "11511"),
    (
        "ES",
        "Calle Núñez de Balboa, 1.º",
        "A Coruña",
        "A Coruña",
        "15001",
    ),
    ("ET", "ቸርችል ጎዳና", "አዲስ አበባ", "", "1000"),
    ("FR", "12 bis, rue de l’Œuvre", "Saint-Étienne", "", "42000"),
    ("GB", "221B Baker Street", "London", "", "NW1 6XE"),
    ("GE", "რუსთაველის გამზ. 8", "თბილისი", "", "0108"),
    ("GR", "Ερμού 1", "Αθήνα", "", "105 63"),
    ("HK", "皇后大道中1號", "中環", "香港島", ""),
    (
        "IE",
        "1 Sráid Uí Chonaill",
        "Baile Átha Cliath",
        "",
        "D01 F5P2",
    ),
    ("IL", "דיזנגוף 50", "תל אביב", "", "6433222"),
    ("IN", "महात्मा गांधी मार्ग", "मुंबई", "महाराष्ट्र", "400001"),
    ("JP", "千代田1-1", "千代田区", "東京都", "100-8111"),
    ("KR", "세종대로 209", "종로구", "서울특별시", "03171"),
    ("PL", "ul. Świętokrzyska 3", "Łódź", "", "90-001"),
    ("RU", "ул. Тверская, д. 7", "Москва", "Москва", "125009"),
    ("SE", "Ångströmsvägen 2", "Malmö", "", "211 20"),
    ("TH", "ถนนสุขุมวิท 1", "เขตวัฒนา", "กรุงเทพมหานคร", "10110"),
    ("TW", "信義路五段7號", "信義區", "台北市", "110"),
    ("UA", "вул. Хрещатик, 1", "Київ", "Київ", "01001"),
    (
        "VN",
        "Số 1 Đường Lê Lợi",
        "Thành phố Huế",
        "Thừa Thiên-Huế",
        "530000",
    ),
];

const AWKWARD: [&str; 14] = [
    "O'Brien",
    "\"quoted\"",
    "back\\slash\\",
    "'; DROP TABLE customer_addresses; --",
    "$1 $$ $body$",
    "100% _under_",
    "a,b;{c}(d)[e]",
    "NULL",
    "true",
    "👩‍👩‍👧‍👦 🇯🇵",
    "\u{202e}right to left",
    "e\u{301} \u{e9}",
    "\\u0000 \\x00",
    "non\u{a0}breaking\u{200b}space",
];

async fn come_back(h: &impl Harness, addresses: Vec<Address>) {
    let count = addresses.len();
    let owner = stored(h, new_customer()).await;
    let added = add_addresses(h, owner.customer.id, addresses).await;
    assert_eq!(added.len(), count, "none is equal to another");
    assert_eq!(book(h, owner.customer.id).await, Some(added));
}

pub async fn addresses_of_many_countries_come_back_as_written(h: &impl Harness) {
    let places = (1..).zip(PLACES);
    let addresses = places.map(|(n, (code, street, city, region, postal_code))| {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let postal = PostalAddress {
            street: street.to_owned(),
            city: given(city),
            region: given(region),
            postal_code: given(postal_code),
            country: country(code),
            ..address(n).postal
        };
        let fatal = postal.check().into_iter().find(AddressProblem::is_fatal);
        assert_eq!(fatal, None, "{postal:?}");
        Address {
            postal,
            ..address(n)
        }
    });
    come_back(h, addresses.collect()).await;
}

pub async fn awkward_texts_of_addresses_come_back_as_written(h: &impl Harness) {
    let addresses = (1..).zip(AWKWARD).map(|(n, text)| {
        let plain = address(n);
        let some = || Some(text.to_owned());
        Address {
            postal: PostalAddress {
                first_name: some(),
                last_name: some(),
                company: some(),
                street: text.to_owned(),
                street2: some(),
                city: some(),
                region: some(),
                ..plain.postal
            },
            label: some(),
            metadata: [(text.to_owned(), json!([text, {text: text}]))]
                .into_iter()
                .collect(),
            ..plain
        }
    });
    come_back(h, addresses.collect()).await;
}

pub async fn addresses_of_full_length_come_back(h: &impl Harness) {
    // As many characters as fit, each of four bytes.
    let full = |field: AddressField| "𠮷".repeat(field.max_length().expect("a limit"));
    let some = |field| Some(full(field));
    let plain = full_address(1);
    // Without `..`, so that a field that is added later is stored at its full length too.
    let longest = Address {
        id: plain.id,
        kind: plain.kind,
        default_shipping: plain.default_shipping,
        default_billing: plain.default_billing,
        postal: PostalAddress {
            first_name: some(AddressField::FirstName),
            last_name: some(AddressField::LastName),
            company: some(AddressField::Company),
            street: full(AddressField::Street),
            street2: some(AddressField::Street2),
            city: some(AddressField::City),
            region: some(AddressField::Region),
            postal_code: some(AddressField::PostalCode),
            country: country("HK"),
            phone: Some(phone(&"5".repeat(MAX_PHONE))),
        },
        label: some(AddressField::Label),
        is_verified: plain.is_verified,
        metadata: plain.metadata,
        legacy_id: Some(legacy(4_294_967_295)),
        version: i64::MAX,
        created_at: plain.created_at,
        updated_at: plain.updated_at,
    };
    come_back(h, vec![longest]).await;
}

pub async fn an_address_that_new_input_could_not_be_is_read_whole(h: &impl Harness) {
    let lost = Country::from_store("ZZ").expect("a code");
    assert!(Country::parse(lost.code()).is_err());
    let phone = Phone::from_store("1\n2".to_owned());
    assert!(Phone::parse(phone.as_str()).is_err());
    let plain = full_address(1);
    let address = Address {
        postal: PostalAddress {
            country: lost,
            phone: Some(phone),
            ..plain.postal
        },
        legacy_id: Some(LegacyId::from_store(5_000_000_000)),
        ..plain
    };
    let owner = stored(h, new_customer()).await.customer.id;
    let added = add_addresses(h, owner, [address]).await;
    assert_eq!(book(h, owner).await.as_ref(), Some(&added));
    let books = h.addresses().books(&context(), &[owner]).await;
    assert_eq!(books, Ok([(owner, added.clone())].into()));
    let locked = edit_book(h, owner, |_| ()).await.expect("a book");
    assert_eq!(locked.addresses(), added);
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_address_text {
    ($each:path) => {
        $each! { address_text {
            addresses_of_many_countries_come_back_as_written,
            awkward_texts_of_addresses_come_back_as_written,
            addresses_of_full_length_come_back,
            an_address_that_new_input_could_not_be_is_read_whole,
        } }
    };
}
