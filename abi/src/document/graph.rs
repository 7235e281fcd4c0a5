//! From names and edges to the order of a statute. Whether a graph has one, and how many edges and predicates there may be, the domain
//! says; of a graph without an order this finds the edge that is to blame, and goes on without it, so that one look tells everything.

use std::collections::HashSet;

use agentcity_domain::statute::{
    Degrees, EDGES_MAX, Limits, NODES_PER_PAGE, PREDICATES_MAX, Page, Predicate, Progress,
    encode::{self, Draft, Unfit},
    order::{Order, Unordered, order},
};

use super::{
    keys,
    pages::{Spot, spot},
    problem::Path,
    rules::lawful,
    text::{Reader, Value},
};

/// Edges that are looked at, over all rounds, for what a graph without an order has more of: of a huge graph less is told.
const EDGES_SOUGHT_MAX: usize = 1 << 22;
/// Nodes of a circle that a message names.
const NAMED: usize = 6;

/// An edge, where it stands, and its nodes by their places in the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge<'t> {
    pub(super) at: &'t Value,
    pub(super) index: usize,
    pub(super) from: u16,
    pub(super) to: u16,
}

/// An edge out of a node, by the place to which it leads in the order of the statute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link<'t> {
    pub(super) to: u16,
    pub(super) edge: Edge<'t>,
}

/// A graph in the order of its statute.
#[derive(Clone, Debug)]
pub(super) struct Ordered<'t> {
    /// The document's nodes by their places in the statute.
    pub(super) order: Vec<u16>,
    /// The edges out of each, ascending.
    pub(super) links: Vec<Vec<Link<'t>>>,
}

/// Something of a page of which there is too much.
enum TooMany {
    /// Edges out of this node of the page.
    Out(usize),
    /// Edges into the node to which this edge of the page leads.
    Into(usize),
    /// Predicates.
    Predicates,
}

impl<'t> Reader<'t> {
    fn tell_edge(&mut self, edge: &Edge<'_>, found: String, wanted: impl Into<String>) {
        let edges = Path::Key(&Path::Root, keys::EDGES.name);
        self.tell(edge.at, &Path::Index(&edges, edge.index), found, wanted);
    }

    /// The order of a graph; edges that it cannot have are told and left out. None if there is no end to them.
    pub(super) fn ordered(
        &mut self,
        names: &[String],
        mut edges: Vec<Edge<'t>>,
    ) -> Option<Ordered<'t>> {
        let nodes = u16::try_from(names.len()).ok()?;
        let name = |node: u16| names.get(usize::from(node)).map_or("", String::as_str);
        let mut sought = 0;
        let order = loop {
            sought += edges.len();
            let pairs: Vec<(u16, u16)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
            let same = |wanted| {
                pairs
                    .iter()
                    .enumerate()
                    .filter(move |(_, pair)| **pair == wanted)
            };
            let (blamed, found, wanted) = match order(nodes, &pairs) {
                Ok(order) => break order,
                Err(Unordered::Twice(from, to)) => (
                    same((from, to)).nth(1).map(|(index, _)| index),
                    format!("a second edge from `{}` to `{}`", name(from), name(to)),
                    "every edge once",
                ),
                Err(Unordered::Cycle(_)) => {
                    let circle = circle(nodes, &pairs);
                    let begins = circle.iter().filter_map(|edge| pairs.get(*edge));
                    let mut way: Vec<&str> = begins.map(|(from, _)| name(*from)).collect();
                    let length = way.len();
                    way.extend(way.first().copied());
                    if length > NAMED {
                        way.splice(NAMED..length, ["…"]);
                    }
                    (
                        circle.last().copied(),
                        format!("a circle of {length}: {}", way.join(" → ")),
                        "edges that lead to what has not been done yet",
                    )
                }
                Err(Unordered::NoSuchNode(from, to)) => (
                    same((from, to)).next().map(|(index, _)| index),
                    "an edge of no node".to_owned(),
                    "an edge between nodes",
                ),
            };
            let edge = edges.remove(blamed?);
            self.tell_edge(&edge, found, wanted);
            if self.findings.is_full() || sought > EDGES_SOUGHT_MAX {
                return None;
            }
        };
        Some(Ordered::new(order, edges))
    }

    /// Tells what there is too much of: edges out of a node, edges into one, predicates. The domain judges pages that have these edges
    /// and predicates, and nodes that cannot be refused; what is too much is left out, and the page judged again.
    pub(super) fn judge_counts(
        &mut self,
        names: &[String],
        graph: &Ordered<'t>,
        mut predicates: Vec<(Predicate, &'t Value, usize)>,
        limits: &Limits,
    ) {
        let name = |place: u16| {
            let node = graph.order.get(usize::from(place));
            let name = node.and_then(|node| names.get(usize::from(*node)));
            name.map_or("", String::as_str)
        };
        let mut links = graph.links.clone();
        let (mut progress, mut degrees) = (Progress::default(), Degrees::of(limits.nodes));
        let (node, mut crowded) = (lawful(limits), HashSet::new());
        let parts = links.chunks_mut(NODES_PER_PAGE.into());
        for (part, first) in parts.zip((0u16..).step_by(NODES_PER_PAGE.into())) {
            while !self.findings.is_full() {
                let drafts = part.iter().map(|links| Draft {
                    node,
                    successors: links.iter().map(|link| link.to).collect(),
                });
                let drafts: Vec<Draft> = drafts.collect();
                let asked: Vec<Predicate> = if first == 0 {
                    predicates
                        .iter()
                        .map(|(predicate, ..)| *predicate)
                        .collect()
                } else {
                    Vec::new()
                };
                let (mut after, mut counted) = (progress, degrees.clone());
                let Some(too_many) = too_many(&drafts, &asked, limits, &mut after, &mut counted)
                else {
                    (progress, degrees) = (after, counted);
                    break;
                };
                match too_many {
                    TooMany::Out(place) => {
                        let most = usize::from(EDGES_MAX);
                        let Some(links) = part.get_mut(place).filter(|links| links.len() > most)
                        else {
                            return;
                        };
                        let edge = links[most].edge;
                        let from = names.get(usize::from(edge.from));
                        let from = from.map_or("", String::as_str);
                        let found = format!("{} edges out of `{from}`", links.len());
                        self.tell_edge(&edge, found, format!("at most {EDGES_MAX}"));
                        links.truncate(most);
                    }
                    TooMany::Into(mut place) => {
                        let holder = part.iter_mut().find(|links| {
                            let here = place < links.len();
                            place -= if here { 0 } else { links.len() };
                            here
                        });
                        let link = holder.and_then(|links| links.get(place).copied());
                        let Some(Link { to, edge }) = link else {
                            return;
                        };
                        // A node of which this is known is not told again.
                        if crowded.insert(to) {
                            let found = format!("edge {} into `{}`", EDGES_MAX + 1, name(to));
                            let wanted = format!("at most {EDGES_MAX} edges into a node");
                            self.tell_edge(&edge, found, wanted);
                        }
                        for links in part.iter_mut() {
                            links.retain(|link| link.to != to);
                        }
                    }
                    TooMany::Predicates => {
                        let most = usize::from(PREDICATES_MAX);
                        let Some((_, at, index)) = predicates.get(most).copied() else {
                            return;
                        };
                        let list = Path::Key(&Path::Root, keys::PREDICATES.name);
                        let found = format!("{} predicates", predicates.len());
                        let wanted = format!("at most {PREDICATES_MAX}");
                        self.tell(at, &Path::Index(&list, index), found, wanted);
                        predicates.truncate(most);
                    }
                }
            }
        }
    }
}

/// What the domain says there is too much of in the next page, if anything.
fn too_many(
    drafts: &[Draft],
    predicates: &[Predicate],
    limits: &Limits,
    progress: &mut Progress,
    degrees: &mut Degrees,
) -> Option<TooMany> {
    let pages = match encode::statute(drafts, predicates) {
        Ok(pages) => pages,
        Err(Unfit::Edges(node, _)) => return Some(TooMany::Out(node.into())),
        Err(Unfit::Predicates(_)) => return Some(TooMany::Predicates),
        // Nothing else of these pages is the document's.
        Err(_) => return None,
    };
    let bytes = pages.first()?;
    let broken = progress.take_page(bytes, limits, degrees).err()?;
    match spot(&Page::read(bytes)?, broken) {
        Spot::Node(node) => Some(TooMany::Out(node)),
        Spot::Edge(edge) => Some(TooMany::Into(edge)),
        Spot::Predicate => Some(TooMany::Predicates),
        Spot::Page => None,
    }
}

impl<'t> Ordered<'t> {
    fn new(order: Order, edges: Vec<Edge<'t>>) -> Self {
        let order = order.order;
        let mut places = vec![0u16; order.len()];
        for (node, place) in order.iter().zip(0..) {
            places[usize::from(*node)] = place;
        }
        let mut links = vec![Vec::new(); order.len()];
        for edge in edges {
            let (from, to) = (usize::from(edge.from), usize::from(edge.to));
            let to = places[to];
            links[usize::from(places[from])].push(Link { to, edge });
        }
        for links in &mut links {
            links.sort_by_key(|link: &Link<'_>| link.to);
        }
        Self { order, links }
    }

    /// What each node leads into.
    pub(super) fn successors(&self) -> impl Iterator<Item = Vec<u16>> {
        let all = self.links.iter();
        all.map(|links| links.iter().map(|link| link.to).collect())
    }
}

/// How far a search is with a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Never,
    OnTheWay,
    Done,
}

/// The edges of a circle, one behind the other: where a search in depth meets its own way. None if there is no circle.
fn circle(nodes: u16, edges: &[(u16, u16)]) -> Vec<usize> {
    let mut out = vec![Vec::new(); nodes.into()];
    for (index, (from, _)) in edges.iter().enumerate() {
        out[usize::from(*from)].push(index);
    }
    let mut seen = vec![Seen::Never; nodes.into()];
    for root in 0..nodes {
        if seen[usize::from(root)] != Seen::Never {
            continue;
        }
        // The way holds a node and how many of its edges were tried, the taken edges one fewer.
        let (mut way, mut taken) = (vec![(root, 0)], Vec::new());
        seen[usize::from(root)] = Seen::OnTheWay;
        while let Some((node, tried)) = way.last_mut() {
            let Some(&edge) = out[usize::from(*node)].get(*tried) else {
                seen[usize::from(*node)] = Seen::Done;
                way.pop();
                taken.pop();
                continue;
            };
            *tried += 1;
            let to = edges[edge].1;
            match seen[usize::from(to)] {
                Seen::Done => {}
                Seen::Never => {
                    seen[usize::from(to)] = Seen::OnTheWay;
                    taken.push(edge);
                    way.push((to, 0));
                }
                Seen::OnTheWay => {
                    let begin = way.iter().position(|(node, _)| *node == to);
                    taken.push(edge);
                    return taken.split_off(begin.unwrap_or_default());
                }
            }
        }
    }
    Vec::new()
}
