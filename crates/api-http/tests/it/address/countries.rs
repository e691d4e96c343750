//! Addresses of many countries, in their own scripts, with and without postal codes.

use super::ada;
use crate::support::{Key, TestApi};
use serde_json::{Value, json};

/// The country, name, street, city, region and postal code of an address.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
);

const ROWS: [Row; 36] = [
    (
        "US",
        "John Doe",
        "1600 Pennsylvania Ave NW",
        "Washington",
        Some("DC"),
        Some("20500"),
    ),
    (
        "CA",
        "Zoé Tremblay",
        "1200, rue Sherbrooke Ouest",
        "Montréal",
        Some("Québec"),
        Some("H3A 1H6"),
    ),
    (
        "MX",
        "José Núñez",
        "Av. Paseo de la Reforma 222, Col. Juárez",
        "Ciudad de México",
        Some("CDMX"),
        Some("06600"),
    ),
    (
        "BR",
        "João Conceição",
        "Av. Paulista, 1578",
        "São Paulo",
        Some("SP"),
        Some("01310-200"),
    ),
    (
        "AR",
        "Íñigo Pérez",
        "Av. 9 de Julio 1925",
        "Buenos Aires",
        None,
        Some("C1072"),
    ),
    (
        "CL",
        "Ángela Muñoz",
        "Av. Libertador Bernardo O'Higgins 1449",
        "Santiago",
        Some("Región Metropolitana"),
        None,
    ),
    (
        "GB",
        "Siân O'Brien",
        "10 Downing Street",
        "London",
        None,
        Some("SW1A 2AA"),
    ),
    (
        "IE",
        "Aoife Ní Bhriain",
        "1 Sráid Uí Chonaill",
        "Baile Átha Cliath",
        Some("Co. Dublin"),
        None,
    ),
    (
        "DE",
        "Jürgen Groß",
        "Straße des 17. Juni 135",
        "Berlin",
        None,
        Some("10623"),
    ),
    (
        "AT",
        "Käthe Wöß",
        "Stephansplatz 3",
        "Wien",
        None,
        Some("1010"),
    ),
    (
        "CH",
        "Gian-Reto Cavigelli",
        "Via Retica 26",
        "Scuol",
        Some("GR"),
        Some("7550"),
    ),
    (
        "FR",
        "François Lœuillet",
        "5, avenue Anatole-France",
        "Paris",
        None,
        Some("75007"),
    ),
    (
        "ES",
        "Begoña Ibáñez",
        "C/ Alcalá, 48, 2.º izda.",
        "Madrid",
        Some("Madrid"),
        Some("28014"),
    ),
    (
        "PT",
        "Inês Gonçalves",
        "Praça do Comércio, 12",
        "Lisboa",
        None,
        Some("1100-148"),
    ),
    (
        "IT",
        "Nicolò D'Angelo",
        "Via del Corso, 12",
        "Roma",
        Some("RM"),
        Some("00186"),
    ),
    (
        "NL",
        "Eef van 't Hof",
        "Prins Hendrikkade 33",
        "'s-Gravenhage",
        None,
        Some("2511 AB"),
    ),
    (
        "SE",
        "Åsa Öberg",
        "Drottninggatan 71 C",
        "Malmö",
        None,
        Some("211 20"),
    ),
    (
        "DK",
        "Søren Kjær",
        "Strøget 5, 2. th.",
        "København K",
        None,
        Some("1160"),
    ),
    (
        "IS",
        "Þóra Ægisdóttir",
        "Laugavegur 22",
        "Reykjavík",
        None,
        Some("101"),
    ),
    (
        "PL",
        "Łukasz Żółć",
        "ul. Świętokrzyska 14/3",
        "Łódź",
        None,
        Some("90-001"),
    ),
    (
        "CZ",
        "Jiří Dvořák",
        "Příčná 1892/4",
        "Plzeň",
        None,
        Some("301 00"),
    ),
    (
        "RO",
        "Ștefan Țăranu",
        "Str. Mihai Viteazul nr. 8",
        "Brașov",
        Some("Brașov"),
        Some("500174"),
    ),
    (
        "GR",
        "Γιώργος Παπαδόπουλος",
        "Λεωφόρος Βασιλίσσης Σοφίας 12",
        "Αθήνα",
        None,
        Some("106 74"),
    ),
    (
        "BG",
        "Ивайло Щърбанов",
        "бул. Витоша 89",
        "София",
        None,
        Some("1463"),
    ),
    (
        "UA",
        "Їванна Ґедзь",
        "вул. Хрещатик, 22",
        "Київ",
        None,
        Some("01001"),
    ),
    (
        "TR",
        "Çağrı Yıldız",
        "İstiklal Caddesi No: 15 D: 4",
        "İstanbul",
        None,
        Some("34433"),
    ),
    (
        "IL",
        "נועה לוי",
        "רחוב הרצל 12",
        "תל אביב-יפו",
        None,
        Some("6688312"),
    ),
    (
        "AE",
        "محمد بن راشد",
        "شارع الشيخ زايد، برج ٣",
        "",
        Some("دبي"),
        None,
    ),
    (
        "EG",
        "فاطمة حسن",
        "١٥ شارع طلعت حرب",
        "القاهرة",
        Some("القاهرة"),
        None,
    ),
    (
        "IN",
        "अनन्या शर्मा",
        "१२, महात्मा गांधी मार्ग",
        "नई दिल्ली",
        Some("दिल्ली"),
        Some("110001"),
    ),
    (
        "TH",
        "สมชาย ใจดี",
        "99/1 ถนนสุขุมวิท",
        "เขตวัฒนา",
        Some("กรุงเทพมหานคร"),
        Some("10110"),
    ),
    (
        "VN",
        "Nguyễn Thị Ánh",
        "12 Phố Hàng Bông",
        "Hà Nội",
        None,
        None,
    ),
    (
        "CN",
        "王小明",
        "南京东路 100 号 5 栋 302 室",
        "黄浦区",
        Some("上海市"),
        Some("200001"),
    ),
    (
        "TW",
        "陳怡君",
        "信義路五段 7 號",
        "信義區",
        Some("台北市"),
        Some("110"),
    ),
    (
        "JP",
        "髙橋 さくら",
        "丸の内1丁目9−1 グラントウキョウ",
        "千代田区",
        Some("東京都"),
        Some("100-0005"),
    ),
    (
        "KR",
        "김민준",
        "세종대로 110",
        "중구",
        Some("서울특별시"),
        Some("04524"),
    ),
];

/// Addresses without postal codes, in countries that have none or do not require them.
const WITHOUT: [Row; 6] = [
    (
        "HK",
        "陳大文",
        "彌敦道 100 號 3 樓",
        "尖沙咀",
        Some("九龍"),
        None,
    ),
    ("MO", "何鴻", "新馬路 11 號", "", None, None),
    ("QA", "خالد", "شارع الكورنيش", "الدوحة", None, None),
    (
        "JM",
        "Marcia Brown",
        "6 Ocean Boulevard",
        "Kingston",
        Some("Kingston"),
        None,
    ),
    (
        "GH",
        "Kwame Ɔsei",
        "12 Independence Avenue",
        "Accra",
        None,
        None,
    ),
    ("FJ", "Adi Qalo", "25 Victoria Parade", "Suva", None, None),
];

#[tokio::test]
async fn an_address_comes_back_as_it_was_written() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let unlimited = json!({"settings": {"maxAddresses": 0}});
    api.put("/api/v1/tenants/default", Key::Operator, unlimited)
        .await;
    for row @ (country, name, street, city, region, code) in ROWS.into_iter().chain(WITHOUT) {
        let body = json!({
            "country": country, "lastName": name, "street": street, "city": city,
            "state": region, "zipCode": code,
        });
        let place = api.added(&path, Key::Write, body.clone()).await;
        let read = api.get(&place, Key::Read).await.address();
        for (member, sent) in body.as_object().unwrap() {
            let expected = if sent == "" { &Value::Null } else { sent };
            assert_eq!(&read[member], expected, "{row:?}");
        }
        let sent_back = api.put(&place, Key::Write, read.clone()).await;
        assert_eq!(sent_back.address(), read, "{row:?}");
    }
}

#[tokio::test]
async fn a_postal_code_has_the_form_of_its_country() {
    let api = TestApi::new().await;
    let target = format!("{}/addresses", ada(&api).await);
    for (country, name, street, city, region, code) in ROWS {
        let body = json!({
            "country": country, "lastName": name, "street": street, "city": city,
            "state": region, "zipCode": "never-a-code",
        });
        if code.is_none() {
            continue;
        }
        let reply = api.post(&target, Key::Write, body).await;
        let expected = ("/zipCode".to_owned(), "INVALID_VALUE".to_owned());
        assert_eq!(reply.faults(), [expected], "{country}");
    }
}
