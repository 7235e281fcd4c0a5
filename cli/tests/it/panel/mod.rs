//! `agentcity override` and what of `agentcity rules` goes through the panel, on a city with its real panel and roster.

mod journey;
mod norms;
mod refusals;

use agentcity_domain::parameter::ParameterId;
use agentcity_test_fixtures::{
    Settings,
    city::{Charter, City, Person},
};

use crate::support::Terminal;

/// When stories begin, unix seconds: a month after genesis, later than any founding.
const BEGIN: u64 = 1_770_000_000;

/// A city, its panel, and a folder in which the program runs.
pub(crate) struct Town {
    pub(crate) city: City,
    shell: Terminal,
}

impl std::ops::Deref for Town {
    type Target = Terminal;

    fn deref(&self) -> &Terminal {
        &self.shell
    }
}

impl Town {
    pub(crate) fn raise() -> Self {
        let mut city = City::raise(&Charter {
            settings: Settings::lenient(),
            ..Charter::default()
        })
        .unwrap();
        city.seat_panel().unwrap();
        city.client.warp_to(BEGIN).unwrap();
        let mut shell = Terminal::at(&city);
        shell.keep_both(&["override", "rules", "audit"]);
        for (place, person) in sorted(&city).iter().enumerate() {
            shell.call(
                person.address().to_string(),
                &format!("ADJUDICATOR {place}"),
            );
        }
        shell.write("why.md", "Newcomers wait too long.\n");
        Self { city, shell }
    }

    /// Adjudicators, ascending.
    pub(crate) fn panel(&self) -> Vec<Person> {
        sorted(&self.city)
    }

    pub(crate) fn parameter(&mut self, id: ParameterId) -> u32 {
        self.city.number(id).unwrap()
    }
}

fn sorted(city: &City) -> Vec<Person> {
    let mut panel = city.adjudicators.clone();
    panel.sort_by_key(Person::address);
    panel
}

/// Everybody signs, and the first hands it in.
#[track_caller]
pub(crate) fn pass(town: &Town, signers: &[Person], file: &str) {
    let names: Vec<String> = (0..signers.len())
        .map(|place| format!("{place}-{file}"))
        .collect();
    for (person, name) in signers.iter().zip(&names) {
        town.tell_as(Some(person), &["override", "sign", file, "--out", name])
            .done();
    }
    let mut merge = vec!["override", "merge", file];
    merge.extend(names.iter().map(String::as_str));
    town.tell(&merge).done();
    town.tell_as(Some(&signers[0]), &["override", "submit", file])
        .done();
}
