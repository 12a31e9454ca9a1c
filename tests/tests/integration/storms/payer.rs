//! A bank of one customer, who has two accounts, and a history of what they ask for.

use std::ops::{Deref, DerefMut};

use rand::rngs::StdRng;
use strongroom_tests::history::{EUR, Scene, Who};
use strongroom_tests::scale::seeded;
use strongroom_tests::{Bank, Person};
use uuid::Uuid;

pub const PAYER: Who = Who::Owner(0);

pub struct Payer {
    scene: Scene,
    pub from: Uuid,
    pub to: Uuid,
    pub random: StdRng,
}

impl Deref for Payer {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl DerefMut for Payer {
    fn deref_mut(&mut self) -> &mut Scene {
        &mut self.scene
    }
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
        self.town.person(PAYER)
    }
}
