//! What units may be: pure rules over what is asked for, each fault with its place. What needs the
//! database (a code that is taken, a parent that has ended) is asked in the transaction.

use kernel::error::{Bilingual, Fault};
use kernel::tree::UnitKind;

/// Whether a unit of this kind may stand under one of that kind; the country stands under none.
#[must_use]
pub const fn may_stand_under(kind: UnitKind, parent: Option<UnitKind>) -> bool {
    use UnitKind::{
        Association, Commune, Country, District, EducationUnit, Hamlet, OtherAgency, Province,
        PublicServiceUnit, ServiceCentre, SpecialisedAgency,
    };
    match (kind, parent) {
        (Country, None)
        | (Province, Some(Country))
        | (District, Some(Province))
        | (Commune, Some(Province | District))
        | (Hamlet, Some(Commune)) => true,
        (
            SpecialisedAgency | EducationUnit | PublicServiceUnit | Association | ServiceCentre | OtherAgency,
            Some(parent),
        ) => !matches!(parent, Country | Hamlet),
        _ => false,
    }
}

/// A unit under a parent of the wrong kind.
#[must_use]
pub fn parent_fault(kind: UnitKind, parent: Option<UnitKind>) -> Option<Fault> {
    if may_stand_under(kind, parent) {
        return None;
    }
    let message = match parent {
        Some(parent) => Bilingual::new(
            format!("Đơn vị loại {} không thể trực thuộc {}.", kind.label_vi(), parent.label_vi()),
            format!("A {kind} cannot stand under a {parent}."),
        ),
        None => Bilingual::new("Phải nêu đơn vị cấp trên.", "The unit above must be named."),
    };
    Some(Fault::new("/parent_id", if parent.is_some() { "parent_kind" } else { "required" }, message))
}

/// A statistics code (mã đơn vị hành chính) of the wrong shape: two digits for a province, three for
/// a district, five for a commune; other units have none or a code of their own.
#[must_use]
pub fn code_fault(kind: UnitKind, code: Option<&str>) -> Option<Fault> {
    let digits = match kind {
        UnitKind::Province => 2,
        UnitKind::District => 3,
        UnitKind::Commune => 5,
        _ => {
            let own = |code: &str| {
                code.chars().count() <= 20 && !code.is_empty() && !code.contains(char::is_whitespace)
            };
            return (!code.is_none_or(own)).then(|| {
                let message = Bilingual::new(
                    "Mã đơn vị dài từ 1 đến 20 ký tự, không có khoảng trắng.",
                    "The code has 1 to 20 characters and no white space.",
                );
                Fault::new("/code", "code_shape", message)
            });
        }
    };
    let holds = |code: &str| code.len() == digits && code.bytes().all(|byte| byte.is_ascii_digit());
    (!code.is_some_and(holds)).then(|| {
        let message = Bilingual::new(
            format!("Mã đơn vị loại {} phải gồm đúng {digits} chữ số.", kind.label_vi()),
            format!("The code of a {kind} has exactly {digits} digits."),
        );
        Fault::new("/code", "code_shape", message)
    })
}

/// Whether this is an identification code (mã định danh điện tử): the old form of QCVN 102
/// (`000.00.00.H30`), or that of Quyết định 20/2020/QĐ-TTg (`H30`, `H30.14`, at most 35 characters).
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    let level_one = |part: &str| {
        let mut letters = part.chars();
        part.len() == 3
            && letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
            && letters.all(|letter| letter.is_ascii_digit())
    };
    let digits = |part: &&str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [third, second, first, root]
            if digits(third, 3) && digits(second, 2) && digits(first, 2) && level_one(root) =>
        {
            true
        }
        [root, deeper @ ..] => {
            text.len() <= 35
                && level_one(root)
                && deeper.iter().all(|part| {
                    (1..=6).contains(&part.len())
                        && part.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
                })
        }
        [] => false,
    }
}

/// An identification code of the wrong shape.
#[must_use]
pub fn identifier_fault(identifier: Option<&str>) -> Option<Fault> {
    (!identifier.is_none_or(is_identifier)).then(|| {
        let message = Bilingual::new(
            "Mã định danh phải có dạng 000.00.00.H30, H30 hoặc H30.14.",
            "An identifier has the form 000.00.00.H30, H30 or H30.14.",
        );
        Fault::new("/identifier", "identifier_shape", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_place() {
        use UnitKind::*;
        let under = |kind: UnitKind| {
            let mut found: Vec<_> =
                UnitKind::ALL.iter().copied().filter(|parent| may_stand_under(kind, Some(*parent))).collect();
            found.sort();
            found
        };
        assert_eq!(under(Country), []);
        assert_eq!(under(Province), [Country]);
        assert_eq!(under(District), [Province]);
        assert_eq!(under(Commune), [Province, District]);
        assert_eq!(under(Hamlet), [Commune]);
        for kind in
            [SpecialisedAgency, EducationUnit, PublicServiceUnit, Association, ServiceCentre, OtherAgency]
        {
            assert_eq!(under(kind).len(), 9, "{kind}");
        }
        for kind in UnitKind::ALL {
            assert_eq!(may_stand_under(*kind, None), *kind == Country);
        }
        assert_eq!(parent_fault(Commune, None).unwrap().code, "required");
        assert_eq!(parent_fault(Hamlet, Some(Province)).unwrap().code, "parent_kind");
    }

    #[test]
    fn a_code_has_the_shape_of_its_kind() {
        for (kind, code) in [
            (UnitKind::Province, Some("92")),
            (UnitKind::District, Some("934")),
            (UnitKind::Commune, Some("31420")),
            (UnitKind::Hamlet, None),
            (UnitKind::SpecialisedAgency, Some("SNV-93")),
        ] {
            assert_eq!(code_fault(kind, code), None, "{kind}");
        }
        for (kind, code) in [
            (UnitKind::Province, Some("092")),
            (UnitKind::Commune, None),
            (UnitKind::Commune, Some("3142a")),
            (UnitKind::Hamlet, Some("")),
            (UnitKind::Hamlet, Some("a b")),
            (UnitKind::Association, Some("123456789012345678901")),
        ] {
            assert!(code_fault(kind, code).is_some(), "{kind} {code:?}");
        }
    }

    #[test]
    fn an_identifier_has_the_old_or_the_new_form() {
        for good in ["000.00.00.H30", "005.13.02.H30", "H30", "H30.14", "H30.14.2.15"] {
            assert!(is_identifier(good), "{good}");
        }
        let long = format!("H30{}", ".1234".repeat(7));
        for bad in ["", "h30", "H3", "H300", "H30.", "000.00.H30", "00.00.00.H30", "H30-14", long.as_str()] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }
}
