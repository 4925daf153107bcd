//! Finds names that say nearly the same: one procedure entered twice under two codes, one field
//! written in two ways. Two names are compared by the words they share, without regard to case, tone
//! marks and order (Jaccard).

use std::collections::{HashMap, HashSet};

use kernel::text::fold;

/// Two names that are alike, by their places in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// How much they share, in whole percent, rounded down.
    pub similarity_percent: usize,
    /// The one that comes first.
    pub first: usize,
    /// The other.
    pub second: usize,
}

/// All pairs of names that share at least `percent` of their words, the most alike first.
///
/// Names are looked up by their rarest words only: two names that alike must share one of the first
/// few (prefix filtering), so that ten thousand names need no hundred million comparisons.
#[must_use]
pub fn pairs(names: &[&str], percent: usize) -> Vec<Pair> {
    let sets: Vec<HashSet<String>> = names.iter().map(|name| words(name)).collect();
    let mut frequency: HashMap<&str, usize> = HashMap::new();
    for word in sets.iter().flatten() {
        *frequency.entry(word).or_default() += 1;
    }
    let mut holders: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for (second, set) in sets.iter().enumerate() {
        let mut ordered: Vec<&str> = set.iter().map(String::as_str).collect();
        ordered.sort_unstable_by_key(|word| (frequency.get(word).copied().unwrap_or(0), *word));
        ordered.truncate(set.len() - (set.len() * percent).div_ceil(100) + 1);
        let mut candidates = HashSet::new();
        for word in ordered {
            let known = holders.entry(word).or_default();
            candidates.extend(known.iter().copied());
            known.push(second);
        }
        for first in candidates {
            let similarity_percent = sets.get(first).map_or(0, |other| similarity(other, set));
            if similarity_percent >= percent {
                found.push(Pair { similarity_percent, first, second });
            }
        }
    }
    found.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.similarity_percent), pair.first, pair.second));
    found
}

/// The words of a name; "thủ tục" says nothing in a list of procedures.
fn words(name: &str) -> HashSet<String> {
    let folded = fold(name);
    let bare = folded.strip_prefix("thu tuc ").unwrap_or(&folded);
    bare.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn similarity(one: &HashSet<String>, other: &HashSet<String>) -> usize {
    let shared = one.intersection(other).count();
    (shared * 100).checked_div(one.len() + other.len() - shared).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_name_with_and_without_thu_tuc_is_found() {
        let names = ["Thủ tục đăng ký khai tử lưu động", "Đăng ký khai sinh", "ĐĂNG KÝ KHAI TỬ LƯU ĐỘNG."];
        assert_eq!(pairs(&names, 80), [Pair { similarity_percent: 100, first: 0, second: 2 }]);
        assert_eq!(pairs(&["", "—"], 50), []);
    }

    proptest! {
        #[test]
        fn no_pair_is_missed(
            names in prop::collection::vec(prop::collection::vec("[a-f]", 1..7), 0..20),
            percent in 1_usize..=100,
        ) {
            let names: Vec<String> = names.iter().map(|words| words.join(" ")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let sets: Vec<_> = names.iter().map(|name| words(name)).collect();
            let mut expected = Vec::new();
            for second in 0..sets.len() {
                for first in 0..second {
                    let similarity_percent = similarity(&sets[first], &sets[second]);
                    if similarity_percent >= percent {
                        expected.push(Pair { similarity_percent, first, second });
                    }
                }
            }
            expected.sort_by_key(|pair| (std::cmp::Reverse(pair.similarity_percent), pair.first, pair.second));
            prop_assert_eq!(pairs(&names, percent), expected);
        }
    }
}
