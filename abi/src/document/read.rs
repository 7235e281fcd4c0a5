//! From text to a document: first what every value says, then how nodes and edges belong together, then what the domain says of it.

use std::{borrow::Cow, collections::HashMap};

use agentcity_domain::statute::{
    Limits, Node, Predicate,
    encode::{self, Draft},
};
use alloy_primitives::{Address, B256};

use super::{
    Document,
    graph::{Edge, Ordered},
    keys::{self, Key},
    pages,
    problem::{Findings, Path, Problems},
    rules::{Complaint, complaints, lawful},
    terms::{Known, Said, Terms, is_label, is_rubric},
    text::{Fields, Reader, Value, field, nearest},
};

/// Most decimal places of an amount: 10^28 is the greatest power of ten below 2^96.
const SCALE_MAX: u32 = 28;
/// Most characters of a node's name: 0x and 64 digits.
const NAME_MAX: usize = 66;
/// More edges than pages can hold: 31 out of each of 65,535 nodes.
const EDGES_READ_MAX: usize = 65_535 * 31;
/// Names that an unknown one is compared with.
const NAMES_COMPARED_MAX: usize = 1_000;
/// More predicates than a page can hold.
const PREDICATES_READ_MAX: usize = 256;

/// A document with the text that it was read from, so that what is wrong with it has a line.
#[derive(Clone, Debug)]
pub struct Source<'t> {
    text: &'t str,
    document: Document,
    /// The list of nodes.
    list: &'t Value,
    /// Each node's place in the list, and where it stands, in the order of the statute.
    nodes: Vec<(usize, &'t Value)>,
}

/// A node as far as it could be read.
struct Task<'t> {
    at: &'t Value,
    node: Option<Node>,
    terms: Option<Terms>,
}

/// What a value of a node has to be in, and how it is called there.
struct Within<'t, 'p> {
    fields: &'p Fields<'t>,
    path: &'p Path<'p>,
}

impl<'t> Source<'t> {
    /// The document in a text.
    ///
    /// Errors: everything that is wrong with it whatever the parameters are; one problem alone if it is no JSON.
    pub fn read(bytes: &'t [u8]) -> Result<Self, Problems> {
        let (mut reader, root) = Reader::open(bytes)?;
        let read = reader.document(root);
        match read.filter(|_| reader.findings.is_empty()) {
            Some(source) => Ok(source),
            None => {
                if reader.findings.is_empty() {
                    reader.tell(root, &Path::Root, "a document", "one that pages can say");
                }
                Err(reader.findings.of(reader.text))
            }
        }
    }

    /// The document.
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// The document, without its text.
    pub fn into_document(self) -> Document {
        self.document
    }

    /// Whether the document may be law within these limits ([`super::limits`] makes them of parameters).
    ///
    /// Errors: everything that may not.
    pub fn judge(&self, limits: &Limits) -> Result<(), Problems> {
        let (text, findings) = (self.text, Findings::default());
        let mut reader = Reader { text, findings };
        let all = pages::nodes(&self.document.pages).zip(&self.nodes);
        let list = Path::Key(&Path::Root, keys::NODES.name);
        for ((node, _), (index, at)) in all {
            let path = Path::Index(&list, *index);
            for complaint in complaints(&node, limits) {
                reader.complain(at, &path, complaint);
            }
        }
        let totals = self.document.totals();
        if totals.end_pages(limits, B256::ZERO).is_err() {
            let found = format!("{} nodes", totals.nodes);
            let wanted = format!("{}, as many as the law names", limits.nodes);
            reader.tell(self.list, &list, found, wanted);
        }
        if let Err(unmet) = totals.within_tokens(limits) {
            let found = format!("{} LLM tokens of all nodes", unmet.need);
            let wanted = format!("at most {}, what a mission may use", unmet.have);
            reader.tell(self.list, &list, found, wanted);
        }
        // Whatever was not put into words above is refused all the same.
        if reader.findings.is_empty()
            && let Err(refused) = pages::walk(&self.document.pages, limits)
        {
            reader.tell(
                self.list,
                &list,
                refused.to_string(),
                "pages that can be law",
            );
        }
        if reader.findings.is_empty() {
            return Ok(());
        }
        Err(reader.findings.of(self.text))
    }
}

impl<'t> Reader<'t> {
    fn complain(&mut self, node: &'t Value, path: &Path<'_>, complaint: Complaint) {
        let Complaint { key, found, wanted } = complaint;
        let at = field(node, &key).unwrap_or(node);
        self.tell(at, &Path::Key(path, key.name), found, wanted);
    }

    /// A text that can only be this one.
    fn constant(&mut self, fields: &Fields<'t>, path: &Path<'_>, key: &Key, value: &str) {
        if let Some(at) = self.need(fields, path, key) {
            self.one_of(at, &Path::Key(path, key.name), key, &[value]);
        }
    }

    fn document(&mut self, root: &'t Value) -> Option<Source<'t>> {
        let path = Path::Root;
        let fields = self.fields(root, &path, &keys::DOCUMENT)?;
        self.constant(&fields, &path, &keys::CONTEXT, keys::CONTEXT_IRI);
        self.constant(&fields, &path, &keys::MISSION_TYPE, keys::MISSION);
        let scale = self
            .need(&fields, &path, &keys::AMOUNT_SCALE)
            .and_then(|at| {
                let path = Path::Key(&path, keys::AMOUNT_SCALE.name);
                self.whole(at, &path, &keys::AMOUNT_SCALE, |scale| *scale <= SCALE_MAX)
            });
        let list = self.need(&fields, &path, &keys::NODES);
        let mut tasks = Vec::new();
        let mut names = Vec::new();
        if let Some(at) = list {
            let path = Path::Key(&path, keys::NODES.name);
            let each = self.list(at, &path, &keys::NODES, 1, u16::MAX.into());
            let mut places = HashMap::new();
            for (index, at) in each.into_iter().flatten().enumerate() {
                let path = Path::Index(&path, index);
                let (name, task) = self.task(at, &path, scale);
                if let Some(name) = &name {
                    let before = *places.entry(name.clone()).or_insert(index);
                    if before != index {
                        let at = field(at, &keys::NODE_ID).unwrap_or(at);
                        let wanted = format!("another name than that of $.dagNodes[{before}]");
                        let path = Path::Key(&path, keys::NODE_ID.name);
                        self.tell(at, &path, format!("\"{name}\" again"), wanted);
                    }
                }
                names.push(name.unwrap_or_default().into_owned());
                tasks.push(task);
            }
        }
        let edges = self.edges(&fields, &names);
        let predicates = self.predicates(&fields);
        let limits = pages::widest(u16::try_from(tasks.len()).ok()?);
        let graph = self.ordered(&names, edges)?;
        self.judge_counts(&names, &graph, predicates.clone(), &limits);
        if !self.findings.is_empty() {
            return None;
        }
        self.assemble(list?, tasks, &graph, predicates, &limits)
    }

    /// The document of what was read without a problem.
    fn assemble(
        &mut self,
        list: &'t Value,
        tasks: Vec<Task<'t>>,
        graph: &Ordered<'t>,
        predicates: Vec<(Predicate, &'t Value, usize)>,
        limits: &Limits,
    ) -> Option<Source<'t>> {
        let (mut drafts, mut terms, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
        let mut tasks: Vec<Option<Task<'_>>> = tasks.into_iter().map(Some).collect();
        for (place, successors) in graph.order.iter().zip(graph.successors()) {
            let index = usize::from(*place);
            let task = tasks.get_mut(index)?.take()?;
            drafts.push(Draft {
                node: task.node?,
                successors,
            });
            terms.push(task.terms?);
            nodes.push((index, task.at));
        }
        let predicates = predicates.into_iter().map(|(predicate, ..)| predicate);
        let predicates: Vec<Predicate> = predicates.collect();
        let path = Path::Key(&Path::Root, keys::NODES.name);
        let pages = match encode::statute(&drafts, &predicates) {
            Ok(pages) => pages,
            // All of it was looked at before; if the domain knows more, its word counts.
            Err(unfit) => {
                self.tell(
                    list,
                    &path,
                    format!("{unfit:?}"),
                    "what has a place in a page",
                );
                return None;
            }
        };
        if let Err(refused) = pages::walk(&pages, limits) {
            self.tell(list, &path, refused.to_string(), "pages that can be law");
            return None;
        }
        Some(Source {
            text: self.text,
            document: Document { pages, terms },
            list,
            nodes,
        })
    }

    /// A node and its name.
    fn task(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        scale: Option<u32>,
    ) -> (Option<Cow<'t, str>>, Task<'t>) {
        let nothing = Task {
            at,
            node: None,
            terms: None,
        };
        let Some(fields) = self.fields(at, path, &keys::NODE) else {
            return (None, nothing);
        };
        self.constant(&fields, path, &keys::TASK_TYPE, keys::TASK);
        let name = self.need(&fields, path, &keys::NODE_ID).and_then(|at| {
            let path = Path::Key(path, keys::NODE_ID.name);
            self.text(at, &path, &keys::NODE_ID, is_name)
        });
        let tier = self.need(&fields, path, &keys::TIER).and_then(|at| {
            let path = Path::Key(path, keys::TIER.name);
            self.whole(at, &path, &keys::TIER, |tier: &u8| *tier <= 3)
        });
        let within = Within {
            fields: &fields,
            path,
        };
        let terms = self.terms(&within, tier);
        let digest = terms.as_ref().map(Terms::digest);
        let node = self.work(&within, tier, digest, scale);
        (name, Task { at, node, terms })
    }

    /// What a node is to do, and what the domain says of it.
    fn work(
        &mut self,
        within: &Within<'t, '_>,
        tier: Option<u8>,
        digest: Option<B256>,
        scale: Option<u32>,
    ) -> Option<Node> {
        let limits = pages::widest(1);
        let stand_in = lawful(&limits);
        if tier == Some(0) {
            for key in keys::WORK {
                if let Some(at) = within.fields.get(&key) {
                    let path = Path::Key(within.path, key.name);
                    self.refuse::<()>(
                        at,
                        &path,
                        "nothing: a node that is taken over has no work left",
                    );
                }
            }
            return digest.map(|digest| Node {
                digest,
                ..Node::default()
            });
        }
        let fits = |node: Node| {
            let successors = Vec::new();
            encode::statute(&[Draft { node, successors }], &[]).is_ok()
        };
        let several = tier == Some(2);
        let risk = self.named(within, &keys::RISK, &keys::RISKS, None);
        let one = (!several).then_some(1);
        let redundancy = self.number(within, &keys::REDUNDANCY, one, |seats| {
            fits(Node {
                redundancy: *seats,
                ..stand_in
            })
        });
        let threshold = self.number(within, &keys::THRESHOLD, one, |seats| {
            fits(Node {
                threshold: *seats,
                ..stand_in
            })
        });
        let exact = (!several).then_some(0);
        let mode = self.named(within, &keys::COMPARISON, &keys::COMPARISONS, exact);
        let timeout = self.number(within, &keys::TIMEOUT, None, |_| true);
        let tokens = self.number(within, &keys::TOKENS, None, |tokens| {
            fits(Node {
                tokens: *tokens,
                ..stand_in
            })
        });
        let budget = self
            .need(within.fields, within.path, &keys::BUDGET)
            .and_then(|at| {
                let path = Path::Key(within.path, keys::BUDGET.name);
                let budget = self.amount(at, &path, &keys::BUDGET, scale?)?;
                if fits(Node { budget, ..stand_in }) {
                    return Some(budget);
                }
                self.refuse(at, &path, keys::BUDGET.wanted)
            });
        let mut judged = Node {
            digest: digest.unwrap_or(stand_in.digest),
            budget: budget.unwrap_or(u8::MAX.into()),
            tokens: tokens.unwrap_or_default(),
            ..stand_in
        };
        // How long a node may take depends on how it is verified.
        let shape = (tier, risk, redundancy, threshold, mode);
        if let (Some(tier), Some(risk), Some(redundancy), Some(threshold), Some(mode)) = shape {
            (judged.tier, judged.risk) = (tier, risk);
            (judged.redundancy, judged.threshold, judged.mode) = (redundancy, threshold, mode);
            let lawful = if tier == 3 {
                limits.timeouts.review_max_ms
            } else {
                limits.timeouts.execution_max_ms
            };
            judged.timeout_ms = timeout.unwrap_or(lawful);
        }
        for complaint in complaints(&judged, &limits) {
            self.complain(within.fields.at, within.path, complaint);
        }
        tier.and(risk).and(redundancy).and(threshold).and(mode)?;
        digest.and(timeout).and(budget).and(tokens)?;
        Some(judged)
    }

    /// A number of a node; `otherwise` where nothing is said.
    fn number<T: TryFrom<u128>>(
        &mut self,
        within: &Within<'t, '_>,
        key: &Key,
        otherwise: Option<T>,
        fits: impl Fn(&T) -> bool,
    ) -> Option<T> {
        match (within.fields.get(key), otherwise) {
            (None, Some(otherwise)) => Some(otherwise),
            (None, None) => {
                self.need(within.fields, within.path, key);
                None
            }
            (Some(at), _) => self.whole(at, &Path::Key(within.path, key.name), key, fits),
        }
    }

    /// The number of a name; `otherwise` where nothing is said.
    fn named(
        &mut self,
        within: &Within<'t, '_>,
        key: &Key,
        names: &[&str],
        otherwise: Option<u8>,
    ) -> Option<u8> {
        match (within.fields.get(key), otherwise) {
            (None, Some(otherwise)) => Some(otherwise),
            (None, None) => {
                self.need(within.fields, within.path, key);
                None
            }
            (Some(at), _) => self.one_of(at, &Path::Key(within.path, key.name), key, names),
        }
    }

    /// What is known of a node's terms.
    fn terms(&mut self, within: &Within<'t, '_>, tier: Option<u8>) -> Option<Terms> {
        let whole = within.fields.get(&keys::TERMS_HASH).map(|at| {
            let path = Path::Key(within.path, keys::TERMS_HASH.name);
            (at, self.word(at, &path, &keys::TERMS_HASH))
        });
        let any = keys::TERMS
            .iter()
            .any(|key| within.fields.get(key).is_some());
        if let Some((_, hash)) = whole
            && !any
        {
            return hash.map(Terms::Digest);
        }
        let label = self.said(
            within,
            &keys::LABEL,
            &keys::LABEL_HASH,
            true,
            |reader, at, path| {
                let text = reader.text(at, path, &keys::LABEL, is_label);
                text.map(Cow::into_owned)
            },
        );
        let schema = |key: Key| {
            move |reader: &mut Self, at: &'t Value, path: &Path<'_>| reader.schema(at, path, &key)
        };
        let (input, input_hash) = (keys::INPUT_SCHEMA, keys::INPUT_SCHEMA_HASH);
        let input_schema = self.said(within, &input, &input_hash, true, schema(input));
        let (output, output_hash) = (keys::OUTPUT_SCHEMA, keys::OUTPUT_SCHEMA_HASH);
        let output_schema = self.said(within, &output, &output_hash, true, schema(output));
        let reviewed = tier == Some(3);
        let (rubric, rubric_hash) = (keys::RUBRIC, keys::RUBRIC_HASH);
        let rubric = self.said(
            within,
            &rubric,
            &rubric_hash,
            reviewed,
            |reader, at, path| {
                let text = reader.text(at, path, &keys::RUBRIC, is_rubric);
                text.map(Cow::into_owned)
            },
        );
        let verified = within.fields.get(&keys::VERIFIER).is_some()
            || within.fields.get(&keys::VERIFIER_CODEHASH).is_some();
        let (verifier, verifier_codehash) = if verified {
            let verifier = self.need(within.fields, within.path, &keys::VERIFIER);
            let codehash = self.need(within.fields, within.path, &keys::VERIFIER_CODEHASH);
            let verifier = verifier.and_then(|at| {
                let path = Path::Key(within.path, keys::VERIFIER.name);
                self.address(at, &path, &keys::VERIFIER)
            });
            let codehash = codehash.and_then(|at| {
                let path = Path::Key(within.path, keys::VERIFIER_CODEHASH.name);
                self.word(at, &path, &keys::VERIFIER_CODEHASH)
            });
            (verifier, codehash)
        } else {
            (Some(Address::ZERO), Some(B256::ZERO))
        };
        let expected = match within.fields.get(&keys::EXPECTED) {
            Some(at) => {
                let path = Path::Key(within.path, keys::EXPECTED.name);
                self.word(at, &path, &keys::EXPECTED)
            }
            None if tier == Some(1) => {
                self.need(within.fields, within.path, &keys::EXPECTED);
                None
            }
            None => Some(B256::ZERO),
        };
        let terms = Terms::Known(Box::new(Known {
            label: label?,
            input_schema: input_schema?,
            output_schema: output_schema?,
            rubric: rubric?,
            verifier: verifier?,
            verifier_codehash: verifier_codehash?,
            expected: expected?,
        }));
        if let Some((at, hash)) = whole {
            let path = Path::Key(within.path, keys::TERMS_HASH.name);
            self.agree(at, &path, hash?, terms.digest(), "the node's terms")?;
        }
        Some(terms)
    }

    /// A text of a node's terms, its hash, or both.
    fn said(
        &mut self,
        within: &Within<'t, '_>,
        text: &Key,
        hash: &Key,
        needed: bool,
        read: impl FnOnce(&mut Self, &'t Value, &Path<'_>) -> Option<String>,
    ) -> Option<Said> {
        let told = within.fields.get(hash).map(|at| {
            let path = Path::Key(within.path, hash.name);
            (at, self.word(at, &path, hash))
        });
        let Some(at) = within.fields.get(text) else {
            return match told {
                Some((_, hash)) => hash.map(Said::Hash),
                None if needed => {
                    self.need(within.fields, within.path, text);
                    None
                }
                None => Some(Said::NOTHING),
            };
        };
        let said = Said::Text(read(self, at, &Path::Key(within.path, text.name))?);
        if let Some((at, told)) = told {
            let path = Path::Key(within.path, hash.name);
            let of = format!("`{}`", text.name);
            self.agree(at, &path, told?, said.hash(), &of)?;
        }
        Some(said)
    }

    /// A hash that stands beside what it is of.
    fn agree(
        &mut self,
        at: &'t Value,
        path: &Path<'_>,
        told: B256,
        is: B256,
        of: &str,
    ) -> Option<()> {
        if told == is {
            return Some(());
        }
        self.tell(
            at,
            path,
            told.to_string(),
            format!("{is}, the hash of {of}"),
        );
        None
    }

    fn edges(&mut self, fields: &Fields<'t>, names: &[String]) -> Vec<Edge<'t>> {
        let Some(at) = self.need(fields, &Path::Root, &keys::EDGES) else {
            return Vec::new();
        };
        let list = Path::Key(&Path::Root, keys::EDGES.name);
        let each = self.list(at, &list, &keys::EDGES, 0, EDGES_READ_MAX);
        let mut places: HashMap<&str, u16> = HashMap::new();
        for (name, place) in names.iter().zip(0..) {
            places.entry(name).or_insert(place);
        }
        let mut edges = Vec::new();
        for (index, at) in each.into_iter().flatten().enumerate() {
            let path = Path::Index(&list, index);
            let Some(fields) = self.fields(at, &path, &keys::EDGE) else {
                continue;
            };
            let from = self.end(&fields, &path, &keys::FROM, (names, &places));
            let to = self.end(&fields, &path, &keys::TO, (names, &places));
            if let (Some(from), Some(to)) = (from, to) {
                edges.push(Edge {
                    at,
                    index,
                    from,
                    to,
                });
            }
        }
        edges
    }

    /// The node at an end of an edge.
    fn end(
        &mut self,
        fields: &Fields<'t>,
        path: &Path<'_>,
        key: &Key,
        (names, places): (&[String], &HashMap<&str, u16>),
    ) -> Option<u16> {
        let at = self.need(fields, path, key)?;
        let path = Path::Key(path, key.name);
        let name = self.text(at, &path, key, is_name)?;
        if let Some(place) = places.get(name.as_ref()) {
            return Some(*place);
        }
        // A node whose name could not be read may be the one that is meant.
        if places.is_empty() || places.contains_key("") {
            return None;
        }
        let compared = if self.findings.is_full() {
            0
        } else {
            NAMES_COMPARED_MAX
        };
        let near = nearest(&name, names.iter().take(compared).map(String::as_str));
        let wanted = match near {
            Some(near) => format!("the `nodeId` of a node, as `{near}`"),
            None => key.wanted.to_owned(),
        };
        self.refuse(at, &path, wanted)
    }

    fn predicates(&mut self, fields: &Fields<'t>) -> Vec<(Predicate, &'t Value, usize)> {
        let Some(at) = self.need(fields, &Path::Root, &keys::PREDICATES) else {
            return Vec::new();
        };
        let list = Path::Key(&Path::Root, keys::PREDICATES.name);
        let each = self.list(at, &list, &keys::PREDICATES, 0, PREDICATES_READ_MAX);
        let mut predicates = Vec::new();
        for (index, at) in each.into_iter().flatten().enumerate() {
            let path = Path::Index(&list, index);
            if let Some(predicate) = self.predicate(at, &path) {
                predicates.push((predicate, at, index));
            }
        }
        predicates
    }

    fn predicate(&mut self, at: &'t Value, path: &Path<'_>) -> Option<Predicate> {
        let fields = self.fields(at, path, &keys::PREDICATE)?;
        let human = self
            .need(&fields, path, &keys::HUMAN)
            .and_then(|at| self.truth(at, &Path::Key(path, keys::HUMAN.name), &keys::HUMAN));
        let hard = self
            .need(&fields, path, &keys::HARD)
            .and_then(|at| self.truth(at, &Path::Key(path, keys::HARD.name), &keys::HARD));
        let target = match fields.get(&keys::TARGET) {
            None => Some(Address::ZERO),
            Some(at) => self.address(at, &Path::Key(path, keys::TARGET.name), &keys::TARGET),
        };
        let codehash = match fields.get(&keys::CODEHASH) {
            None => Some(B256::ZERO),
            Some(at) => self.word(at, &Path::Key(path, keys::CODEHASH.name), &keys::CODEHASH),
        };
        let predicate = Predicate {
            human: human?,
            hard: hard?,
            target: target?,
            codehash: codehash?,
        };
        if predicate.asks_somebody() {
            return Some(predicate);
        }
        let (found, wanted) = if predicate.human {
            (
                "people and a contract",
                "no `contractAddr` and no `codehash` where people are asked",
            )
        } else {
            (
                "nobody to ask",
                "`contractAddr` and `codehash` that are not zero, or people",
            )
        };
        self.tell(at, path, found, wanted);
        None
    }
}

/// Whether a text can name a node.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".:-_".contains(c);
    !text.is_empty() && text.len() <= NAME_MAX && text.chars().all(plain)
}
