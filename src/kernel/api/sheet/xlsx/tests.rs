use std::io::{Cursor, Write};

use calamine::{ExcelDateTime, ExcelDateTimeType};
use proptest::prelude::*;
use zip::ZipArchive;
use zip::write::SimpleFileOptions;

use super::archive::unescaped;
use super::cells::position;
use super::days::{moment, shows_a_day};
use crate::api::sheet::given::{Given, GivenRow};
use crate::api::sheet::read::{Expected, Limits, Source, read};
use crate::api::table::{Column, Columns, Content};
use crate::error::{ApiError, Problem};

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in parts {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn rows(file: &[u8], unpacked_bytes: u64) -> Result<Vec<GivenRow>, ApiError> {
    let column = |name: &str| Column {
        name: name.into(),
        label: name.into(),
        required: true,
        content: Content::Text,
        limits: (None, None),
        sample: None,
    };
    let columns = Columns::from(["a", "b", "c"].map(column).to_vec());
    let limits = Limits { rows: 100, unpacked_bytes };
    let expected = Expected { collection: "sheep", columns: &columns, listed: &columns, limits };
    let mut rows = Vec::new();
    read(Source::Xlsx(Cursor::new(file)), expected, |_, row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// As other programs write: prefixes, paths from the root, rows and cells without names, texts of
/// several runs, days since 1904.
fn foreign(sheet: &str) -> Vec<u8> {
    archive(&[
        (
            "_rels/.rels",
            r#"<Relationships><Relationship Id="r1" Type="x/officeDocument" Target="/Book/Main.xml"/></Relationships>"#,
        ),
        (
            "book/_rels/main.xml.rels",
            r#"<Relationships>
            <Relationship Id="s" Type="x/worksheet" Target="pages/one.xml"/>
            <Relationship Id="t" Type="x/sharedStrings" Target="/book/texts.xml"/>
            <Relationship Id="l" Type="x/styles" Target="looks.xml"/></Relationships>"#,
        ),
        (
            "book/main.xml",
            r#"<x:workbook xmlns:x="m" xmlns:r="r"><x:workbookPr date1904="1"/>
            <x:sheets><x:sheet name="sheep" sheetId="1" r:id="s"/></x:sheets></x:workbook>"#,
        ),
        (
            "book/looks.xml",
            r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\/mm\/yyyy&quot; h&quot;"/></numFmts>
            <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#,
        ),
        (
            "book/texts.xml",
            r#"<sst uniqueCount="500000000000"><si><t>a</t></si><si><t> b </t></si>
            <si><r><t xml:space="preserve">H&#242;a </t></r><r><rPr/><t xml:space="preserve">M&#x1EF9; &amp; _x0041__x000D_</t></r><rPh><t>no</t></rPh></si></sst>"#,
        ),
        ("book/pages/one.xml", sheet),
    ])
}

#[test]
fn files_of_other_programs_are_read() {
    let sheet = r#"<x:worksheet xmlns:x="m"><x:sheetData>
        <x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c t="inlineStr"><x:is><x:t>c</x:t></x:is></x:c></x:row>
        <x:row r="4"><x:c r="B4" s="1"><x:v>0.5</x:v></x:c><x:c t="s"><x:v>2</x:v></x:c></x:row>
        <x:row><x:c s="7"><x:v>-1.5E1</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c><x:c t="e"><x:v>#REF!</x:v></x:c></x:row>
        <x:row><x:c t="str"><x:f>B1&amp;"x"</x:f><x:v>bx</x:v></x:c><x:c><x:f t="shared" si="500000000000"/><x:v>1</x:v></x:c></x:row>
        </x:sheetData><x:mergeCells><x:mergeCell ref="A1:C1"/><x:mergeCell ref="Z1:Z9"/></x:mergeCells></x:worksheet>"#;
    let noon = "1904-01-01T12:00:00".parse().unwrap();
    let row = |number: u32, cells: Vec<(u16, Given)>| GivenRow { number, cells };
    assert_eq!(
        rows(&foreign(sheet), 10_000).unwrap(),
        [
            row(4, vec![(1, Given::Day(noon)), (2, Given::Text("Hòa Mỹ & A\r".into()))]),
            row(
                5,
                vec![(0, Given::Number(-15.0)), (1, Given::Boolean(true)), (2, Given::Error("#REF!".into()))]
            ),
            row(6, vec![(0, Given::Formula("=B1&\"x\"".into())), (1, Given::Formula("=…".into()))]),
        ]
    );
}

#[test]
fn a_broken_worksheet_is_refused() {
    let head = r#"<row r="1"><c r="A1" t="str"><v>a</v></c></row>"#;
    let data = |rows: &str| foreign(&format!("<worksheet><sheetData>{head}{rows}</sheetData></worksheet>"));
    assert_eq!(rows(&data(r#"<row><c t="str"><v>x</v></c></row>"#), 10_000).unwrap().len(), 1);
    for broken in [
        r#"<row r="1"/>"#,
        r#"<row r="1048577"/>"#,
        r#"<row r="2"><c r="A3"><v>1</v></c></row>"#,
        r#"<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>1</v></c></row>"#,
        r#"<row r="2"><c r="XFE2"><v>1</v></c></row>"#,
        r#"<row r="2"><c r="AAAAAAAAA2"><v>1</v></c></row>"#,
        r#"<row r="2"><c r="2"><v>1</v></c></row>"#,
        r#"<row r="2"><c t="s"><v>3</v></c></row>"#,
        r#"<row r="2"><c><v>one</v></c></row>"#,
        r#"<row r="2"><c><v>NaN</v></c></row>"#,
        r#"<row r="2"><c t="str"><v>&bomb;</v></c></row>"#,
        "<row r=\"2\"><c>",
        &"<deep>".repeat(100),
    ] {
        let refused = rows(&data(broken), 100_000).unwrap_err();
        assert_eq!(refused.faults()[0].code, "broken", "{broken}");
    }
}

#[test]
fn all_parts_together_have_one_limit() {
    let sheet = r#"<worksheet><sheetData><row><c t="s"><v>0</v></c></row></sheetData></worksheet>"#;
    let file = foreign(sheet);
    let whole: u64 = {
        let mut zip = ZipArchive::new(Cursor::new(&file)).unwrap();
        (0..zip.len()).map(|place| zip.by_index(place).unwrap().size()).sum()
    };
    assert!(rows(&file, whole).is_ok());
    assert_eq!(rows(&file, whole - 1).unwrap_err().problem(), Problem::PayloadTooLarge);
}

#[test]
fn a_format_with_a_letter_for_a_day_shows_days() {
    for format in ["DD/MM/YY", "H:MM:SS;@", "m\"M\"d\"D\";@", "[$-42A]d mmmm", "ha/p\\\\m", "*-yyyy-mm-dd"] {
        assert!(shows_a_day(format), "{format}");
    }
    let numbers = [
        "General",
        "#,##0\\ [$\u{20ab}-42A]",
        "0\"m\"",
        "[h]:mm:ss",
        "[Blue]\\+[mm]",
        "0_ ;[Red]\\-0\\ ",
        "\\Y000000",
        "#,##0*y",
        "_M0",
        "@",
        "0.00E+00",
    ];
    for format in numbers {
        assert!(!shows_a_day(format), "{format}");
    }
}

#[test]
fn what_no_xml_has_room_for_is_found_again() {
    assert_eq!(
        unescaped("a_x000D_\n_x005F_x0041_ _xD83D__xDE00_ _x12_ _x00g0_"),
        "a\r\n_x0041_ \u{1F600} _x12_ _x00g0_"
    );
}

proptest! {
    #[test]
    fn days_are_those_that_others_read(days in 0.0..2_900_000.0_f64, from_1904: bool) {
        let others = ExcelDateTime::new(days, ExcelDateTimeType::DateTime, from_1904).as_datetime();
        prop_assert_eq!(moment(days, from_1904), others);
    }

    #[test]
    fn a_cell_is_found_by_its_name(row in 1..=1_048_576_u32, place in 0..16_384_u16) {
        prop_assert_eq!(position(&crate::api::sheet::given::cell_name(row, place)), Some((row, place)));
    }
}
