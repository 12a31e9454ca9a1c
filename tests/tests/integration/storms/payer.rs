//! A bank of one customer, who has two accounts, and a history of what they ask for.

use rand::rngs::StdRng;
use strongroom_tests::history::{EUR, Scene, Who};
use strongroom_tests::scale::seeded;
use strongroom_tests::{Bank, Person};
use uuid::Uuid;

pub const PAYER: Who = Who::Owner(0);

pub struct Payer {
    pub scene: Scene,
    pub from: Uuid,
    pub to: Uuid,
    pub random: StdRng,
}

impl Payer {
    pub async fn open() -> Self {
        let scene = Scene::open(Bank::start().await, 1, &[EUR; 2]).await;
        let [from, to] = scene.town.accounts();
        Self {
            scene,
            from,
            to,
            random: seeded(),
        }
    }

    pub fn person(&self) -> &Person {
        self.scene.town.person(PAYER)
    }
}
