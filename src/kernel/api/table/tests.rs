use proptest::prelude::*;
use serde_json::json;
use utoipa::ToSchema;

use super::*;

#[derive(Serialize, ToSchema)]
struct Sheep {
    /// Where it grazes (đồng cỏ), mostly.
    zone: &'static str,
    age: Option<u8>,
    bells: Vec<u8>,
}

fn contract_of(document: &Value) -> Contract {
    Contract::new(document.to_string().leak()).unwrap()
}

#[test]
fn columns_stand_in_the_order_of_the_contract() {
    let columns = Columns::of::<Sheep>(&contract_of(&json!({})));
    assert_eq!(columns.names().collect::<Vec<_>>(), ["zone", "age", "bells"]);
    let cells = columns.cells(&Sheep { zone: "Hòa Mỹ", age: None, bells: vec![1, 2] }).unwrap();
    assert_eq!(cells, [json!("Hòa Mỹ"), Value::Null, json!("[1,2]")]);
}

#[derive(Serialize, ToSchema)]
struct Shepherd {
    /// Name (họ tên).
    name: &'static str,
    phone: Option<&'static str>,
    sheep: Vec<u8>,
}

#[derive(Serialize, ToSchema)]
struct Herd {
    code: u8,
    /// Who watches it (người chăn).
    shepherd: Shepherd,
    /// Who helps (người giúp).
    helper: Option<Shepherd>,
}

#[test]
fn an_object_has_a_column_for_each_of_its_members() {
    let shepherd = serde_json::to_value(Shepherd::schema()).unwrap();
    let contract = contract_of(&json!({"components": {"schemas": {"Shepherd": shepherd}}}));
    let columns = Columns::of::<Herd>(&contract);
    let names = columns.names().collect::<Vec<_>>();
    assert_eq!(
        names,
        [
            "code",
            "shepherd.name",
            "shepherd.sheep",
            "shepherd.phone",
            "helper.name",
            "helper.sheep",
            "helper.phone"
        ]
    );
    let required: Vec<_> = columns.all().iter().map(|column| column.required).collect();
    assert_eq!(required, [true, true, true, false, false, false, false]);
    assert_eq!(columns.all()[1].heading(), "Người chăn: họ tên");
    let herd = Herd { code: 1, shepherd: Shepherd { name: "An", phone: None, sheep: vec![7] }, helper: None };
    let mut cells = vec![json!(1), json!("An"), json!("[7]")];
    cells.resize(7, Value::Null);
    assert_eq!(columns.cells(&herd).unwrap(), cells);
    for (pointer, name) in [
        ("/code", "code"),
        ("/helper/phone", "helper.phone"),
        ("/shepherd", "shepherd.name"),
        ("/helper/sheep/0", "helper.sheep"),
    ] {
        assert_eq!(columns.at(pointer).map(|column| column.name.as_str()), Some(name));
    }
    assert_eq!(columns.at("/shepherd/age"), None);
    assert_eq!(columns.at(""), None);
}

#[test]
fn a_column_knows_what_the_contract_says_of_its_member() {
    let contract = contract_of(&json!({"components": {"schemas": {"Kind": {
        "type": "string", "enum": ["ewe", "ram"],
        "description": "Kind of sheep (loại cừu).\n\n- `ewe`: A female (cừu cái)\n- `ram`: A male",
    }}}}));
    let of = |schema: Value| Column::of(&contract, "kind", true, &schema, None);
    let kind = of(
        json!({"oneOf": [{"$ref": "#/components/schemas/Kind", "description": "Its kind (loại)."}, {"type": "null"}]}),
    );
    assert_eq!(kind.label, "loại");
    let choice = |value: &str, label: &str| Choice { value: value.into(), label: label.into() };
    assert_eq!(kind.content, Content::Choice(vec![choice("ewe", "cừu cái"), choice("ram", "ram")]));
    let count = of(
        json!({"type": ["integer", "null"], "minimum": 0, "maximum": 9, "description": "Lambs (1 or 2)."}),
    );
    assert_eq!((count.content, count.limits), (Content::Integer, (Some(0), Some(9))));
    assert_eq!(count.label, "kind", "brackets of plain ASCII hold no Vietnamese");
    assert_eq!(of(json!({"type": ["string", "null"], "format": "date"})).content, Content::Date);
}

#[test]
fn a_nested_column_knows_its_members_and_what_it_may_look_like() {
    let contract = contract_of(&json!({"components": {"schemas": {"Step": {
        "type": "object", "required": ["name", "kind"],
        "properties": {
            "days": {"type": ["integer", "null"], "minimum": 2},
            "kind": {"type": "string", "enum": ["ewe", "ram"]},
            "name": {"type": "string", "description": "Its name (tên bước)."},
        },
    }}}}));
    let steps = json!({"type": "array", "items": {"$ref": "#/components/schemas/Step"}});
    let column = Column::of(&contract, "steps", true, &steps, None);
    assert_eq!(column.sample, Some(json!([{"kind": "ewe", "name": "…"}])));
    let Content::Nested(members) = &column.content else { panic!("{column:?}") };
    let names: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["kind", "name", "days"], "those first that it cannot be without");
    assert_eq!(members[1].heading(), "Tên bước");
    let example = json!([{"name": "Tiếp nhận", "kind": "ram"}]);
    let column = Column::of(&contract, "steps", true, &steps, Some(&example));
    assert_eq!(column.sample, Some(example));
    assert_eq!(
        Column::of(&contract, "steps", true, &steps, Some(&json!([]))).sample,
        Some(json!([{"kind": "ewe", "name": "…"}])),
        "an empty list shows nothing"
    );
}

#[derive(Serialize, ToSchema)]
struct Count {
    rate: f64,
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u8>,
    is_done: bool,
    change: i64,
    /// Who watches it (người chăn).
    shepherd: Option<Shepherd>,
    #[serde(rename = "last")]
    end: char,
}

#[derive(Serialize, ToSchema)]
struct Flat {
    code: u8,
    #[serde(flatten)]
    sheep: Sheep,
}

/// What is written member by member is what the cells are as CSV has them.
fn is_written_as_its_cells(columns: &Columns, record: &impl Serialize) {
    let mut texts = vec!["left over".to_owned()];
    columns.texts(record, &mut texts).unwrap();
    let cells = columns.cells(record).unwrap();
    assert_eq!(texts, cells.iter().map(|cell| csv_cell(cell).into_owned()).collect::<Vec<_>>());
}

#[test]
fn a_line_has_the_cells_of_its_record() {
    let shepherd = serde_json::to_value(Shepherd::schema()).unwrap();
    let contract = contract_of(&json!({"components": {"schemas": {"Shepherd": shepherd}}}));
    let columns = Columns::of::<Sheep>(&contract);
    is_written_as_its_cells(&columns, &Sheep { zone: "=1", age: Some(3), bells: vec![1, 2] });
    is_written_as_its_cells(&columns, &json!({"zone": "Hòa Mỹ", "bells": [], "more": 1}));
    let columns = Columns::of::<Herd>(&contract);
    let shepherd = |name| Shepherd { name, phone: Some("+84"), sheep: vec![1] };
    for helper in [None, Some(shepherd("Người giúp thử"))] {
        is_written_as_its_cells(&columns, &Herd { code: 1, shepherd: shepherd("'A, \"B\""), helper });
    }
    let columns = Columns::of::<Count>(&contract);
    for (left_out, shepherd) in [(None, None), (Some(7), Some(shepherd("A")))] {
        let note = left_out.map(|_| "@".to_owned());
        let count = Count { rate: 0.5, note, left_out, is_done: true, change: -1, shepherd, end: '=' };
        is_written_as_its_cells(&columns, &count);
    }
    let columns = Columns::of::<Flat>(&contract);
    is_written_as_its_cells(
        &columns,
        &Flat { code: 1, sheep: Sheep { zone: "A", age: None, bells: vec![] } },
    );
}

#[test]
fn a_term_begins_with_a_capital() {
    assert_eq!(capital("đơn vị báo cáo"), "Đơn vị báo cáo");
    assert_eq!(capital(""), "");
}

#[test]
fn no_text_becomes_a_formula() {
    for text in ["=1+1", "+84", "-1", "@SUM(A1)", "\tx", "\rx"] {
        assert!(csv_cell(&json!(text)).starts_with('\''), "{text:?}");
    }
    assert_eq!(csv_cell(&json!("a;=1+1; b;@x\n-1")), "a;'=1+1; b;'@x\n'-1");
    assert_eq!(csv_cell(&json!(-1)), "-1", "a number is a number");
    assert_eq!(csv_cell(&json!(true)), "true");
    assert_eq!(csv_cell(&Value::Null), "");
}

proptest! {
    #[test]
    fn every_text_is_found_again(text in "['=+@;\\-\t]{0,3}.{0,2}['=;\r\n]{0,4}.{0,3}") {
        let cell = json!(text);
        let written = csv_cell(&cell);
        prop_assert_eq!(&*plain(&written), text.as_str());
    }
}
