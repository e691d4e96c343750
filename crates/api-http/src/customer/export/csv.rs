//! Customers as CSV (RFC 4180) that is safe to open in a spreadsheet.

use crate::customer::CustomerBody;
use crate::support::wire::{Amount, Instant};
use csv::{IntoInnerError, Terminator, Writer, WriterBuilder};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write as _};

/// A column: its name, which is the member's path, and the function that writes its cell.
type Column = (&'static str, fn(&mut Cell, &CustomerBody<'_>));

macro_rules! columns {
    ($it:ident: $($name:literal => $show:ident($value:expr);)+) => {
        &[$(($name, |cell, $it| { cell.$show($value); })),+]
    };
}

const COLUMNS: &[Column] = columns! { it:
    "id" => plain(it.id);
    "tenantId" => text(it.tenant_id);
    "userId" => plain_or_nothing(it.user_id);
    "email" => text(it.email);
    "emailVerified" => plain(it.email_verified);
    "phoneVerified" => plain(it.phone_verified);
    "profile.firstName" => text(it.profile.first_name);
    "profile.lastName" => text(it.profile.last_name);
    "profile.dateOfBirth" => plain_or_nothing(it.profile.date_of_birth);
    "profile.gender" => text(it.profile.gender);
    "profile.phone" => text(it.profile.phone);
    "profile.avatar" => text(it.profile.avatar);
    "profile.data" => json(it.profile.data);
    "segment.tier" => text(it.segment.tier);
    "segment.segment" => text(it.segment.segment);
    "segment.loyaltyPoints" => plain(it.segment.loyalty_points);
    "segment.currency" => text(it.segment.currency);
    "segment.totalSpent" => amount(&it.segment.total_spent);
    "segment.orderCount" => plain(it.segment.order_count);
    "segment.averageOrderValue" => amount(&it.segment.average_order_value);
    "preferences.language" => text(it.preferences.language);
    "preferences.currency" => text(it.preferences.currency);
    "preferences.timezone" => text(it.preferences.timezone);
    "preferences.marketing.emailOptIn" => plain(it.preferences.marketing.email_opt_in);
    "preferences.marketing.smsOptIn" => plain(it.preferences.marketing.sms_opt_in);
    "preferences.marketing.pushOptIn" => plain(it.preferences.marketing.push_opt_in);
    "preferences.notifications.orderUpdates" => plain(it.preferences.notifications.order_updates);
    "preferences.notifications.promotions" => plain(it.preferences.notifications.promotions);
    "preferences.notifications.newsletters" => plain(it.preferences.notifications.newsletters);
    "preferences.dataSharing" => plain(it.preferences.data_sharing);
    "preferences.analyticsTracking" => plain(it.preferences.analytics_tracking);
    "preferences.cookieConsent" => plain(it.preferences.cookie_consent);
    "preferences.custom" => json(it.preferences.custom);
    "status" => text(it.status);
    "accountState" => text(it.account_state);
    "customerType" => text(it.customer_type);
    "groupId" => text(it.group_id);
    "tags" => words(&it.tags);
    "legacyId" => plain_or_nothing(it.legacy_id);
    "externalIds" => json(it.external_ids);
    "registrationSource" => text(it.registration_source);
    "metadata" => json(it.metadata);
    "registrationDate" => time(Some(it.registration_date));
    "lastLoginAt" => time(it.last_login_at);
    "version" => plain(it.version);
    "createdAt" => time(Some(it.created_at));
    "updatedAt" => time(Some(it.updated_at));
    "deletedAt" => time(it.deleted_at);
};

/// The separator of the words in a cell.
const BETWEEN_WORDS: char = '|';

/// A buffer of records.
pub(super) struct Rows {
    writer: Writer<Vec<u8>>,
    cell: Cell,
}

impl Rows {
    pub(super) fn new() -> Self {
        let mut builder = WriterBuilder::new();
        builder.terminator(Terminator::CRLF);
        Self {
            writer: builder.from_writer(Vec::new()),
            cell: Cell::default(),
        }
    }

    /// Writes the first record: the names of the columns.
    pub(super) fn header(&mut self) -> io::Result<()> {
        let names = COLUMNS.iter().map(|(name, _)| name);
        Ok(self.writer.write_record(names)?)
    }

    pub(super) fn row(&mut self, customer: &CustomerBody<'_>) -> io::Result<()> {
        for (_, show) in COLUMNS {
            self.cell.0.clear();
            show(&mut self.cell, customer);
            self.writer.write_field(&self.cell.0)?;
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    /// Returns the number of bytes so far, without those that are still buffered.
    pub(super) fn len(&self) -> usize {
        self.writer.get_ref().len()
    }

    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.writer.into_inner().map_err(IntoInnerError::into_error)
    }
}

/// A cell that is being written. Writing to memory cannot fail, and all values can be serialized.
#[derive(Default)]
struct Cell(Vec<u8>);

impl Cell {
    /// Writes a value that this service generated.
    fn plain(&mut self, value: impl Display) {
        let _infallible = write!(self.0, "{value}");
    }

    fn plain_or_nothing(&mut self, value: Option<impl Display>) {
        if let Some(value) = value {
            self.plain(value);
        }
    }

    fn amount(&mut self, amount: &Amount) {
        self.plain(amount.as_str());
    }

    fn time(&mut self, at: Option<Instant>) {
        self.plain_or_nothing(at);
    }

    fn json(&mut self, value: &impl Serialize) {
        let _infallible = serde_json::to_writer(&mut self.0, value);
    }

    /// Writes a text from outside. A spreadsheet would run some texts as formulas; a leading
    /// apostrophe prevents that.
    fn text<'t>(&mut self, text: impl Into<Option<&'t str>>) {
        let text = text.into().unwrap_or_default();
        if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
            self.0.push(b'\'');
        }
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Writes words, joined. A separator within a word is escaped by a backslash.
    fn words(&mut self, words: &[&str]) {
        let escaped = words
            .iter()
            .map(|word| word.replace('\\', "\\\\").replace(BETWEEN_WORDS, "\\|"));
        let joined = escaped.collect::<Vec<_>>().join("|");
        self.text(joined.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(write: impl FnOnce(&mut Cell)) -> String {
        let mut cell = Cell::default();
        write(&mut cell);
        String::from_utf8(cell.0).unwrap()
    }

    #[test]
    fn no_text_begins_like_a_formula() {
        for text in [
            "=1+1",
            "+1-555-0123",
            "-2",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1",
            "＋1",
            "－1",
            "＠A",
        ] {
            assert_eq!(cell(|cell| cell.text(text)), format!("'{text}"), "{text}");
        }
        for text in ["", "a=1", "1-555", "'=1", " =1", "ö"] {
            assert_eq!(cell(|cell| cell.text(text)), text);
        }
        assert_eq!(cell(|cell| cell.words(&["=a", "b"])), "'=a|b");
    }

    #[test]
    fn numbers_are_left_as_they_are_and_nothing_is_empty() {
        assert_eq!(cell(|cell| cell.plain(-5)), "-5");
        assert_eq!(cell(|cell| cell.plain_or_nothing(None::<i64>)), "");
        assert_eq!(cell(|cell| cell.text(None)), "");
    }

    #[test]
    fn joined_words_can_be_told_apart() {
        for (words, joined) in [
            (vec![], ""),
            (vec!["a", "b c"], "a|b c"),
            (vec!["a|b", "c"], "a\\|b|c"),
            (vec!["a\\", "b"], "a\\\\|b"),
        ] {
            assert_eq!(cell(|cell| cell.words(&words)), joined);
        }
    }
}
