//! The files that pages need, compiled in. The name of each holds a part of its content's hash, so
//! that browsers keep it for ever.

use crate::cache::Body;
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::io::Read;

/// The files.
pub struct Assets {
    by_name: BTreeMap<String, Body>,
    names: BTreeMap<&'static str, String>,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const FONT: &str = "font/woff2";

macro_rules! font {
    ($name:literal) => {
        ($name, FONT, include_bytes!(concat!("../assets/fonts/", $name)).as_slice())
    };
}

const FONTS: [(&str, &str, &[u8]); 5] = [
    font!("inter-latin-wght-normal.woff2"),
    font!("inter-latin-ext-wght-normal.woff2"),
    font!("inter-cyrillic-wght-normal.woff2"),
    font!("inter-cyrillic-ext-wght-normal.woff2"),
    font!("vazirmatn-arabic-wght-normal.woff2"),
];

/// Which letters each font file has (after the subsets of Fontsource).
const RANGES: [(&str, &str, &str); 5] = [
    (
        "Inter",
        "inter-latin-wght-normal.woff2",
        "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,\
         U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
    ),
    (
        "Inter",
        "inter-latin-ext-wght-normal.woff2",
        "U+0100-0130,U+0132-0151,U+0154-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,\
         U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+2080-208E,U+20A0-20AB,U+20AD-20C0,U+2113,U+A720-A7FF",
    ),
    (
        "Inter",
        "inter-cyrillic-wght-normal.woff2",
        "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116",
    ),
    (
        "Inter",
        "inter-cyrillic-ext-wght-normal.woff2",
        "U+0460-048F,U+0492-04AF,U+04B2-052F,U+1C80-1C8A,U+20B4,U+2DE0-2DFF,U+A640-A69F,\
         U+FE2E-FE2F",
    ),
    (
        "Vazirmatn",
        "vazirmatn-arabic-wght-normal.woff2",
        "U+0600-06FF,U+0750-077F,U+08A0-08E1,U+08E3-08FF,U+200C-200E,U+2010-2011,U+204F,U+2E41,\
         U+FB50-FDFF,U+FE70-FE74,U+FE76-FEFC",
    ),
];

impl Assets {
    /// All of them.
    pub fn new() -> Self {
        let mut it = Self { by_name: BTreeMap::new(), names: BTreeMap::new() };
        for (name, kind, bytes) in FONTS {
            it.add(name, kind, bytes.to_vec());
        }
        let style = format!(
            "{}{}{}{}",
            include_str!("../assets/tokens.css"),
            include_str!("../assets/karvan.css"),
            include_str!("../assets/portal.css"),
            it.faces()
        );
        it.add("karvan.css", CSS, style.into_bytes());
        it.add("live.js", JS, include_bytes!("../assets/live.js").to_vec());
        it.add("simulator.js", JS, include_bytes!("../assets/simulator.js").to_vec());
        it.add("reference.js", JS, include_bytes!("../assets/reference.js").to_vec());
        it.add_compressed("scalar.js", JS, include_bytes!("../assets/scalar.js.gz"));
        it.add("mark.svg", "image/svg+xml", include_bytes!("../assets/mark.svg").to_vec());
        it
    }

    fn add(&mut self, name: &'static str, kind: &'static str, bytes: Vec<u8>) {
        let mut body = Body::new(bytes, kind, 0);
        if kind == FONT {
            // It is compressed inside.
            body.gzip = None;
        }
        let part: String = body.tag.chars().filter(char::is_ascii_hexdigit).take(12).collect();
        let hashed = match name.rsplit_once('.') {
            Some((stem, end)) => format!("{stem}.{part}.{end}"),
            None => format!("{name}.{part}"),
        };
        self.names.insert(name, hashed.clone());
        self.by_name.insert(hashed, body);
    }

    /// A file that is kept compressed.
    fn add_compressed(&mut self, name: &'static str, kind: &'static str, bytes: &[u8]) {
        let mut plain = Vec::new();
        // Our own file is whole; a test fetches it.
        drop(GzDecoder::new(bytes).read_to_end(&mut plain));
        self.add(name, kind, plain);
    }

    fn faces(&self) -> String {
        let face = |(family, file, range): &(&str, &str, &str)| {
            format!(
                "@font-face{{font-family:\"{family}\";font-style:normal;font-weight:100 900;\
                 font-display:swap;src:url({}) format(\"woff2\");unicode-range:{range}}}\n",
                self.at(file)
            )
        };
        RANGES.iter().map(face).collect()
    }

    /// The address of a file.
    pub fn at(&self, name: &str) -> String {
        format!("/assets/{}", self.names.get(name).map_or(name, String::as_str))
    }

    /// The file of a name with its hash.
    pub fn named(&self, name: &str) -> Option<&Body> {
        self.by_name.get(name)
    }
}

impl Default for Assets {
    fn default() -> Self {
        Self::new()
    }
}
