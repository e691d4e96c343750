//! Random customers in large numbers, reproducible from their seeds.

use super::clock::at;
use super::customer::{customer, email, group, legacy, object, phone, tag};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use customer_domain::customer::{AccountState, Customer, CustomerType, NewCustomer, Status};
use customer_domain::group::DEFAULT_GROUPS;
use customer_domain::preference::OptIn;
use customer_domain::profile::Gender;
use customer_domain::tier::Tier;
use customer_domain::{CustomerId, credential::PasswordHash};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

/// A name as people write it, and its form in an e-mail address.
type Name = (&'static str, &'static str);

const FIRST_NAMES: [Name; 24] = [
    ("Emma", "emma"),
    ("José", "jose"),
    ("Jürgen", "juergen"),
    ("Łukasz", "lukasz"),
    ("Zoë", "zoe"),
    ("Anne-Marie", "anne-marie"),
    ("Siân", "sian"),
    ("Åsa", "asa"),
    ("Ólafur", "olafur"),
    ("Nguyễn Thị", "nguyen.thi"),
    ("İbrahim", "ibrahim"),
    ("Анна", "anna"),
    ("Дмитро", "dmytro"),
    ("Ελένη", "eleni"),
    ("محمد", "mohammed"),
    ("נועה", "noa"),
    ("आरव", "aarav"),
    ("ปิติ", "piti"),
    ("秀英", "xiuying"),
    ("さくら", "sakura"),
    ("민준", "minjun"),
    ("გიორგი", "giorgi"),
    ("Արամ", "aram"),
    ("Chidi", "chidi"),
];

const LAST_NAMES: [Name; 24] = [
    ("Smith", "smith"),
    ("O'Brien", "obrien"),
    ("Müller", "mueller"),
    ("Weiß", "weiss"),
    ("García Márquez", "garcia.marquez"),
    ("Wałęsa", "walesa"),
    ("van der Berg", "vanderberg"),
    ("D’Angelo", "dangelo"),
    ("Ångström", "angstrom"),
    ("Þórsdóttir", "thorsdottir"),
    ("Nguyễn", "nguyen"),
    ("Yılmaz", "yilmaz"),
    ("Иванова", "ivanova"),
    ("Шевченко", "shevchenko"),
    ("Παπαδοπούλου", "papadopoulou"),
    ("الفارسي", "alfarsi"),
    ("כהן", "cohen"),
    ("शर्मा", "sharma"),
    ("สุขใจ", "sukjai"),
    ("王", "wang"),
    ("佐藤", "sato"),
    ("김", "kim"),
    ("ბერიძე", "beridze"),
    ("Okonkwo", "okonkwo"),
];

const HOSTS: [&str; 6] = [
    "example.com",
    "mail.example.org",
    "example.net",
    "post.example.de",
    "Bücher.example",
    "example.co.jp",
];

const LOCALES: [(&str, &str, &str); 6] = [
    ("en", "USD", "America/New_York"),
    ("de", "EUR", "Europe/Berlin"),
    ("pt-BR", "BRL", "America/Sao_Paulo"),
    ("ja", "JPY", "Asia/Tokyo"),
    ("ar", "AED", "Asia/Dubai"),
    ("uk", "UAH", "Europe/Kyiv"),
];

const TAGS: [&str; 6] = [
    "newsletter-2025",
    "b2b",
    "Messe",
    "至急",
    "vip",
    "returns often",
];

/// Returns the customer of this seed, in tenant A. Customers of different seeds below four billion
/// share no id, e-mail address or legacy id. One in 20 is deleted; names are in a dozen scripts;
/// ids are ordered by the time of creation.
pub fn random_customer(seed: u64) -> NewCustomer {
    let mut dice = Dice(seed);
    let created = at(-5 * 365 * 86_400) + TimeDelta::seconds(dice.below(5 * 365 * 86_400));
    let mut new = customer().since(created).build_new();
    let person = &mut new.customer;
    person.id = CustomerId(time_ordered_id(created, seed));
    name(person, seed, &mut dice);
    describe(person, &mut dice);
    wish(person, &mut dice);
    file(person, seed, &mut dice);
    live(person, &mut dice);
    if person.account_state == AccountState::Registered {
        new.password_hash = Some(PasswordHash(format!("$fake${seed:016x}")));
    }
    if dice.chance(60) {
        let orders = dice.below(40) + 1;
        new.summary.order_count = orders;
        new.summary.total_spent = Decimal::new(orders * (dice.below(20_000) + 500), 2);
        new.summary.loyalty_points = dice.below(50_000);
        new.summary.tier = tier_of(new.summary.total_spent);
    }
    new
}

/// A random number generator (`SplitMix64`), made from its seed: the same seed yields the same numbers.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// Returns any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to `bound` - 1.
    pub fn below(&mut self, bound: u32) -> i64 {
        i64::try_from(self.roll() % u64::from(bound)).unwrap_or_default()
    }

    /// Returns `true` with this probability in percent.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    /// Returns the index of an item of a list with this length; `None` if it has none.
    pub fn index(&mut self, length: usize) -> Option<usize> {
        let length = u32::try_from(length).expect("a short list");
        let bound = Some(length).filter(|bound| *bound > 0)?;
        usize::try_from(self.below(bound)).ok()
    }

    /// Returns one of these items. Panics if there are none.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len()).expect("an item")]
    }
}

/// Returns a UUID version 7 with this time, made unique by the seed.
fn time_ordered_id(time: DateTime<Utc>, seed: u64) -> Uuid {
    let millis = u128::from(time.timestamp_millis().unsigned_abs());
    let variant = 0b10 << 62;
    Uuid::from_u128((millis << 80) | (0x7 << 76) | variant | u128::from(seed))
}

fn name(person: &mut Customer, seed: u64, dice: &mut Dice) {
    let (first, first_ascii) = dice.pick(&FIRST_NAMES);
    let (last, last_ascii) = dice.pick(&LAST_NAMES);
    person.email = email(&format!(
        "{first_ascii}.{last_ascii}.{seed}@{}",
        dice.pick(&HOSTS)
    ));
    person.email_verified = dice.chance(80);
    person.profile.first_name = dice.chance(95).then(|| first.to_owned());
    person.profile.last_name = dice.chance(93).then(|| last.to_owned());
}

fn describe(person: &mut Customer, dice: &mut Dice) {
    let profile = &mut person.profile;
    if dice.chance(70) {
        let (area, number) = (dice.below(900) + 100, dice.below(10_000_000));
        profile.phone = Some(phone(&format!("+1-{area}-{number:07}")));
        person.phone_verified = dice.chance(30);
    }
    if dice.chance(50) {
        let day = NaiveDate::from_ymd_opt(1940, 1, 1).expect("a day");
        let birth = day + TimeDelta::days(dice.below(65 * 365));
        profile.date_of_birth = Some(birth);
        let portrait = format!(
            "https://cdn.example.com/{}/{}.jpg",
            birth.year(),
            birth.ordinal()
        );
        profile.avatar = dice.chance(20).then_some(portrait);
    }
    profile.gender = dice.chance(40).then(|| dice.pick(&Gender::ALL));
    if dice.chance(10) {
        profile.data = object(&json!({"shoeSize": dice.below(12) + 34}));
    }
}

fn wish(person: &mut Customer, dice: &mut Dice) {
    let preferences = &mut person.preferences;
    if dice.chance(75) {
        let (language, currency, timezone) = dice.pick(&LOCALES);
        preferences.language = Some(language.to_owned());
        preferences.currency = Some(currency.to_owned());
        preferences.timezone = Some(timezone.to_owned());
    }
    for (opt_in, percent) in [
        (OptIn::EmailMarketing, 35),
        (OptIn::SmsMarketing, 10),
        (OptIn::PushNotifications, 15),
        (OptIn::OrderUpdates, 85),
        (OptIn::PromotionalEmails, 30),
        (OptIn::Newsletter, 25),
        (OptIn::DataSharing, 5),
        (OptIn::AnalyticsTracking, 45),
        (OptIn::CookieConsent, 60),
    ] {
        if dice.chance(percent) {
            preferences.opt_ins.insert(opt_in);
        }
    }
    if dice.chance(10) {
        preferences.custom = object(&json!({"theme": "dark", "fontSize": dice.below(12) + 10}));
    }
}

fn file(person: &mut Customer, seed: u64, dice: &mut Dice) {
    if dice.chance(15) {
        person.customer_type = CustomerType::Business;
    }
    person.group = dice.chance(50).then(|| group(dice.pick(&DEFAULT_GROUPS)));
    for _ in 0..dice.below(4) {
        person.tags.insert(tag(dice.pick(&TAGS)));
    }
    if dice.chance(30) {
        person.legacy_id = i64::try_from(seed + 1).ok().map(legacy);
    }
    if dice.chance(20) {
        let id = format!("C-{seed}");
        person.external_ids.insert("crm".to_owned(), id);
    }
    let source = dice.pick(&["WEBSITE", "MOBILE_APP", "STORE"]);
    person.registration_source = Some(source.to_owned());
    if dice.chance(10) {
        let campaign = json!({"campaign": {"id": dice.below(50), "term": "été"}, "ab": [1, "b"]});
        person.metadata = object(&campaign);
    }
}

fn live(person: &mut Customer, dice: &mut Dice) {
    let made = person.created_at;
    let age = u32::try_from((at(0) - made).num_seconds())
        .unwrap_or(1)
        .max(1);
    let mut later = || made + TimeDelta::seconds(dice.below(age));
    let (edited, login) = (later(), later());
    person.updated_at = edited;
    person.account_state = dice.pick(&[
        AccountState::Guest,
        AccountState::Registered,
        AccountState::Registered,
        AccountState::Invited,
    ]);
    if person.account_state == AccountState::Registered {
        person.last_login_at = Some(login);
    }
    // Imported customers were customers before they had a record.
    if person.legacy_id.is_some() {
        person.registration_date = made - TimeDelta::days(dice.below(2_000));
    }
    person.status = match dice.below(20) {
        0 => Status::Deleted,
        1 => Status::Suspended,
        2 | 3 => Status::Inactive,
        4 | 5 => Status::Pending,
        _ => Status::Active,
    };
    person.deleted_at = person.is_deleted().then_some(edited);
}

fn tier_of(spent: Decimal) -> Tier {
    match spent {
        spent if spent >= Decimal::from(50_000) => Tier::Enterprise,
        spent if spent >= Decimal::from(10_000) => Tier::Vip,
        spent if spent >= Decimal::from(1_000) => Tier::Premium,
        _ => Tier::Regular,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_seed_always_gives_the_same_customer() {
        assert_eq!(random_customer(42), random_customer(42));
        assert_ne!(random_customer(42), random_customer(43));
    }

    #[test]
    fn seeds_share_no_identifier() {
        let customers: Vec<_> = (0..5_000)
            .map(|seed| random_customer(seed).customer)
            .collect();
        let ids: HashSet<_> = customers.iter().map(|customer| customer.id).collect();
        assert_eq!(ids.len(), customers.len());
        assert!(ids.iter().all(|id| id.0.get_version_num() == 7));
        let identifiers: Vec<_> = customers.iter().flat_map(Customer::identifiers).collect();
        let told_apart: HashSet<_> = identifiers
            .iter()
            .map(|id| (id.kind(), id.value()))
            .collect();
        assert_eq!(told_apart.len(), identifiers.len());
    }

    #[test]
    fn they_differ_as_real_customers_do() {
        let customers: Vec<_> = (0..2_000)
            .map(|seed| random_customer(seed).customer)
            .collect();
        let share = |holds: fn(&Customer) -> bool| {
            customers.iter().filter(|&customer| holds(customer)).count() * 100 / customers.len()
        };
        assert!((2..10).contains(&share(Customer::is_deleted)));
        assert!((60..80).contains(&share(|customer| customer.profile.phone.is_some())));
        assert!((3..12).contains(&share(|customer| customer.profile.last_name.is_none())));
        assert!((20..40).contains(&share(|customer| customer.legacy_id.is_some())));
        assert!(
            customers
                .iter()
                .all(|customer| customer.registration_date <= customer.created_at
                    && customer.created_at <= customer.updated_at)
        );
    }
}
