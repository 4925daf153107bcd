//! The change feed (luồng thay đổi): every create, update and delete in the order of the journal's
//! positions, so that a system can keep a copy without reading everything again. It tells what
//! changed, never the content: whoever may read the record reads it as it stands now.
//!
//! Positions are given to committed writes only, by one sequencer: nothing ever appears below a
//! token that was given, and nothing is skipped. A token also tells the journal's hash at its place:
//! where an older backup was restored, positions come again with other entries, and the token of
//! before has expired.
//!
//! A feed of some units is a feed of exactly these: the token tells which they were. Where the tree has
//! changed since, so that the same filter now names other units, a copy would lack what a unit that came
//! to them wrote before, and keep what is no longer theirs; such a token has expired too, and so has that
//! of a narrower feed in a wider one. That of the whole feed goes on in any.
//!
//! - [`model`] is a change, and what is asked for; `place` where a reader stands, and the token of it.
//! - `store` reads the journal window by window; `handlers` waits for what comes.

mod handlers;
pub mod model;
mod place;
mod store;

pub use handlers::routes;
