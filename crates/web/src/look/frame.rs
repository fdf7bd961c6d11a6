//! The frame of every page: head, menu, languages, foot with the record that is shown.

use crate::app::App;
use crate::asked::{Address, Asked, Failure, Page, Section, Theme};
use crate::figures::Figures;
use crate::pages;
use crate::texts::LANGUAGES;
use karvan_views::project::Shown;
use maud::{DOCTYPE, Markup, html};

/// The sections of the menu: their key in the texts and their path.
pub const SECTIONS: [(Section, &str, &str); 5] = [
    (Section::Market, "menu-market", "markets"),
    (Section::Auctions, "menu-auctions", "auctions"),
    (Section::Registry, "menu-registry", "registry"),
    (Section::Policy, "menu-policy", "policy"),
    (Section::Simulator, "menu-simulator", "simulator"),
];

/// A page in its frame.
pub fn framed(asked: &Asked<'_, '_>, page: &Page) -> Markup {
    document(asked.app, asked.address, (page, asked.shown()))
}

/// The page that says why there is none.
pub fn failed(app: &App, address: &Address, (why, shown): (&Failure, Shown)) -> Markup {
    let say = |key: &str| address.language.say(key);
    let (title, text) = match why {
        Failure::NotFound => (say("not-found"), say("not-found-text")),
        Failure::Unfit(_) => (say("unfit"), say("unfit-text")),
        Failure::Busy => (say("busy"), say("unavailable-text")),
        Failure::Sql(_) => (say("unavailable"), say("unavailable-text")),
    };
    let body = html! {
        div class="page-head" { div class="stack-s" { h1 { (title) } p class="lead" { (text) } } }
        @if let Failure::Unfit(wrong) = why {
            div class="errors" {
                ul { @for it in wrong { li { code { (it.parameter) } ": " bdi { (it.why) } } } }
            }
        }
        p { a href={ "/" (address.language.tag) "/" } { (say("back-home")) } }
    };
    // A part of a page fails as a part.
    if pages::is_part(address) {
        return body;
    }
    let page = Page { title, section: None, crumbs: Vec::new(), body };
    document(app, address, (&page, shown))
}

/// The mark: ten dots in a file, the last in saffron.
fn mark() -> Markup {
    let dots: [(&str, &str, &str); 10] = [
        ("4", "22", "1.5"),
        ("8.4", "18.9", "1.66"),
        ("12.9", "16.2", "1.82"),
        ("17.4", "14.2", "1.98"),
        ("21.8", "13.1", "2.14"),
        ("26.2", "13.1", "2.3"),
        ("30.7", "14.2", "2.46"),
        ("35.2", "16.2", "2.62"),
        ("39.6", "18.9", "2.78"),
        ("44.1", "22", "2.94"),
    ];
    html! {
        svg viewBox="0 0 48 32" aria-hidden="true" {
            @for (place, (x, y, r)) in dots.iter().enumerate() {
                circle cx=(x) cy=(y) r=(r)
                    fill=(if place == 9 { "#f0a500" } else { "currentColor" }) {}
            }
        }
    }
}

/// An icon: a tick in a circle.
pub fn tick() -> Markup {
    html! {
        svg class="ic ok" viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor"
            stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" {
            circle cx="10" cy="10" r="8" {}
            path d="M6.3 10.3l2.6 2.6 4.9-5.4" {}
        }
    }
}

/// An icon: a triangle with an exclamation mark.
pub fn warning() -> Markup {
    html! {
        svg class="ic warn" viewBox="0 0 20 20" aria-hidden="true" fill="none"
            stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
                stroke-linejoin="round" {
            path d="M10 3l8 14H2z" {}
            path d="M10 8.5v4M10 14.9v.1" {}
        }
    }
}

fn menu(address: &Address, current: Option<Section>) -> Markup {
    html! {
        ul {
            @for (section, key, path) in SECTIONS {
                li {
                    a href={ "/" (address.language.tag) "/" (path) }
                        aria-current=[(current == Some(section)).then_some("true")] {
                        (address.language.say(key))
                    }
                }
            }
        }
    }
}

fn languages(address: &Address) -> Markup {
    let rest = address.with(&[]);
    html! {
        nav class="langs" aria-label=(address.language.say("languages")) {
            @for it in &LANGUAGES {
                a lang=(it.tag) hreflang=(it.tag) dir=(it.dir())
                    href={ "/" (it.tag) "/" (address.path) (rest) }
                    aria-current=[(it.tag == address.language.tag).then_some("true")] { (it.name) }
            }
        }
    }
}

fn themes(address: &Address) -> Markup {
    let say = |key: &str| address.language.say(key);
    let (to, key) = match address.theme {
        Theme::System => ("dark", "theme-dark"),
        Theme::Dark => ("light", "theme-light"),
        Theme::Light => ("system", "theme-system"),
    };
    html! { a class="theme" rel="nofollow" href={ "/theme/" (to) } { (say(key)) } }
}

fn crumbs(address: &Address, (page, shown): (&Page, Shown)) -> Markup {
    let figures = Figures(address.language);
    let home = format!("/{}/", address.language.tag);
    if page.crumbs.is_empty() && (address.path.is_empty() || page.section.is_none()) {
        return html! { span class="crumbs muted" { (figures.moment(shown.now)) } };
    }
    html! {
        nav class="crumbs" aria-label=(address.language.say("where")) {
            ol {
                li { a href=(home) { (address.language.say("home")) } }
                @for (path, title) in &page.crumbs {
                    li { a href={ (home) (path) } { bdi { (title) } } }
                }
                li aria-current="page" { bdi { (page.title) } }
            }
        }
    }
}

fn document(app: &App, address: &Address, (page, shown): (&Page, Shown)) -> Markup {
    let language = address.language;
    let say = |key: &str| language.say(key);
    let figures = Figures(language);
    let home = format!("/{}/", language.tag);
    html! {
        (DOCTYPE)
        html lang=(language.tag) dir=(language.dir()) data-theme=[address.theme.name()] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (page.title) " – " (say("karvan")) }
                link rel="icon" type="image/svg+xml" href=(app.assets.at("mark.svg"));
                link rel="preload" as="font" type="font/woff2" crossorigin="anonymous"
                    href=(app.assets.at(language.font));
                link rel="stylesheet" href=(app.assets.at("karvan.css"));
                script src=(app.assets.at("live.js")) defer {}
                @if page.section == Some(Section::Simulator) {
                    script src=(app.assets.at("simulator.js")) defer {}
                }
            }
            body {
                a class="skip" href="#main" { (say("skip")) }
                header {
                    @if app.settings.training {
                        div class="strip" { div class="wrap" {
                            b { (say("training")) } span { (say("training-text")) }
                        } }
                    }
                    div class="top" { div class="wrap" {
                        a class="brand" href=(home) {
                            (mark()) span class="wordmark" { (say("karvan")) }
                            small { (say("market-name")) }
                        }
                        nav aria-label=(say("menu-main")) { (menu(address, page.section)) }
                        details class="menu" {
                            summary { (say("menu")) } (menu(address, page.section))
                        }
                    } }
                    div class="bar" { div class="wrap" {
                        (crumbs(address, (page, shown)))
                        (themes(address))
                        (languages(address))
                    } }
                }
                main id="main" class="wrap" { (page.body) }
                footer class="foot" { div class="wrap" {
                    p class="proof" {
                        span { (tick()) (say("shows-record")) " " b class="num" {
                            (figures.whole(i64::try_from(shown.position).unwrap_or(i64::MAX)))
                        } }
                        span { (say("market-time")) " " time datetime=(figures.iso(shown.now)) {
                            (figures.moment(shown.now))
                        } }
                        a href={ (home) "data" } { (say("about-data")) }
                        a href="/api/" { (say("for-machines")) }
                    }
                    p { (say("foot")) }
                } }
            }
        }
    }
}
