//! A bank of one customer, who has two accounts, and a history of what they ask for.

use rand::rngs::StdRng;
use strongroom_tests::history::traffic::open_account;
use strongroom_tests::history::{EUR, History};
use strongroom_tests::scale::seeded;
use strongroom_tests::{Bank, Person};
use uuid::Uuid;

pub struct Payer {
    pub bank: Bank,
    pub history: History,
    pub admin: Person,
    pub payer: Person,
    pub from: Uuid,
    pub to: Uuid,
    pub random: StdRng,
}

impl Payer {
    pub async fn open() -> Self {
        let bank = Bank::start().await;
        let history = History::default();
        let (admin, payer) = (bank.admin().await, bank.customer().await);
        let from = open_account(&payer, &admin, &history, EUR).await;
        let to = open_account(&payer, &admin, &history, EUR).await;
        Self {
            bank,
            history,
            admin,
            payer,
            from,
            to,
            random: seeded(),
        }
    }

    pub async fn log_in_again(&mut self) {
        self.admin = self.admin.log_in_again().await;
        self.payer = self.payer.log_in_again().await;
    }
}
