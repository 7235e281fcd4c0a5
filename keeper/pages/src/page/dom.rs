//! The tree that the parser builds, in one list, so that neither walking nor dropping it can exhaust a stack.

use std::{
    borrow::Cow,
    cell::{Cell, Ref, RefCell},
};

use html5ever::{
    Attribute, LocalName, ParseOpts, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    ns, parse_document,
    tendril::{StrTendril, TendrilSink as _},
};

use super::PageError;

/// Most nodes of a page. A page of two megabytes that is written for readers has some ten thousand.
pub(super) const NODES_MAX: usize = 100_000; // structural: bound of one reading
/// Deepest nesting of a page: what browsers build too.
pub(super) const DEPTH_MAX: usize = 512; // structural: bound of one reading
/// Bytes between two looks at whether a bound is passed.
const STRIDE: usize = 4096; // structural: a fraction of a page

/// A node, by its place.
pub(super) type Id = usize;

/// What a node is.
#[derive(Debug)]
pub(super) enum Data {
    /// The whole, a comment, a doctype: nothing to read.
    Nothing,
    /// An element.
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
    },
    /// Text.
    Text(String),
}

/// A node with its neighbours.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) data: Data,
    pub(super) children: Vec<Id>,
    parent: Option<Id>,
    depth: usize,
}

/// A page's tree; the root is at place 0.
#[derive(Debug)]
pub(super) struct Tree(Vec<Node>);

impl Tree {
    pub(super) const ROOT: Id = 0;

    /// Parses a page as browsers do: there is no text that is not a page.
    ///
    /// Errors: [`PageError::Nodes`], [`PageError::Depth`].
    pub(super) fn parse(text: &str) -> Result<Self, PageError> {
        let mut parser = parse_document(Builder::default(), ParseOpts::default());
        let mut rest = text;
        while !rest.is_empty() {
            let mut end = rest.len().min(STRIDE);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (part, behind) = rest.split_at(end);
            parser.process(StrTendril::from(part));
            parser.tokenizer.sink.sink.check()?;
            rest = behind;
        }
        let builder = parser.finish();
        builder.check()?;
        Ok(Self(builder.nodes.into_inner()))
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.0[id]
    }

    /// The name of an HTML element.
    pub(super) fn name(&self, id: Id) -> Option<&LocalName> {
        match &self.0[id].data {
            Data::Element { name, .. } if name.ns == ns!(html) => Some(&name.local),
            Data::Element { .. } | Data::Nothing | Data::Text(_) => None,
        }
    }

    /// Where a node hangs.
    pub(super) fn parent(&self, id: Id) -> Option<Id> {
        self.0[id].parent
    }

    /// An attribute of an element.
    pub(super) fn attribute(&self, id: Id, wanted: &str) -> Option<&str> {
        let Data::Element { attributes, .. } = &self.0[id].data else {
            return None;
        };
        let found = attributes.iter().find(|a| &*a.name.local == wanted)?;
        Some(&found.value)
    }

    /// All that stands below a node, in the order of the page.
    pub(super) fn below(&self, id: Id) -> impl Iterator<Item = Id> {
        let mut open = vec![id];
        std::iter::from_fn(move || {
            let next = open.pop()?;
            open.extend(self.0[next].children.iter().rev());
            Some(next)
        })
        .skip(1)
    }
}

/// Takes what the parser finds.
struct Builder {
    nodes: RefCell<Vec<Node>>,
    deepest: Cell<usize>,
}

impl Default for Builder {
    fn default() -> Self {
        let builder = Self {
            nodes: RefCell::default(),
            deepest: Cell::new(0),
        };
        builder.add(Data::Nothing);
        builder
    }
}

impl Builder {
    fn check(&self) -> Result<(), PageError> {
        if self.nodes.borrow().len() > NODES_MAX {
            return Err(PageError::Nodes);
        }
        if self.deepest.get() > DEPTH_MAX {
            return Err(PageError::Depth);
        }
        Ok(())
    }

    fn add(&self, data: Data) -> Id {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node {
            data,
            children: Vec::new(),
            parent: None,
            depth: 0,
        });
        nodes.len() - 1
    }

    /// Puts a child at a place among the children of its parent; text joins the text before it.
    fn insert(&self, parent: Id, place: usize, child: NodeOrText<Id>) {
        let child = match child {
            NodeOrText::AppendNode(child) => child,
            NodeOrText::AppendText(text) => {
                let before = place.checked_sub(1);
                let before = before.map(|place| self.nodes.borrow()[parent].children[place]);
                if let Some(before) = before
                    && let Data::Text(whole) = &mut self.nodes.borrow_mut()[before].data
                {
                    whole.push_str(&text);
                    return;
                }
                self.add(Data::Text(text.into()))
            }
        };
        self.detach(child);
        let mut nodes = self.nodes.borrow_mut();
        let depth = nodes[parent].depth + 1;
        nodes[child].parent = Some(parent);
        nodes[child].depth = depth;
        self.deepest.set(self.deepest.get().max(depth));
        let children = &mut nodes[parent].children;
        let place = place.min(children.len());
        children.insert(place, child);
    }

    fn detach(&self, child: Id) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(parent) = nodes[child].parent.take() {
            let siblings = &mut nodes[parent].children;
            // What is moved stands near the end, as a rule.
            if let Some(place) = siblings.iter().rposition(|sibling| *sibling == child) {
                siblings.remove(place);
            }
        }
    }
}

impl TreeSink for Builder {
    type Handle = Id;
    type Output = Self;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Id {
        Tree::ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a Id) -> Self::ElemName<'a> {
        Ref::map(self.nodes.borrow(), |nodes| match &nodes[*target].data {
            Data::Element { name, .. } => name,
            // The parser's promise.
            Data::Nothing | Data::Text(_) => unreachable!("only elements are asked for a name"),
        })
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> Id {
        self.add(Data::Element { name, attributes })
    }

    fn create_comment(&self, _: StrTendril) -> Id {
        self.add(Data::Nothing)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Id {
        self.add(Data::Nothing)
    }

    fn append(&self, parent: &Id, child: NodeOrText<Id>) {
        let place = self.nodes.borrow()[*parent].children.len();
        self.insert(*parent, place, child);
    }

    fn append_based_on_parent_node(&self, element: &Id, before: &Id, child: NodeOrText<Id>) {
        let has_parent = self.nodes.borrow()[*element].parent.is_some();
        if has_parent {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    // What is in a template is not shown: it hangs on the template as its child, and readers pass that over.
    fn get_template_contents(&self, target: &Id) -> Id {
        *target
    }

    fn same_node(&self, x: &Id, y: &Id) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Id, child: NodeOrText<Id>) {
        if let NodeOrText::AppendNode(child) = &child {
            self.detach(*child);
        }
        let place = {
            let nodes = self.nodes.borrow();
            nodes[*sibling].parent.map(|parent| {
                let children = &nodes[parent].children;
                let place = children.iter().rposition(|other| other == sibling);
                (parent, place.unwrap_or(children.len()))
            })
        };
        if let Some((parent, place)) = place {
            self.insert(parent, place, child);
        }
    }

    fn add_attrs_if_missing(&self, target: &Id, more: Vec<Attribute>) {
        if let Data::Element { attributes, .. } = &mut self.nodes.borrow_mut()[*target].data {
            for new in more {
                if attributes.iter().all(|old| old.name != new.name) {
                    attributes.push(new);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Id) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &Id, new_parent: &Id) {
        let children = std::mem::take(&mut self.nodes.borrow_mut()[*node].children);
        for child in children {
            self.nodes.borrow_mut()[child].parent = None;
            self.append(new_parent, NodeOrText::AppendNode(child));
        }
    }
}
