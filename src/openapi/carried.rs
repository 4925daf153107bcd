//! The contract as the program carries it: made of `openapi/openapi.json`, which a test holds against the code.

use std::io::{self, Read};

use flate2::read::GzDecoder;

/// What requests are checked by: its paths, with what their operations take, and its schemas, as JSON.
pub static CHECKED: &str = include_str!(concat!(env!("OUT_DIR"), "/checked.json"));

/// The whole document as JSON without blanks, compressed (gzip).
pub static COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));

/// The whole document as JSON without blanks.
///
/// # Errors
/// None, unless the program is damaged.
pub fn document() -> io::Result<String> {
    let mut document = String::new();
    GzDecoder::new(COMPRESSED).read_to_string(&mut document)?;
    Ok(document)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use kernel::api::contract::Contract;

    #[test]
    fn what_requests_are_checked_by_is_the_document() {
        let document: Value = serde_json::from_str(&super::document().unwrap()).unwrap();
        let whole = Contract::new(document.to_string().leak()).unwrap();
        let checked = Contract::new(CHECKED).unwrap();
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert_eq!(checked.schema(name), whole.schema(name), "{name}");
        }
        for (path, item) in document["paths"].as_object().unwrap() {
            let taken = |contract: &Contract| {
                let route = contract.route(path).unwrap();
                assert_eq!(&*route.path, path);
                let takes = |method: &String| (method.clone(), route.takes(method));
                route.methods().iter().map(takes).collect::<BTreeMap<_, _>>()
            };
            assert_eq!(taken(&checked), taken(&whole), "{path}");
            assert_eq!(taken(&checked).len(), item.as_object().unwrap().len(), "{path}");
        }
        assert!(CHECKED.len() * 2 < document.to_string().len(), "little is read at a start");
    }
}
