use kernel::api::contract::Contract;
use kernel::api::table::{Content, members};
use serde_json::Value;

/// The schemas of what spreadsheets hold: the records of lists that can be one, and what imports take.
fn schemas_of_sheets(document: &Value) -> Vec<String> {
    const SCHEMA: &str = "/content/application~1json/schema/$ref";
    let named = |place: Option<&Value>, path: &str| {
        place?.pointer(path)?.as_str()?.strip_prefix("#/components/schemas/").map(str::to_owned)
    };
    let paths = document["paths"].as_object().unwrap();
    let list = |item: &Value| {
        let answer = item.pointer("/get/responses/200");
        let is_a_sheet = answer?.pointer("/content/text~1csv").is_some();
        let page = named(answer.filter(|_| is_a_sheet), SCHEMA)?;
        named(Some(document), &format!("/components/schemas/{page}/properties/items/items/$ref"))
    };
    let body = |path: &str| {
        let collection = path.strip_suffix("/import")?;
        named(paths.get(collection), &format!("/post/requestBody{SCHEMA}"))
    };
    paths.iter().flat_map(|(path, item)| [list(item), body(path)]).flatten().collect()
}

#[test]
fn every_column_of_every_spreadsheet_has_a_vietnamese_heading() {
    let contract = Contract::new(super::document().to_string().leak()).unwrap();
    let schemas = schemas_of_sheets(&contract.document());
    assert!(schemas.len() > 25, "{schemas:?}");
    let mut without = Vec::new();
    for schema in schemas {
        let columns = members(&contract, &contract.schema(&schema).unwrap());
        assert!(!columns.is_empty(), "{schema}");
        for column in columns {
            if column.label == column.name {
                without.push(format!("{schema}.{}", column.name));
            }
            if let Content::Choice(choices) = &column.content {
                let bare = choices.iter().filter(|choice| choice.label == choice.value);
                without.extend(bare.map(|choice| format!("{schema}.{}: {}", column.name, choice.value)));
            }
            if let Content::Nested(members) = &column.content {
                let bare = members.iter().filter(|member| member.label == member.name);
                without.extend(bare.map(|member| format!("{schema}.{}.{}", column.name, member.name)));
            }
        }
    }
    without.sort();
    without.dedup();
    assert!(without.is_empty(), "{without:#?}");
}
