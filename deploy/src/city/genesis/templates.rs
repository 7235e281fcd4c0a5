//! Templates of a genesis file: what statutes may be codified from (RULINGS K5). No seal carries them, since it is the codifier in office
//! who publishes a template; the file lists what the founders want of it, and `agentcity genesis people` has it published.

use std::collections::BTreeSet;

use alloy::primitives::B256;
use serde::Deserialize;
use toml::Spanned;

use super::{Judge, Problem};

/// Most templates of a file. Each is a transaction of its own, and a city that begins with more of them than offices and peers together
/// has mistaken statutes for templates.
const TEMPLATES_MAX: usize = 32; // structural

/// Risks of a node, by their numbers on the wire.
const RISKS: [&str; 3] = ["low", "medium", "high"];

/// A version of a template: the ranges that a statute must hold to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// Its name, as a word.
    pub id: B256,
    /// Its version, from one.
    pub version: u16,
    /// Hash of its schema.
    pub schema: B256,
    /// Most nodes of a statute.
    pub nodes_max: u16,
    /// Tiers that are allowed: bit 1 is tier 1, bit 3 is tier 3.
    pub tiers: u8,
    /// Highest risk of a node, by its number.
    pub risk_max: u8,
    /// Least number of predicates at the gate.
    pub predicates_min: u8,
}

/// The same as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileTemplate {
    id: Spanned<String>,
    version: Spanned<u16>,
    schema: Spanned<String>,
    nodes_max: Spanned<u16>,
    tiers: Spanned<Vec<Spanned<u8>>>,
    risk: Spanned<String>,
    #[serde(default)]
    predicates_min: u8,
}

/// The templates of a file, in its order.
pub(super) fn read(judge: &mut Judge<'_>, given: &[Spanned<FileTemplate>]) -> Vec<Template> {
    if let Some(first) = given.get(TEMPLATES_MAX) {
        let (count, most) = (given.len(), TEMPLATES_MAX);
        judge.note(&first.span(), Problem::TooManyTemplates { count, most });
        return Vec::new();
    }
    let (mut list, mut known) = (Vec::new(), BTreeSet::new());
    for one in given {
        let file = one.get_ref();
        let (id, schema) = (judge.hash(&file.id), judge.hash(&file.schema));
        let (version, nodes_max) = (*file.version.get_ref(), *file.nodes_max.get_ref());
        let mut tiers = 0;
        for tier in file.tiers.get_ref() {
            match tier.get_ref() {
                1..=3 => tiers |= 1 << tier.get_ref(),
                unknown => judge.note(&tier.span(), Problem::Tier { given: *unknown }),
            }
        }
        if file.tiers.get_ref().is_empty() || nodes_max == 0 {
            judge.note(&one.span(), Problem::TemplateAllowsNothing);
        }
        if version == 0 {
            judge.note(&file.version.span(), Problem::VersionZero);
        }
        let risk = RISKS.iter().position(|name| name == file.risk.get_ref());
        if risk.is_none() {
            let given = file.risk.get_ref().clone();
            judge.note(&file.risk.span(), Problem::Risk { given });
        }
        let (Some(id), Some(schema), Some(risk_max)) = (id, schema, risk) else {
            continue;
        };
        if !known.insert((id, version)) {
            judge.note(&one.span(), Problem::TemplateTwice { id, version });
        }
        list.push(Template {
            id,
            version,
            schema,
            nodes_max,
            tiers,
            risk_max: risk_max as u8,
            predicates_min: file.predicates_min,
        });
    }
    list
}
