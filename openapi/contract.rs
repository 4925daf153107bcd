//! Prints the contract as the code has it: `cargo run -q --example contract > openapi/openapi.json`.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().write_all(cchc::openapi::text().as_bytes())
}
