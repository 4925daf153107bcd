//! The HTTP kernel: one way to do each thing, for every resource. It knows no word of the
//! administration.

pub mod address;
pub mod batch;
pub mod contract;
pub mod crud;
pub mod etag;
pub mod fields;
pub mod frame;
pub mod head;
pub mod health;
pub mod idempotency;
pub mod json;
pub mod listing;
pub mod metrics;
pub mod mount;
pub mod page;
pub mod patch;
pub mod problems;
pub mod query;
pub mod records;
mod shape;
pub mod sheet;
pub mod table;
pub mod text;
pub mod unread;
pub mod ways;

pub use etag::{Cached, Created, Deleted, Found, IfMatch, Record, Saved};
pub use idempotency::{Once, Rendered};
pub use json::{MergePatch, ValidJson};
pub use listing::Listed;
pub use page::{PageParams, PageRequest, PageRows, Paged};
pub use patch::{Change, Patch};
pub use query::{ListQuery, ValidPath, ValidQuery};
