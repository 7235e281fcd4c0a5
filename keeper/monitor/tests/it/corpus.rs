//! Outputs of honest agents, drawn from a seed: each agent has a subject, a form, and its own habits of length.

use agentcity_monitor::trace::Trace;

/// Numbers from a seed (SplitMix64).
#[derive(Debug)]
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len() as u64) as usize]
    }
}

const SUBJECTS: [&[&str]; 4] = [
    &[
        "harvest",
        "barley",
        "moisture",
        "soil",
        "irrigation",
        "yield",
        "hectare",
        "fertiliser",
        "drought",
        "orchard",
        "seedling",
        "furrow",
        "silage",
        "rainfall",
        "pasture",
        "granary",
        "tillage",
        "compost",
        "frost",
        "threshing",
    ],
    &[
        "invoice",
        "ledger",
        "receivable",
        "currency",
        "quarter",
        "audit",
        "liability",
        "margin",
        "expense",
        "dividend",
        "treasury",
        "voucher",
        "accrual",
        "interest",
        "creditor",
        "balance",
        "forecast",
        "budget",
        "payroll",
        "surplus",
    ],
    &[
        "vessel",
        "harbour",
        "cargo",
        "tonnage",
        "freight",
        "customs",
        "berth",
        "anchor",
        "container",
        "pilot",
        "quay",
        "voyage",
        "manifest",
        "draught",
        "lighthouse",
        "charter",
        "tanker",
        "stowage",
        "salvage",
        "tide",
    ],
    &[
        "patient",
        "dosage",
        "symptom",
        "clinic",
        "therapy",
        "biopsy",
        "fever",
        "antibody",
        "surgeon",
        "ward",
        "vaccine",
        "diagnosis",
        "recovery",
        "nurse",
        "artery",
        "fracture",
        "allergy",
        "remedy",
        "pulse",
        "plasma",
    ],
];
const VERBS: [&str; 10] = [
    "shows", "needs", "lowers", "follows", "exceeds", "reports", "keeps", "lost", "covers",
    "explains",
];
const SMALL: [&str; 8] = ["the", "a", "of", "in", "with", "and", "this", "for"];

/// How an agent writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Prose,
    Rows,
    Points,
    Objects,
}

pub(crate) const FORMS: [Form; 4] = [Form::Prose, Form::Rows, Form::Points, Form::Objects];

/// One output on `subject` in `form`, of so many sentences or lines.
pub(crate) fn output(draw: &mut Draw, subject: usize, form: Form, pieces: u64) -> String {
    let words = SUBJECTS[subject % SUBJECTS.len()];
    let mut out = String::new();
    for number in 0..pieces {
        let piece = match form {
            Form::Prose => {
                let mut said = Vec::new();
                for _ in 0..4 + draw.below(5) {
                    said.push(draw.of(&SMALL));
                    said.push(draw.of(words));
                    said.push(draw.of(&VERBS));
                }
                let mut said = said.join(" ");
                said[..1].make_ascii_uppercase();
                said + ". "
            }
            Form::Rows => format!(
                "{},{},{}.{}\n",
                draw.of(words),
                draw.of(words),
                draw.below(900),
                draw.below(90)
            ),
            Form::Points => format!(
                "- {} {} {} {}\n",
                draw.of(words),
                draw.of(&VERBS),
                draw.of(&SMALL),
                draw.of(words)
            ),
            Form::Objects => format!(
                "  {{\"{}\": {}, \"{}\": \"{}\"}},\n",
                draw.of(words),
                draw.below(10_000),
                draw.of(words),
                draw.of(words)
            ),
        };
        if number == 0 && form == Form::Objects {
            out.push_str("[\n");
        }
        out.push_str(&piece);
    }
    out
}

/// What an agent writes on, and how: two agents each, so that whoever is held out has a like among the fitted.
pub(crate) fn habits(agent: usize) -> (usize, Form) {
    let pair = agent / 2;
    (pair % 4, FORMS[(pair + pair / 4) % 4])
}

/// `agents` agents with `each` outputs, in turn; of `pieces` sentences or lines, more or less by a third where `varies`.
pub(crate) fn honest(seed: u64, agents: usize, each: usize, varies: bool) -> Vec<Trace> {
    let mut draw = Draw(seed);
    let mut traces = Vec::new();
    for _ in 0..each {
        for agent in 0..agents {
            let (subject, form) = habits(agent);
            let pieces = if varies { 8 + draw.below(8) } else { 12 };
            traces.push(Trace {
                agent: format!("agent {agent}"),
                text: output(&mut draw, subject, form, pieces),
            });
        }
    }
    traces
}

/// The same agents taken over: each hands in another subject in another form.
pub(crate) fn deviating(seed: u64, agents: usize, each: usize) -> Vec<Trace> {
    let mut draw = Draw(seed);
    let mut traces = Vec::new();
    for _ in 0..each {
        for agent in 0..agents {
            let (subject, form) = habits(agent);
            let other = 1 + draw.below(3) as usize;
            let at = FORMS
                .iter()
                .position(|known| *known == form)
                .unwrap_or_default();
            let pieces = 8 + draw.below(8);
            traces.push(Trace {
                agent: format!("agent {agent}"),
                text: output(&mut draw, subject + other, FORMS[(at + other) % 4], pieces),
            });
        }
    }
    traces
}
