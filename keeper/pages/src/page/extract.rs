//! What of a page is read: its title, its language, its main text and its links.
//!
//! The main text is that of `main` or of the longest `article` where there is one of substance, else of the whole body; without what is
//! not shown, what leads around (`nav`, `aside`, `footer`, …) and what can be pressed. It is cut into blocks, as they stand below each
//! other; a block whose text is mostly links leads around too, whatever its element is called.

use std::collections::BTreeSet;

use reqwest::Url;

use super::{
    Page, PageError,
    dom::{Data, Id, Tree},
};

/// Most characters of a title.
const TITLE_MAX: usize = 300; // structural: bound of one output
/// Most links of a page that are told.
pub const LINKS_MAX: usize = 64; // structural: bound of one output
/// Most bytes of an address that is told.
const LINK_BYTES_MAX: usize = 1024; // structural: bound of one output
/// Fewest characters for which an element called the main one is believed.
const MAIN_MIN: usize = 200; // structural: two sentences

/// Elements that are not read, nor what stands in them.
const SILENT: [&str; 26] = [
    "aside", "audio", "button", "canvas", "datalist", "dialog", "embed", "footer", "head",
    "iframe", "input", "math", "menu", "nav", "noscript", "object", "optgroup", "option", "script",
    "select", "style", "svg", "template", "textarea", "title", "video",
];
/// Roles of the same kind.
const SILENT_ROLES: [&str; 6] = [
    "banner",
    "complementary",
    "contentinfo",
    "menu",
    "navigation",
    "search",
];
/// Elements within a line.
const INLINE: [&str; 35] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s",
    "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "u",
];

pub(super) fn extract(text: &str, at: Option<&Url>) -> Result<Page, PageError> {
    let tree = Tree::parse(text)?;
    let body = main_of(&tree);
    let text = blocks(&tree, body).join("\n");
    if text.is_empty() {
        return Err(PageError::Empty);
    }
    Ok(Page {
        title: title(&tree),
        language: language(&tree),
        text,
        links: links(&tree, at),
    })
}

fn elements<'t>(tree: &'t Tree, wanted: &'static str) -> impl Iterator<Item = Id> + 't {
    let all = tree.below(Tree::ROOT);
    all.filter(move |id| tree.name(*id).is_some_and(|name| &**name == wanted))
}

fn title(tree: &Tree) -> String {
    let told = |id: Id| {
        let title = squeeze(&whole_text(tree, id));
        (!title.is_empty()).then(|| title.chars().take(TITLE_MAX).collect::<String>())
    };
    let named = elements(tree, "title").find_map(told);
    named
        .or_else(|| elements(tree, "h1").find_map(told))
        .unwrap_or_default()
}

/// The first part of the language's tag; `und`, as BCP 47 has it, where none is named.
fn language(tree: &Tree) -> String {
    let declared = elements(tree, "html").find_map(|id| tree.attribute(id, "lang"));
    let declared = declared.or_else(|| {
        let is_language = |id: &Id| {
            let equiv = tree.attribute(*id, "http-equiv");
            equiv.is_some_and(|equiv| equiv.eq_ignore_ascii_case("content-language"))
        };
        let meta = elements(tree, "meta").find(is_language)?;
        tree.attribute(meta, "content")
    });
    let tag = declared.unwrap_or_default().trim().to_ascii_lowercase();
    let first = tag.split(['-', '_']).next().unwrap_or_default();
    let is_tag = matches!(first.len(), 2..=8) && first.bytes().all(|b| b.is_ascii_lowercase());
    if is_tag { first } else { "und" }.to_owned()
}

fn links(tree: &Tree, at: Option<&Url>) -> Vec<String> {
    let base = elements(tree, "base").find_map(|id| tree.attribute(id, "href"));
    let base = match (base, at) {
        (Some(base), Some(at)) => at.join(base).ok().or_else(|| Some(at.clone())),
        (Some(base), None) => Url::parse(base).ok(),
        (None, at) => at.cloned(),
    };
    let (mut links, mut seen) = (Vec::new(), BTreeSet::new());
    for href in elements(tree, "a").filter_map(|id| tree.attribute(id, "href")) {
        let url = match &base {
            Some(base) => base.join(href),
            None => Url::parse(href),
        };
        let Ok(mut url) = url else { continue };
        url.set_fragment(None);
        let is_told =
            matches!(url.scheme(), "http" | "https") && url.as_str().len() <= LINK_BYTES_MAX;
        if is_told && seen.insert(url.to_string()) {
            links.push(url.into());
        }
        if links.len() == LINKS_MAX {
            break;
        }
    }
    links
}

/// Where the main text is.
fn main_of(tree: &Tree) -> Id {
    let is_main = |id: &Id| {
        let named = tree
            .name(*id)
            .is_some_and(|name| matches!(&**name, "main" | "article"));
        named || tree.attribute(*id, "role") == Some("main")
    };
    let size = |id: Id| {
        blocks(tree, id)
            .iter()
            .map(|block| block.chars().count())
            .sum::<usize>()
    };
    let candidates = tree.below(Tree::ROOT).filter(is_main);
    let mut best = None;
    // structural: a page has one; a list of teasers has some dozens, of which none is the whole.
    for (id, size) in candidates.take(16).map(|id| (id, size(id))) {
        if size >= MAIN_MIN && best.is_none_or(|(_, most)| size > most) {
            best = Some((id, size));
        }
    }
    best.map_or(Tree::ROOT, |(id, _)| id)
}

/// A block as it grows.
#[derive(Default)]
struct Block {
    text: String,
    /// Characters that are not blank, and those of them within links.
    read: usize,
    linked: usize,
}

enum Step {
    Enter(Id),
    Leave { breaks: bool, link: bool },
}

/// The blocks below a node that are read.
fn blocks(tree: &Tree, root: Id) -> Vec<String> {
    let (mut done, mut block, mut links) = (Vec::new(), Block::default(), 0usize);
    let mut steps: Vec<Step> = enter_all(tree, root).collect();
    while let Some(step) = steps.pop() {
        match step {
            Step::Enter(id) => match &tree.node(id).data {
                Data::Nothing => {}
                Data::Text(text) => {
                    let read = text.chars().filter(|c| !c.is_whitespace()).count();
                    block.read += read;
                    block.linked += if links > 0 { read } else { 0 };
                    block.text.push_str(text);
                }
                Data::Element { .. } if is_silent(tree, id) => block.text.push(' '),
                Data::Element { .. } => {
                    let name = tree.name(id).map_or("", |name| name);
                    let (breaks, link) = (!INLINE.contains(&name), name == "a");
                    if breaks {
                        close(&mut block, &mut done);
                    }
                    links += usize::from(link);
                    steps.push(Step::Leave { breaks, link });
                    steps.extend(enter_all(tree, id));
                }
            },
            Step::Leave { breaks, link } => {
                if breaks {
                    close(&mut block, &mut done);
                }
                links -= usize::from(link);
            }
        }
    }
    close(&mut block, &mut done);
    done
}

fn enter_all(tree: &Tree, id: Id) -> impl Iterator<Item = Step> {
    let children = tree.node(id).children.iter();
    children.rev().copied().map(Step::Enter)
}

fn close(block: &mut Block, done: &mut Vec<String>) {
    let Block { text, read, linked } = std::mem::take(block);
    // Mostly links: it leads elsewhere.
    if read > 0 && 2 * linked <= read {
        done.push(squeeze(&text));
    }
}

fn is_silent(tree: &Tree, id: Id) -> bool {
    // Drawings and formulas are of other namespaces.
    let Some(name) = tree.name(id) else {
        return true;
    };
    let role = tree.attribute(id, "role");
    // The head of a site, as against that of an article.
    let above = tree.parent(id).and_then(|parent| tree.name(parent));
    let is_masthead = &**name == "header" && above.is_some_and(|above| &**above == "body");
    SILENT.contains(&&**name)
        || is_masthead
        || tree.attribute(id, "hidden").is_some()
        || tree.attribute(id, "aria-hidden") == Some("true")
        || role.is_some_and(|role| SILENT_ROLES.contains(&role))
}

fn whole_text(tree: &Tree, id: Id) -> String {
    let mut whole = String::new();
    for id in tree.below(id) {
        if let Data::Text(text) = &tree.node(id).data {
            whole.push_str(text);
        }
    }
    whole
}

/// A text with single spaces only, and without controls.
pub(super) fn squeeze(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !whole.is_empty() {
                whole.push(' ');
            }
            whole.push_str(word);
        }
    }
    whole
}
