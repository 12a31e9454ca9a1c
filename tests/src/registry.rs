//! The text of a `registry.toml`, made for one test.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::workspace;

/// The services of the default bank, each with the name of its component.
pub const BANK_SERVICES: [(&str, &str); 5] = [
    ("auth", "auth"),
    ("token", "token"),
    ("accounts", "account"),
    ("transactions", "transaction"),
    ("webhooks", "webhook"),
];

/// A registry under construction.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Registry {
    host: Table,
    services: Table,
}

impl Registry {
    /// No services; compiled code is cached where all tests find it.
    pub fn empty() -> Self {
        let cache = workspace::compiled_code_cache().display().to_string();
        Self::default().host("cache", cache)
    }

    /// The services of the default bank, as `registry.toml` at the root of the workspace has them.
    pub fn bank() -> Self {
        let text = fs::read_to_string(workspace::root().join("registry.toml"))
            .expect("the default registry is there");
        let default: Table = text.parse().expect("the default registry is TOML");
        let services = default["services"].as_table();
        let services = services.expect("it has services").iter();
        let bank = services.fold(Self::empty(), |bank, (name, settings)| {
            let settings = settings.as_table().expect("a service is a table");
            let component = settings["component"].as_str().expect("a path");
            let service = Service(settings.clone()).file(&workspace::root().join(component));
            bank.service(name, service)
        });
        // The smallest cost that the service takes: most tests are not about passwords.
        bank.change("auth", |auth| {
            let auth = auth.config("argon2_memory_kib", "7168");
            auth.config("argon2_iterations", "1")
        })
    }

    /// The same with the components that plain `cargo build --target wasm32-wasip2` made.
    pub fn bank_of_plain_builds() -> Self {
        Self::bank_of(workspace::plain_component)
    }

    /// The same with builds that no other run has seen, which are written into `folder`.
    pub fn bank_rebuilt(folder: &Path, number: u8) -> Self {
        Self::bank_of(|component| {
            let file = folder.join(format!("{component}-{number}.wasm"));
            let mut bytes = fs::read(workspace::component(component)).expect("a component");
            // A custom section means nothing: number 0, 3 bytes, a name and a content of 1 each.
            bytes.extend_from_slice(&[0, 3, 1, b'n', number]);
            fs::write(&file, bytes).expect("a file can be written");
            file
        })
    }

    fn bank_of(file: impl Fn(&str) -> PathBuf) -> Self {
        let services = BANK_SERVICES.into_iter();
        services.fold(Self::bank(), |bank, (service, component)| {
            bank.change(service, |service| service.file(&file(component)))
        })
    }

    /// Sets a key of the `[host]` table.
    pub fn host(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.host.insert(key.to_owned(), value.into());
        self
    }

    /// Adds or replaces a service.
    pub fn service(mut self, name: &str, service: Service) -> Self {
        let settings = Value::Table(service.0);
        self.services.insert(name.to_owned(), settings);
        self
    }

    /// Changes a service that is there.
    pub fn change(mut self, name: &str, change: impl FnOnce(Service) -> Service) -> Self {
        let Some(Value::Table(settings)) = self.services.remove(name) else {
            panic!("no service {name}")
        };
        self.service(name, change(Service(settings)))
    }

    /// The TOML.
    pub fn text(&self) -> String {
        let mut whole = Table::new();
        whole.insert("host".to_owned(), Value::Table(self.host.clone()));
        whole.insert("services".to_owned(), Value::Table(self.services.clone()));
        whole.to_string()
    }

    /// Saves `registry.toml` in `folder` as careful editors do: whole, by a rename.
    pub fn save(&self, folder: &Path) {
        let new = folder.join("registry.toml.new");
        fs::write(&new, self.text()).expect("the registry can be written");
        fs::rename(&new, folder.join("registry.toml")).expect("the registry can be replaced");
    }

    /// Writes `registry.toml` into `folder`, and returns its path.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join("registry.toml");
        fs::write(&path, self.text()).expect("the registry can be written");
        path
    }
}

/// The table of one service.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Service(Table);

impl Service {
    /// A guest of `tests/guests` that speaks nothing but `wasi:http`.
    pub fn guest(name: &str) -> Self {
        Self::default().file(&workspace::guest(name))
    }

    pub fn file(self, path: &Path) -> Self {
        self.set("component", path.display().to_string())
    }

    /// Reachable without a token.
    pub fn public(self) -> Self {
        self.set("public", Value::Array(vec!["* /*".into()]))
    }

    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Sets a key of the `config` table.
    pub fn config(self, key: &str, value: impl Into<Value>) -> Self {
        self.set_in("config", key, value.into())
    }

    /// Sets a key of the `limits` table.
    pub fn limit(self, key: &str, value: impl Into<Value>) -> Self {
        self.set_in("limits", key, value.into())
    }

    fn set_in(mut self, table: &str, key: &str, value: Value) -> Self {
        let entry = self.0.entry(table).or_insert_with(|| Table::new().into());
        let entry = entry.as_table_mut().expect("it is a table");
        entry.insert(key.to_owned(), value);
        self
    }
}
