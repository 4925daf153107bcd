//! A story of the administration: an async function over a fresh application.

use std::future::Future;
use std::pin::Pin;

use libtest_mimic::{Failed, Trial};

use super::TestApp;
use super::database::Backend;

type Body = fn(TestApp) -> Pin<Box<dyn Future<Output = ()>>>;

/// A named story.
#[derive(Clone, Copy)]
pub struct Story {
    name: &'static str,
    body: Body,
}

impl Story {
    pub fn new(name: &'static str, body: Body) -> Self {
        Self { name, body }
    }

    /// The story as a test on one database.
    pub fn on(self, backend: Backend) -> Trial {
        Trial::test(format!("{}::{}", backend.name(), self.name), move || {
            actix_web::rt::System::new().block_on(async move {
                let app = TestApp::start(backend).await;
                (self.body)(app).await;
            });
            Ok::<(), Failed>(())
        })
    }
}

/// The stories of a module; one that is not listed is dead code, which clippy refuses.
#[macro_export]
macro_rules! tell {
    ($($story:ident),+ $(,)?) => {
        pub fn stories() -> Vec<$crate::support::story::Story> {
            vec![$($crate::support::story::Story::new(
                concat!(module_path!(), "::", stringify!($story)),
                |app| Box::pin($story(app)),
            )),+]
        }
    };
}
