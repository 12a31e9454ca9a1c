//! Goal: staff find users by address, name, role, and state, and tellers see customers alone.

use super::kit::*;
use crate::user::{Statement, User};
use crate::{AuthError, UserFilter};
use std::cell::RefCell;
use strongroom_sdk::identity::Role;
use strongroom_sdk::page::{List, Page};
use uuid::Uuid;

impl Bank {
    fn users_by(&self, role: Role, query: &str) -> Result<List<User>, AuthError> {
        let page = Page::<Uuid, UserFilter>::from_query("/", query).unwrap();
        self.users(&staff(role), &page)
    }

    fn found_by(&self, role: Role, query: &str) -> Vec<String> {
        let users = self.users_by(role, query).unwrap().data;
        users.into_iter().map(|user| user.email).collect()
    }

    fn found(&self, query: &str) -> Vec<String> {
        self.found_by(Role::Admin, query)
    }

    /// Which indexes a page of this query walks or searches.
    fn plan(&self, query: &str) -> String {
        let page = Page::<Uuid, UserFilter>::from_query("/", query).unwrap();
        let (first, filter) = (page.window(), page.filter);
        let explained = Explained(&self.store, RefCell::default());
        let statement = Statement::of(&first, &filter);
        statement.page(&first, &explained).unwrap();
        explained.1.take().join("; ")
    }
}

const NONE: [&str; 0] = [];

#[test]
fn users_are_found_by_address_and_by_part() {
    let bank = Bank::new();
    for email in [EMAIL, BOB, "ada@other.org"] {
        bank.register(email);
        bank.clock.pass_ms(1);
    }
    assert_eq!(bank.found("email=ADA@example.org"), [EMAIL]);
    assert_eq!(bank.found("query=ada"), ["ada@other.org", EMAIL]);
    assert_eq!(bank.found("query=EXAMPLE"), [BOB, EMAIL]);
    assert_eq!(bank.found("query=a%25"), NONE, "a part is no pattern");
    for all in ["", "query="] {
        assert_eq!(bank.found(all), ["ada@other.org", BOB, EMAIL]);
    }
    let first = bank.users_by(Role::Admin, "limit=2").unwrap();
    let cursor = first.next_cursor.unwrap();
    assert_eq!(bank.found(&format!("cursor={cursor}")), [EMAIL]);
    for without_a_word in ["query=%25", "query=@"] {
        let refused = bank.users_by(Role::Admin, without_a_word).err();
        let detail = "must have a letter or a digit";
        assert_eq!(refused, Some(AuthError::invalid("/query", detail)));
    }
}

#[test]
fn users_are_found_in_any_case_and_form_of_a_part() {
    let bank = Bank::new();
    let books = "joe@b\u{fc}cher.example";
    for (email, name) in [
        ("a@example.org", "M\u{dc}LLER \u{c4}"),
        ("d@example.org", "\u{738b}\u{5c0f}\u{660e}"),
        (books, "Maximiliane-Wilhelmina"),
    ] {
        bank.rename(&bank.register(email), name);
    }
    for (filter, found) in rows! {
        ("query=mu\u{308}ller+\u{e4}", "a@example.org"),
        ("query=\u{5c0f}\u{660e}", "d@example.org"), ("query=B\u{dc}CHER", books),
        ("query=xn--bcher", books), ("query=@b\u{fc}cher.example", books),
        ("query=maximiliane-wilhelmina", books), ("email=JOE%40xn--bcher-kva.example", books),
    } {
        assert_eq!(bank.found(filter), [found], "{filter}");
    }
    for query in ["maximiliane-willi", "@b\u{fc}cher.org", "ller", "a%25"] {
        assert_eq!(bank.found(&format!("query={query}")), NONE, "{query}");
    }
}

#[test]
fn a_new_name_is_found_and_the_old_one_no_more() {
    let (bank, user) = Bank::with_ada();
    bank.rename(&user, "Ada Byron");
    assert_eq!(bank.found("query=byron"), [EMAIL]);
    bank.rename(&user, "Ada Lovelace");
    assert_eq!(bank.found("query=byron"), NONE);
    assert_eq!(bank.found("query=lovelace"), [EMAIL]);
    bank.change(&user, r#"{"name":null}"#).unwrap();
    assert_eq!(bank.found("query=lovelace"), NONE);
    let parts = bank.store.count("user_part");
    assert_eq!(parts, 3, "those of the address alone");
}

#[test]
fn users_are_found_by_role_and_by_whether_they_are_disabled() {
    let bank = Bank::new();
    let (other, admin) = ("other-teller@example.org", "admin@example.org");
    let users = rows! {
        (EMAIL, Role::Customer), (TELLER, Role::Teller), (other, Role::Teller),
        (admin, Role::Admin), (BOB, Role::Customer),
    };
    let users = users.map(|(email, role)| {
        bank.clock.pass_ms(1);
        bank.create(email, role)
    });
    for user in [&users[0], &users[2]] {
        bank.change(user, DISABLE).unwrap();
    }
    for (query, found) in rows! {
        ("role=customer", vec![BOB, EMAIL]), ("role=teller", vec![other, TELLER]),
        ("role=auditor", vec![]), ("disabled=true", vec![other, EMAIL]),
        ("disabled=false", vec![BOB, admin, TELLER]),
        ("role=customer&disabled=true", vec![EMAIL]), ("role=teller&disabled=true", vec![other]),
        ("role=teller&disabled=false&query=teller", vec![TELLER]),
        ("role=customer&email=teller@example.org", vec![]),
    } {
        assert_eq!(bank.found(query), found, "{query}");
    }
}

#[test]
fn tellers_see_customers_alone() {
    let (bank, ada) = Bank::with_ada();
    let teller = bank.create(TELLER, Role::Teller);
    for query in ["", "role=customer", "query=example", "disabled=false"] {
        assert_eq!(bank.found_by(Role::Teller, query), [EMAIL], "{query}");
    }
    for query in ["role=teller", "email=teller@example.org", "query=teller"] {
        assert_eq!(bank.found_by(Role::Teller, query), NONE, "{query}");
        assert_eq!(bank.found_by(Role::Auditor, query), [TELLER], "{query}");
    }
    let seen = |role, id| bank.user_for(&staff(role), id).map(|user| user.id);
    assert_eq!(seen(Role::Teller, ada.id), Ok(ada.id));
    assert_eq!(seen(Role::Teller, teller.id), Err(AuthError::NotFound));
    assert_eq!(seen(Role::Auditor, teller.id), Ok(teller.id));
}

#[test]
fn a_filter_that_is_not_there_or_has_another_value_is_refused() {
    for query in "rôle=teller role=service role=owner disabled=yes name=Ada".split(' ') {
        let read = Page::<Uuid, UserFilter>::from_query("/", query);
        assert!(refusal(read).starts_with("422 "), "{query}");
    }
}

/// Only a page of a value that most users have walks the users, which are in its order.
#[test]
fn a_rare_value_is_found_by_its_index() {
    let bank = Bank::new();
    for (query, index) in rows! {
        ("", "USING PRIMARY KEY (id<?)"),
        ("role=customer", "USING PRIMARY KEY (id<?)"),
        ("disabled=false", "USING PRIMARY KEY (id<?)"),
        ("role=teller", "user_by_role (role=? AND id<?)"),
        ("role=teller&disabled=true", "user_by_role (role=? AND id<?)"),
        ("role=teller&disabled=false", "user_by_role (role=? AND id<?)"),
        ("disabled=true", "user_disabled (disabled=? AND id<?)"),
        ("role=customer&disabled=true", "user_disabled (disabled=? AND id<?)"),
        ("email=a@b.example", "(email_key=?)"),
        ("email=a@b.example&role=teller&query=a", "(email_key=?)"),
        ("query=ada", "USING PRIMARY KEY (part>? AND part<?)"),
    } {
        let plan = bank.plan(query);
        let is_found = plan.contains(index) && !plan.contains("SCAN");
        assert!(is_found, "{query}: {plan}");
    }
}
