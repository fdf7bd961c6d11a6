//! Names of plants and owners, made comparable.

/// Words that say nothing about which plant it is.
const PLANT_WORDS: [&str; 36] = [
    "power", "plant", "station", "termik", "santrali", "santral", "sant", "dogalgaz", "enerji",
    "elektrik", "uretim", "kombine", "cevrim", "combined", "cycle", "c", "s", "gt", "cc", "tpp",
    "ges", "gres", "es", "chp", "tets", "thermal", "gas", "oil", "turbine", "project", "limited",
    "ltd", "pvt", "company", "dgkcs", "dkcs",
];

/// Words that say nothing about who the owner is.
const OWNER_WORDS: [&str; 52] = [
    "a",
    "s",
    "as",
    "asj",
    "jsc",
    "ao",
    "oao",
    "too",
    "llp",
    "ltd",
    "limited",
    "co",
    "company",
    "corp",
    "inc",
    "plc",
    "pjs",
    "sa",
    "ag",
    "nv",
    "pvt",
    "san",
    "tic",
    "tas",
    "ve",
    "sanayi",
    "sanayii",
    "ticaret",
    "turk",
    "holding",
    "grubu",
    "sirketler",
    "group",
    "enerji",
    "elektrik",
    "uretim",
    "energy",
    "energo",
    "power",
    "cement",
    "cimento",
    "fabrikasi",
    "fabrikalari",
    "isletmeleri",
    "madencilik",
    "beton",
    "yapi",
    "investment",
    "and",
    "of",
    "the",
    "jv",
];

/// Owners whose name is written in several ways, or too short to be told apart.
const OWNER_ALIASES: [(&str, &str); 7] = [
    ("aes-sogrinsk-chp", "aes"),
    ("aes-kazakhstan", "aes"),
    ("colakoglu-metalurji", "colakoglu"),
    ("development", "cement-investment-development"),
    ("fars-khusestan", "fars-khusestan-cement"),
    ("united", "united-cement"),
    ("can", "can-enerji"),
];

/// What the lists write where the owner is not known.
const NOBODY: [&str; 3] = ["", "IPP", "Government RPP"];

fn folded(letter: char) -> char {
    match letter {
        'ç' | 'Ç' => 'c',
        'ğ' | 'Ğ' => 'g',
        'ı' | 'î' | 'İ' => 'i',
        'ö' | 'Ö' => 'o',
        'ş' | 'Ş' => 's',
        'ü' | 'û' | 'Ü' => 'u',
        'â' => 'a',
        other => other.to_ascii_lowercase(),
    }
}

fn words(text: &str) -> Vec<String> {
    let plain: String = text.chars().map(folded).collect();
    let parts = plain.split(|it: char| !it.is_ascii_alphanumeric());
    parts.filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// What is left of a plant's name without the words that every plant has.
pub(super) fn stem(name: &str) -> String {
    let mut words = words(name);
    words.retain(|it| !PLANT_WORDS.contains(&it.as_str()));
    words.join(" ")
}

/// The owner as the list gives it, when it gives one.
pub(super) fn operator(owner: &str) -> &str {
    if NOBODY.contains(&owner) { "" } else { owner }
}

/// The group of an owner; a plant without an owner is a group of its own.
pub(super) fn owner_group(owner: &str, id: &str) -> String {
    if NOBODY.contains(&owner) {
        return format!("unknown-{}", id.to_ascii_lowercase());
    }
    let all = words(owner);
    let telling: Vec<String> =
        all.iter().filter(|it| !OWNER_WORDS.contains(&it.as_str())).cloned().collect();
    let slug = if telling.is_empty() { all.join("-") } else { telling.join("-") };
    let alias = OWNER_ALIASES.iter().find(|(from, _)| *from == slug);
    alias.map_or(slug.clone(), |(_, to)| (*to).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_written_differently_are_the_same() {
        assert_eq!(stem("Çan Termik Santrali"), stem("CAN power plant"));
        assert_eq!(owner_group("Çolakoğlu Metalurji A.Ş.", "T"), "colakoglu");
        assert_eq!(owner_group("IPP", "KAZ-P-1"), "unknown-kaz-p-1");
        assert_eq!(owner_group("Enerji A.S.", "T"), "enerji-a-s");
    }
}
