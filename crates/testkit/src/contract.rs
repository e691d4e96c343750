//! The contract of the storage ports: one case for each error and each promise that their
//! documentation names.
//!
//! An adapter proves itself in one line of its test binary:
//!
//! ```text
//! use customer_testkit::pg::PgHarness;
//!
//! customer_testkit::contract!(PgHarness);
//! ```
//!
//! Every case opens one unit of work at a time, so that the fake, which allows no more, can
//! run it too. What only shows when two run at once (locks, races, deadlocks) is tested by
//! the adapter itself.

pub mod address;
pub mod address_equal;
pub mod address_save;
pub mod address_text;
pub mod api_key;
pub mod audit;
pub mod audit_filter;
pub mod customer_filter;
pub mod customer_insert;
pub mod customer_list;
pub mod customer_read;
pub mod customer_save;
pub mod customer_search;
pub mod customer_text;
pub mod group;
mod harness;
pub mod health;
pub mod idempotency;
pub mod idempotency_purge;
pub mod isolation;
pub mod job;
mod steps;
pub mod tag;
pub mod tenant;
#[cfg(test)]
mod tests;
pub mod unit_of_work;

pub use harness::{FakeHarness, Harness};

use std::time::Duration;

/// Runs one case, and says so when it hangs: two units of work open at once are the likely
/// reason, for the fake allows only one.
pub async fn in_time(case: impl Future<Output = ()>) {
    let outcome = tokio::time::timeout(Duration::from_mins(1), case).await;
    assert!(outcome.is_ok(), "the case hangs");
}

/// Expands every case of the [contract](mod@crate::contract) into a test of its own, run on a
/// fresh store of the given [`Harness`].
#[macro_export]
macro_rules! contract {
    (@tests $harness:ty; $($slice:ident { $($case:ident,)+ })+) => {
        type HarnessUnderContract = $harness;

        $(mod $slice {
            $(
                #[tokio::test]
                async fn $case() {
                    use $crate::contract::Harness as _;

                    let store = super::HarnessUnderContract::fresh().await;
                    $crate::contract::in_time($crate::contract::$slice::$case(&store)).await;
                }
            )+
        })+
    };
    (@names; $($slice:ident { $($case:ident,)+ })+) => {
        [$((stringify!($slice), [$(stringify!($case)),+].as_slice())),+]
    };
    (@all $($what:tt)+) => {
        $crate::contract! { $($what)+
            unit_of_work {
                what_is_committed_is_there,
                what_is_rolled_back_never_happened,
                what_is_dropped_never_happened,
                nothing_shows_before_the_commit,
                a_unit_of_work_sees_its_own_writes,
                a_failed_statement_spoils_the_unit_of_work,
                a_spoilt_unit_of_work_rolls_back_without_complaint,
                facts_are_kept_with_the_state_that_caused_them,
                facts_that_are_not_committed_are_gone,
                a_fact_without_an_event_is_audited_alone,
                every_kind_of_fact_is_kept_whole,
                the_audit_trail_names_who_acted_and_in_which_trace,
                texts_of_facts_come_back_as_written,
                events_keep_the_order_of_their_customer,
                a_unit_of_work_may_end_without_facts,
            }
            idempotency {
                a_claim_begins_fresh,
                a_stored_reply_is_replayed_byte_for_byte,
                a_reply_without_headers_is_replayed_without_them,
                a_claim_in_flight_is_refused,
                another_body_under_the_same_key_is_refused,
                a_claim_is_free_again_after_a_rollback,
                a_claim_is_free_again_after_a_drop,
                a_claim_is_free_again_after_a_commit_without_a_reply,
                work_and_reply_are_stored_together,
                a_reply_past_its_expiry_is_absent,
                a_reply_is_kept_until_its_expiry,
                other_callers_routes_keys_and_tenants_are_other_claims,
                keys_are_compared_as_written,
                the_second_reply_under_a_key_is_a_conflict_and_nothing_is_written,
            }
            idempotency_purge {
                replies_that_expired_are_deleted_and_others_stay,
                replies_are_looked_at_in_their_order_and_a_few_at_a_time,
                replies_of_another_tenant_stay,
            }
            customer_insert {
                a_typical_customer_comes_back_whole,
                a_full_customer_comes_back_whole,
                a_bare_customer_comes_back_whole,
                every_value_of_every_vocabulary_comes_back,
                extreme_values_come_back,
                generated_customers_come_back_whole,
                the_search_terms_are_written,
                the_password_is_kept_as_its_hash,
                a_guest_has_no_password,
                a_taken_email_is_a_conflict,
                an_email_is_taken_in_any_spelling,
                a_taken_legacy_id_is_a_conflict,
                a_taken_external_id_is_a_conflict,
                the_same_id_in_another_system_is_free,
                external_ids_are_compared_as_written,
                an_unknown_group_is_a_conflict,
                two_rules_violated_at_once_are_a_conflict,
                an_identifier_is_taken_within_the_same_unit_of_work,
                a_refused_customer_leaves_nothing_behind,
                a_taken_id_is_a_conflict,
            }
            customer_save {
                the_next_number_of_the_event_sequence_is_taken,
                a_number_that_is_rolled_back_is_taken_again,
                a_customer_is_found_for_update_by_its_legacy_id,
                a_deleted_customer_is_found_for_update,
                an_unknown_customer_is_not_found_for_update,
                every_field_is_stored,
                every_field_can_be_emptied,
                lists_are_replaced_not_merged,
                what_others_keep_is_left_alone,
                the_search_terms_follow,
                an_email_that_is_changed_is_free_again,
                the_spelling_of_an_email_can_change,
                a_taken_email_is_refused,
                a_taken_legacy_id_is_refused,
                a_taken_external_id_is_refused,
                an_unknown_group_is_refused,
                a_refused_save_changes_nothing,
                ids_that_are_removed_are_free_again,
                a_deleted_customer_frees_its_email,
                a_deleted_customer_keeps_its_other_ids,
                a_reactivated_customer_has_its_email_again,
                a_reactivated_customer_cannot_take_its_email_from_another,
            }
            customer_read {
                a_customer_is_found_by_its_id,
                a_customer_is_found_by_its_legacy_id,
                a_deleted_customer_is_found,
                an_unknown_customer_is_none,
                many_are_found_and_unknown_ones_left_out,
                many_of_none_are_none,
                an_id_named_twice_is_found_once,
                a_customer_is_looked_up_by_its_email_in_any_spelling,
                a_customer_is_looked_up_by_its_phone,
                of_those_who_share_a_phone_the_longest_standing_is_found,
                a_deleted_customer_is_not_looked_up_by_its_phone,
                a_customer_is_looked_up_by_its_legacy_id,
                a_customer_is_looked_up_by_its_external_id,
                only_an_account_is_looked_up_by_its_user,
                what_is_unknown_is_looked_up_in_vain,
            }
            customer_list {
                every_sort_in_both_orders_shows_every_row_once,
                pages_by_number_and_by_cursor_are_the_same,
                names_are_sorted_folded_and_nameless_customers_come_first,
                emails_are_sorted_as_they_are_compared,
                ties_are_broken_by_id,
                deleted_customers_are_hidden_unless_asked_for,
                a_status_shows_its_customers_alone,
                the_total_is_counted_for_pages_by_number_only,
                the_last_page_has_no_next,
                a_page_beyond_the_end_is_empty,
                an_empty_list_is_an_empty_page,
                a_cursor_outlives_its_row,
                a_cursor_keeps_its_place_while_rows_come,
                rows_of_a_list_are_whole,
            }
            customer_search {
                names_are_found_as_people_type_them,
                every_word_of_a_search_is_the_beginning_of_some_term,
                a_search_finds_the_digits_of_a_phone,
                wildcards_and_quotes_in_a_search_are_letters_or_nothing,
                a_search_follows_the_customer,
            }
            customer_filter {
                a_customer_is_listed_by_what_it_is_known_as,
                a_deleted_customer_is_listed_by_the_address_that_it_had,
                customers_are_listed_by_their_phone,
                neither_end_of_a_span_of_time_belongs_to_it,
                every_filter_in_every_order_shows_all_who_pass_it_once,
                a_list_that_starts_without_a_number_is_not_counted,
            }
            customer_text {
                names_in_many_scripts_come_back_as_written,
                awkward_texts_come_back_as_written,
                awkward_texts_can_be_saved,
                metadata_comes_back_as_written,
                texts_of_full_length_come_back,
                awkward_names_can_be_listed,
                awkward_ids_are_looked_up_as_written,
            }
            address {
                a_book_comes_locked_with_whom_it_belongs_to,
                a_book_takes_the_next_number_of_the_event_sequence,
                a_book_without_addresses_is_locked_all_the_same,
                a_book_is_found_for_update_by_its_customers_legacy_id,
                an_unknown_customer_has_no_book_for_update,
                a_deleted_customer_keeps_its_book,
                a_book_is_read_oldest_first,
                a_book_is_read_by_its_customers_legacy_id,
                no_addresses_are_told_from_no_customer,
                books_of_many_are_read_at_once,
                of_a_large_book_the_oldest_are_read_with_those_of_others,
                another_tenants_book_is_not_there,
            }
            address_equal {
                equal_addresses_of_one_customer_are_a_conflict,
                an_address_that_did_not_move_keeps_its_digest,
                an_address_can_come_back_after_its_removal,
            }
            address_save {
                a_full_address_comes_back_whole,
                a_bare_address_comes_back_whole,
                every_type_of_address_comes_back,
                a_book_that_did_not_change_is_not_written,
                a_unit_of_work_sees_the_book_it_saved,
                every_field_of_an_address_is_stored,
                every_field_of_an_address_can_be_emptied,
                a_default_moves_from_one_address_to_another,
                two_addresses_can_exchange_their_roles,
                a_new_address_takes_the_roles_of_others,
                a_removed_address_hands_over_and_shows_nowhere,
                the_last_address_can_be_removed,
                a_removed_address_keeps_its_legacy_id,
                a_legacy_id_that_is_cleared_is_free_again,
                an_address_legacy_id_is_taken_in_the_whole_tenant,
                a_second_default_is_never_stored,
                a_refused_save_of_a_book_changes_nothing,
            }
            address_text {
                addresses_of_many_countries_come_back_as_written,
                awkward_texts_of_addresses_come_back_as_written,
                addresses_of_full_length_come_back,
            }
            tenant {
                a_new_tenant_is_among_all_by_slug,
                a_new_tenant_has_its_groups,
                a_new_tenant_may_have_no_groups,
                a_taken_slug_is_a_conflict,
                a_tenant_is_found_for_update,
                an_unknown_tenant_is_not_found_for_update,
                a_saved_tenant_comes_back,
                an_unknown_tenant_cannot_be_saved,
                a_tenant_that_is_rolled_back_is_not_there,
                a_tenants_texts_come_back_as_written,
            }
            api_key {
                a_key_comes_back_whole,
                an_ended_key_is_still_found,
                an_unknown_secret_is_none,
                keys_are_listed_newest_first_and_revoked_ones_last,
                a_list_of_keys_is_capped,
                a_use_is_noted_and_never_moved_back,
                a_use_of_an_unknown_key_is_not_an_error,
                a_live_key_is_revoked,
                a_revocation_that_is_rolled_back_never_happened,
                a_revoked_key_has_ended_already,
                an_expired_key_has_ended_already,
                the_last_admin_key_stays,
                a_live_admin_key_lets_another_go,
                ended_admin_keys_do_not_count,
                admin_keys_of_other_tenants_do_not_count,
                weaker_keys_do_not_count_and_can_always_go,
                two_admin_keys_cannot_go_together,
                an_unknown_key_cannot_be_revoked,
            }
            audit {
                an_entry_comes_back_whole,
                of_an_entry_without_values_the_names_are_shown,
                values_stand_on_the_side_that_has_any,
                an_empty_trail_is_an_empty_page,
                entries_are_listed_newest_first_and_those_of_one_moment_by_id,
                a_page_of_the_trail_holds_as_many_as_were_asked_for,
                pages_of_the_trail_follow_each_other_to_the_oldest_entry,
                a_place_in_the_trail_needs_no_entry_there,
                a_place_in_the_trail_is_kept_while_entries_come,
                entries_show_once_they_are_committed,
                entries_of_the_same_unit_of_work_do_not_show,
                an_entry_that_is_rolled_back_is_not_shown,
                another_tenants_entries_are_not_shown,
                awkward_texts_of_entries_are_shown_as_written,
            }
            audit_filter {
                each_filter_of_the_trail_shows_what_passes_it,
                a_span_of_the_trail_begins_with_its_start_and_ends_before_its_end,
                no_kinds_at_all_show_nothing,
                every_combination_of_filters_shows_what_passes_all_of_them,
                actors_are_compared_as_written,
                a_filtered_trail_is_shown_page_by_page,
                entries_are_counted_by_customer_the_most_first,
                equal_counts_are_ordered_by_customer,
                a_tally_counts_what_passes_the_filter,
                a_tally_of_many_customers_names_the_first_and_says_that_there_are_more,
                an_empty_trail_is_an_empty_tally,
            }
            group {
                a_group_comes_back_whole,
                a_taken_group_id_is_a_conflict,
                groups_are_listed_by_id_from_where_the_last_page_ended,
                a_saved_group_comes_back,
                an_unknown_group_is_neither_found_nor_saved_nor_deleted,
                an_empty_group_is_deleted,
                a_group_with_customers_stays,
                a_group_that_is_rolled_back_is_not_there,
                groups_stay_in_their_tenant,
            }
            tag {
                tags_are_counted_in_the_order_of_their_code_points,
                without_tags_there_are_none,
                tags_are_shown_page_by_page,
                a_prefix_is_compared_as_written,
                a_deleted_customer_is_counted_until_its_tags_are_taken_off,
                another_tenants_tags_are_not_counted,
            }
            job {
                a_job_that_was_never_begun_is_due_and_free,
                a_job_that_is_held_is_given_to_nobody_else,
                a_lease_that_ended_is_given_to_another_with_a_greater_number,
                who_lost_the_lease_can_change_nothing,
                a_lease_that_ended_and_that_nobody_took_can_be_renewed,
                progress_is_kept_and_added_up,
                a_finished_job_is_not_due_before_its_time,
                a_finished_job_is_due_again_when_its_time_has_come,
                a_failed_run_is_told_and_the_next_goes_on_from_its_cursor,
                a_success_ends_the_row_of_failures_and_begins_anew,
                a_released_job_is_free_at_once_and_goes_on,
                jobs_do_not_wait_for_each_other_and_are_listed_by_name,
            }
            isolation {
                no_read_shows_another_tenants_customer,
                no_list_shows_another_tenants_customers,
                another_tenants_customer_is_not_found_for_update,
                tenants_may_hold_the_same_identifiers,
                tenants_may_hold_the_same_ids,
                another_tenants_group_is_unknown,
                a_customer_cannot_be_put_into_another_tenant,
                another_tenants_key_is_not_there,
                another_tenants_key_cannot_be_revoked,
                facts_stay_in_their_tenant,
            }
            health {
                a_store_that_is_there_answers,
                a_store_that_is_gone_does_not_answer,
                nothing_begins_when_the_store_is_gone,
                nothing_is_read_when_the_store_is_gone,
                an_open_unit_of_work_fails_when_the_store_goes,
                a_commit_fails_when_the_store_is_gone,
            }
        }
    };
    ($harness:ty) => {
        $crate::contract! { @all @tests $harness; }
    };
}
