//! Who may do what. Two customers: neither sees that the other's objects exist. Roles come from the bank, never from a client.

use strongroom_tests::bank::{PASSWORD, new_email, new_key, text, transfer};
use strongroom_tests::{Answer, Bank, Person, Value, json};

const NOBODYS_ID: &str = "01890000-0000-7000-8000-000000000000";

/// A victim with everything that has an id, and a stranger.
struct Scene {
    victim: Person,
    stranger: Person,
    account: String,
    other_account: String,
    transaction: String,
    strangers_account: String,
}

impl Scene {
    async fn set(bank: &Bank) -> Self {
        let (victim, stranger) = (bank.customer().await, bank.customer().await);
        let (account, other_account) = (
            victim.open_account("EUR").await,
            victim.open_account("EUR").await,
        );
        bank.admin().await.deposit(&account, "100.00", "EUR").await;
        let transaction = victim
            .transfer(&new_key(), &account, &other_account, "1.00")
            .await
            .expect(201);
        let strangers_account = stranger.open_account("EUR").await;
        Self {
            victim,
            stranger,
            account,
            other_account,
            transaction: text(&transaction["id"]).to_owned(),
            strangers_account,
        }
    }

    /// The victim sees all as it was.
    async fn assert_untouched(&self) {
        assert_eq!(self.victim.balance(&self.account).await, "99.00");
        assert_eq!(self.victim.balance(&self.other_account).await, "1.00");
        let account = self
            .victim
            .get(&format!("/api/accounts/{}", self.account))
            .await
            .expect(200);
        assert_eq!(account["status"], "open");
    }
}

/// Asserts that the stranger's answer for the victim's id is 404, and the same as for an id that nobody has.
async fn assert_hidden(victims_id: &str, call: impl AsyncFn(&str) -> Answer, what: &str) {
    let (hidden, absent) = (call(victims_id).await, call(NOBODYS_ID).await);
    assert_eq!(hidden.status, 404, "{what}: {}", hidden.text());
    hidden.problem(404);
    absent.problem(404);
    let same = (
        hidden.problem_without(&[victims_id]),
        absent.problem_without(&[NOBODYS_ID]),
    );
    assert_eq!(same.0, same.1, "{what}: the answers tell the two apart");
    let names = |answer: &Answer| {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(&hidden),
        names(&absent),
        "{what}: the headers tell the two apart"
    );
}

#[tokio::test]
async fn reading_by_id_hides_what_is_anothers() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    let reads = [
        ("/api/accounts/{}", &scene.account),
        ("/api/accounts/{}/balance", &scene.account),
        ("/api/accounts/{}/entries", &scene.account),
        ("/api/accounts/user/{}", &scene.victim.id),
        ("/api/transactions/{}", &scene.transaction),
        ("/api/transactions?account_id={}", &scene.account),
    ];
    for (path, id) in reads {
        assert_hidden(
            id,
            async |id| scene.stranger.get(&path.replace("{}", id)).await,
            path,
        )
        .await;
    }
}

#[tokio::test]
async fn staff_act_on_their_own_account_as_its_owner_and_no_more() {
    let bank = Bank::shared().await;
    let teller = bank.staff("teller").await;
    let admin = bank.admin().await;
    let customer = bank.customer().await;
    let own = teller.open_account("EUR").await;
    let customers = customer.open_account("EUR").await;
    admin.deposit(&own, "10.00", "EUR").await;
    let cash = |amount: &str| json!({"account_id": own, "amount": amount, "currency": "EUR"});
    let sent = transfer(&own, &customers, "1.00", "EUR");
    let sent = teller.submit("transfer", &sent).await.expect(201);
    let reverse = format!("{}/reverse", text(&sent["id"]));
    let account = format!("/api/accounts/{own}");
    let limit = json!({"overdraft_limit": "100.00"});
    for refused in [
        teller.submit("deposit", &cash("1.00")).await,
        teller.submit(&reverse, &json!({})).await,
        teller.post(&format!("{account}/freeze")).await,
        teller.post(&format!("{account}/unfreeze")).await,
        teller.patch(&account).json(&limit).await,
    ] {
        refused.refused(403, "own_account");
    }
    let too_much = teller.submit("withdraw", &cash("9.01")).await;
    too_much.refused(422, "insufficient_funds");
    teller.submit("withdraw", &cash("2.00")).await.expect(201);
    // A colleague does it.
    admin.submit(&reverse, &json!({})).await.expect(201);
    assert_eq!(teller.balance(&own).await, "8.00");
    teller.submit("withdraw", &cash("8.00")).await.expect(201);
    let close = teller.post(&format!("{account}/close")).await.expect(200);
    assert_eq!(close["status"], "closed");
}

#[tokio::test]
async fn closing_hides_what_is_anothers() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    let close = async |id: &str| {
        scene
            .stranger
            .post(&format!("/api/accounts/{id}/close"))
            .await
    };
    assert_hidden(&scene.account, close, "close").await;
    scene.assert_untouched().await;
}

#[tokio::test]
async fn moving_money_out_of_anothers_account_hides_it() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    for call in ["transfer", "send"] {
        let steal = async |id: &str| {
            let body = transfer(id, &scene.strangers_account, "1.00", "EUR");
            scene.stranger.submit(call, &body).await
        };
        assert_hidden(&scene.account, steal, call).await;
    }
    let withdraw = async |id: &str| {
        let body = json!({"account_id": id, "amount": "1.00", "currency": "EUR"});
        scene.stranger.submit("withdraw", &body).await
    };
    assert_hidden(&scene.account, withdraw, "withdraw").await;
    assert_eq!(
        scene.stranger.balance(&scene.strangers_account).await,
        "0.00"
    );
    scene.assert_untouched().await;
}

#[tokio::test]
async fn a_refused_theft_leaves_nothing_in_the_victims_history() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    let list = format!("/api/transactions?account_id={}", scene.account);
    let before = scene.victim.all(&list).await;
    scene
        .stranger
        .transfer(&new_key(), &scene.account, &scene.strangers_account, "1.00")
        .await
        .problem(404);
    assert_eq!(scene.victim.all(&list).await, before);
}

#[tokio::test]
async fn anothers_idempotency_key_gives_nothing_away() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    let key = new_key();
    scene
        .victim
        .transfer(&key, &scene.account, &scene.other_account, "1.00")
        .await
        .expect(201);
    let copied = scene
        .stranger
        .transfer(&key, &scene.account, &scene.other_account, "1.00")
        .await;
    copied.problem(404);
    assert!(!copied.replayed());
}

#[tokio::test]
async fn the_bank_pays_into_anothers_account_and_shows_no_balance_of_it() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    bank.admin()
        .await
        .deposit(&scene.strangers_account, "5.00", "EUR")
        .await;
    let sent = scene
        .stranger
        .transfer(&new_key(), &scene.strangers_account, &scene.account, "5.00")
        .await;
    let text = sent.expect(201).to_string();
    assert!(
        !text.contains("104.00")
            && !text.contains(&scene.victim.id)
            && !text.contains(&scene.victim.email),
        "{text}"
    );
}

#[tokio::test]
async fn staff_calls_are_403_for_a_customer() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    let customer = &scene.victim;
    let deposit = json!({"account_id": scene.account, "amount": "1.00", "currency": "EUR"});
    let user = json!({"email": new_email(), "password": PASSWORD, "role": "admin"});
    let calls: [(&str, String, Value); 9] = [
        (
            "POST",
            format!("/api/accounts/{}/freeze", scene.account),
            Value::Null,
        ),
        (
            "POST",
            format!("/api/accounts/{}/unfreeze", scene.account),
            Value::Null,
        ),
        (
            "PATCH",
            format!("/api/accounts/{}", scene.account),
            json!({"overdraft_limit": "1000.00"}),
        ),
        ("POST", "/api/transactions/deposit".to_owned(), deposit),
        ("POST", "/api/auth/users".to_owned(), user),
        ("GET", "/api/auth/users".to_owned(), Value::Null),
        (
            "GET",
            format!("/api/auth/users/{}", customer.id),
            Value::Null,
        ),
        (
            "PATCH",
            format!("/api/auth/users/{}", customer.id),
            json!({"role": "admin"}),
        ),
        (
            "POST",
            "/api/token/introspect".to_owned(),
            json!({"token": customer.token()}),
        ),
    ];
    for (method, path, body) in calls {
        let call = customer.call(method, &path).key(&new_key());
        let answer = if body.is_null() {
            call.await
        } else {
            call.json(&body).await
        };
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
        answer.problem(403);
    }
    assert_eq!(
        customer.get("/api/auth/me").await.expect(200)["role"],
        "customer"
    );
    scene.assert_untouched().await;
}

#[tokio::test]
async fn an_auditor_reads_all_and_changes_nothing() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    let auditor = bank.staff("auditor").await;
    let reads = [
        format!("/api/accounts/{}", scene.account),
        format!("/api/accounts/{}/entries", scene.account),
        format!("/api/accounts/user/{}", scene.victim.id),
        format!("/api/transactions/{}", scene.transaction),
        format!("/api/transactions?account_id={}", scene.account),
    ];
    for path in reads {
        auditor.get(&path).await.expect(200);
    }
    auditor
        .post(&format!("/api/accounts/{}/freeze", scene.account))
        .await
        .problem(403);
    auditor
        .post(&format!("/api/accounts/{}/close", scene.account))
        .await
        .problem(403);
    let role = auditor
        .patch(&format!("/api/auth/users/{}", auditor.id))
        .json(&json!({"role": "admin"}))
        .await;
    role.problem(403);
    scene.assert_untouched().await;
}

#[tokio::test]
async fn a_teller_does_not_administer_users() {
    let bank = Bank::shared().await;
    let teller = bank.staff("teller").await;
    let user = json!({"email": new_email(), "password": PASSWORD, "role": "admin"});
    teller
        .post("/api/auth/users")
        .json(&user)
        .await
        .problem(403);
    teller
        .patch(&format!("/api/auth/users/{}", teller.id))
        .json(&json!({"role": "admin"}))
        .await
        .problem(403);
}

#[tokio::test]
async fn a_role_in_the_registration_is_refused() {
    let bank = Bank::shared().await;
    let email = new_email();
    for (field, value) in [
        ("role", json!("admin")),
        ("is_admin", json!(true)),
        ("id", json!(NOBODYS_ID)),
        ("balance", json!("9.00")),
    ] {
        let mut body = json!({"email": email, "password": PASSWORD});
        body[field] = value;
        bank.client()
            .post("/api/auth/register")
            .json(&body)
            .await
            .invalid(&format!("/{field}"));
    }
    bank.login(&email, PASSWORD)
        .await
        .refused(401, "invalid_credentials");
}

#[tokio::test]
async fn a_role_change_applies_to_the_next_request() {
    let bank = Bank::shared().await;
    let (admin, person) = (bank.admin().await, bank.staff("teller").await);
    let account = bank.customer().await.open_account("EUR").await;
    person.deposit(&account, "1.00", "EUR").await;

    admin
        .patch(&format!("/api/auth/users/{}", person.id))
        .json(&json!({"role": "customer"}))
        .await
        .expect(200);

    // The old token dies; what it allowed is not allowed by the new one.
    let deposit = json!({"account_id": account, "amount": "1.00", "currency": "EUR"});
    let with_old_token = person.submit("deposit", &deposit).await;
    assert!(
        [401, 403].contains(&with_old_token.status),
        "{}",
        with_old_token.text()
    );
    let again = person.log_in_again().await;
    again.submit("deposit", &deposit).await.problem(403);
}

/// Headers with which a client might claim to be somebody else.
const SPOOFED_HEADERS: [&str; 12] = [
    "x-strongroom-subject",
    "x-strongroom-role",
    "x-strongroom-session",
    "x-strongroom-scope",
    "X-Strongroom-Role",
    "x-strongroom-anything",
    "x_strongroom_subject",
    "x_strongroom_role",
    "x-strongroom_role",
    "x_strongroom-role",
    "x-user-id",
    "x-roles",
];

#[tokio::test]
async fn identity_headers_of_a_client_do_not_make_it_staff() {
    let bank = Bank::shared().await;
    let scene = Scene::set(bank).await;
    let victim = &scene.victim;
    for name in SPOOFED_HEADERS {
        for value in ["admin", victim.id.as_str()] {
            let spoofed = scene
                .stranger
                .get(&format!("/api/accounts/{}", scene.account))
                .header(name, value)
                .await;
            assert!(
                [400, 404].contains(&spoofed.status),
                "{name}: {value}: {}",
                spoofed.text()
            );
            let me = scene.stranger.get("/api/auth/me").header(name, value).await;
            if me.status != 400 {
                assert_eq!(me.expect(200)["id"], scene.stranger.id, "{name}: {value}");
            }
            bank.client()
                .get("/api/auth/me")
                .header(name, value)
                .await
                .problem_of_client();
        }
    }
}

#[tokio::test]
async fn a_component_sees_only_the_identity_that_the_gateway_verified() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    for (client, path) in [
        (&*customer, "/api/guarded/seen-headers"),
        (&bank.client(), "/api/hostile/seen-headers"),
    ] {
        for name in SPOOFED_HEADERS {
            let answer = client.get(path).header(name, "spoofed-by-the-client").await;
            if answer.status == 400 {
                continue;
            }
            assert_eq!(answer.status, 200, "{}", answer.text());
            let seen = answer.text().to_lowercase();
            let as_identity = seen
                .lines()
                .filter(|line| line.replace('_', "-").starts_with("x-strongroom-"));
            for line in as_identity {
                assert!(!line.contains("spoofed"), "{path} with {name}: {line}");
            }
        }
    }
}

#[tokio::test]
async fn a_component_gets_the_verified_identity_as_headers() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let seen = customer.get("/api/guarded/seen-headers").await.text();
    let lines: Vec<&str> = seen.lines().collect();
    assert!(
        lines.contains(&format!("x-strongroom-subject: {}", customer.id).as_str()),
        "{seen}"
    );
    assert!(lines.contains(&"x-strongroom-role: customer"), "{seen}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("x-strongroom-session: ")),
        "{seen}"
    );
    let names =
        ["subject", "role", "session", "scope"].map(|name| format!("x-strongroom-{name}: "));
    for name in names {
        assert!(
            lines.iter().filter(|line| line.starts_with(&name)).count() <= 1,
            "{seen}"
        );
    }
}

/// What an anonymous client may get: 401, or 400 for the header itself.
trait ClientProblem {
    fn problem_of_client(&self);
}

impl ClientProblem for Answer {
    #[track_caller]
    fn problem_of_client(&self) {
        assert!([400, 401].contains(&self.status), "{}", self.text());
        self.problem(self.status);
    }
}
