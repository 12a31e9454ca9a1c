//! Speaks to the guest `sql`, which runs on its store whatever it is sent.

use super::*;

#[derive(Clone)]
pub struct Shell {
    client: Client,
    service: &'static str,
}

pub fn service() -> Service {
    Service::guest("sql").public().limit("timeout", "20s")
}

impl Shell {
    pub fn of(neighbours: &Neighbours, service: &'static str) -> Self {
        Self {
            client: neighbours.client(),
            service,
        }
    }

    /// Does what the guest knows by this name. What the store refuses comes back as its error's
    /// name in `strongroom:store/sql` and its text, such as `denied: not authorized`.
    pub async fn run(&self, action: &str, text: &str) -> Result<String, String> {
        let path = format!("/api/{}/{action}", self.service);
        let call = self.client.post(&path).body("text/plain", text.to_owned());
        let answer = call.await;
        match answer.status {
            200 => Ok(answer.text()),
            422 => Err(answer.text()),
            other => panic!("{action} {text}: {other} {}", answer.text()),
        }
    }

    pub async fn query(&self, statement: &str) -> Result<String, String> {
        self.run("query", statement).await
    }

    /// A write, in a transaction of its own; returns how many rows it changed.
    pub async fn execute(&self, statement: &str) -> Result<String, String> {
        self.run("execute", statement).await
    }
}
