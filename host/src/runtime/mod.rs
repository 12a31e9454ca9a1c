//! Runs the services: loads their components, keeps their instances, and passes requests, link
//! calls, and ticks to them.
//!
//! A [`Service`] is a name. Behind it is its current [`Generation`], one loaded version of a
//! component. The runtime knows nothing of tokens or of the registry's file. Of its folders, each
//! uses those below it:
//!
//! | folder | what it does |
//! |---|---|
//! | `load` | makes a generation of a component's file |
//! | `services` | knows which generation of each service serves |
//! | `instance` | runs requests and calls in instances of one generation |
//! | `limits` | bounds what an instance may use |

mod instance;
mod limits;
mod load;
mod problem;
mod services;

pub use instance::figures::ResponseFigures;
pub use instance::response::{GuestBody, GuestBodyError};
pub use instance::stats::Snapshot;
pub use limits::guest_log::cut as cut_to_line;
pub use load::compiled::{check_safe as check_code_folder, compile_for_release};
pub use load::compiler::run as run_compiler;
pub use load::component_file::ComponentFile;
pub use load::loader::Loader;
pub use load::offline::{Figure, Verification, VerifyError, figures, verify};
pub use load::trial::{Unfit, check};
pub use problem::{LoadProblem, in_one_line};
pub use services::audit::AuditReport;
pub use services::canary::Canary;
pub use services::commands::CommandError;
pub use services::generation::Generation;
pub use services::metrics::{Metric, MetricKind};
pub use services::routing_table::{Route, RoutingTable};
pub use services::running::{STORES, Services, store_file, stored_services};
pub use services::service::{ServeError, Service};
