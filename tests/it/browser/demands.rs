//! What the reference documents demand of pages, each as a test of its number.
use super::demo::Demo;

#[test]
fn l1_a_signed_in_customer_reaches_support_access_under_the_settings() {
    Demo::start("lambdatest").meets("l1");
}

#[test]
fn l3_the_page_then_shows_the_granted_state() {
    Demo::start("lambdatest").meets("l3");
}

#[test]
fn s3_it_lives_in_the_workspaces_settings_and_a_deep_link_leads_there() {
    Demo::start("segment").meets("s3");
}

#[test]
fn s10_the_settings_page_differs_before_and_after_the_grant() {
    Demo::start("segment").meets("s10");
}

#[test]
fn f2_the_pages_warn_that_nobody_asks_for_the_password_and_say_where_to_report_it() {
    Demo::start("salesforce").meets("f2");
}

#[test]
fn f6_a_duration_is_set_for_a_named_organization_and_nothing_takes_effect_before_it_is_saved() {
    Demo::start("salesforce").meets("f6");
}

#[test]
fn f7_the_same_grant_is_made_from_two_places_with_equal_effect() {
    Demo::start("salesforce").meets("f7");
}

#[test]
fn b3_a_minimum_is_recommended_and_not_forced() {
    Demo::start("bizible").meets("b3");
}

#[test]
fn b6_every_way_leads_to_the_same_setting() {
    Demo::start("bizible").meets("b6");
}

#[test]
fn t10_a_customer_who_is_online_is_prompted_in_the_dashboard() {
    Demo::start("tsa").meets("t10");
}

#[test]
fn t25_the_dashboard_warns_at_once_when_a_session_starts() {
    Demo::start("tsa").meets("t25");
}

#[test]
fn t27_the_navigation_bar_shows_it_on_every_page_and_after_returning_until_it_ends() {
    Demo::start("tsa").meets("t27");
}
