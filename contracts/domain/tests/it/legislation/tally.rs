//! Counting, against the definition over whole ballots (INV-ASSEMBLY-04).

use agentcity_domain::legislation::tally::{
    Matrix, Score, Stage, condorcet_winner, most_points, plurality_winners,
};
use proptest::prelude::*;

use super::{order, orders, ranking};

/// The textbook: ballots as lists, everything counted anew for every question.
struct Naive<'a> {
    candidates: u8,
    ballots: &'a [Vec<u8>],
}

impl Naive<'_> {
    fn prefer(&self, a: u8, b: u8) -> u32 {
        let place = |ballot: &[u8], one| ballot.iter().position(|other| *other == one).unwrap();
        let prefers = |ballot: &&Vec<u8>| a != b && place(ballot, a) < place(ballot, b);
        self.ballots.iter().filter(prefers).count() as u32
    }

    fn others(&self, a: u8) -> impl Iterator<Item = u8> {
        (0..self.candidates).filter(move |b| *b != a)
    }

    fn copeland(&self, a: u8) -> u8 {
        let points = self
            .others(a)
            .map(|b| match self.prefer(a, b).cmp(&self.prefer(b, a)) {
                std::cmp::Ordering::Greater => 2,
                std::cmp::Ordering::Equal => 1,
                std::cmp::Ordering::Less => 0,
            });
        points.sum()
    }

    fn opposition(&self, a: u8) -> u32 {
        self.others(a).map(|b| self.prefer(b, a)).max().unwrap_or(0)
    }

    /// Narrowed stage by stage, as the rule is written.
    fn decide(&self, proposed: &[u16]) -> (u8, Stage) {
        let all: Vec<u8> = (0..self.candidates).collect();
        let most = all.iter().map(|a| self.copeland(*a)).max().unwrap();
        let tied: Vec<u8> = all
            .into_iter()
            .filter(|a| self.copeland(*a) == most)
            .collect();
        if let [winner] = tied[..] {
            return (winner, Stage::Copeland);
        }
        let least = tied.iter().map(|a| self.opposition(*a)).min().unwrap();
        let tied: Vec<u8> = tied
            .into_iter()
            .filter(|a| self.opposition(*a) == least)
            .collect();
        if let [winner] = tied[..] {
            return (winner, Stage::Minimax);
        }
        let earliest = tied.into_iter().min_by_key(|a| proposed[usize::from(*a)]);
        (earliest.unwrap(), Stage::Earliest)
    }

    fn condorcet(&self) -> Option<u8> {
        (0..self.candidates).find(|a| {
            self.others(*a)
                .all(|b| self.prefer(*a, b) > self.prefer(b, *a))
        })
    }
}

fn counted(candidates: u8, ballots: &[Vec<u8>]) -> Matrix {
    let mut matrix = Matrix::new(candidates);
    for ballot in ballots {
        matrix.count(ranking(ballot));
    }
    matrix
}

fn candidates_of(ballots: &[Vec<u8>]) -> u8 {
    ballots.first().map_or(3, Vec::len) as u8
}

fn in_order(candidates: u8) -> Vec<u16> {
    (0..u16::from(candidates)).collect()
}

/// Elections large enough to have winners and small enough to tie.
fn elections() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop_oneof![orders(1..=16usize, 24), orders(2..=4usize, 9)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_count_is_the_textbooks(
        ballots in elections(), indices in prop::sample::subsequence((0..64u16).collect::<Vec<_>>(), 16).prop_shuffle(),
    ) {
        let candidates = candidates_of(&ballots);
        let (matrix, naive) = (counted(candidates, &ballots), Naive { candidates, ballots: &ballots });
        for a in 0..candidates {
            for b in 0..candidates {
                prop_assert_eq!(matrix.prefer(a, b), naive.prefer(a, b), "{} to {}", a, b);
            }
            let score = Score { copeland: naive.copeland(a), opposition: naive.opposition(a) };
            prop_assert_eq!(matrix.score(a), score, "{}", a);
        }
        let proposed = &indices[..usize::from(candidates)];
        prop_assert_eq!(matrix.decide(proposed), Some(naive.decide(proposed)));
    }

    #[test]
    fn a_condorcet_winner_always_wins_by_points(ballots in elections()) {
        let candidates = candidates_of(&ballots);
        if let Some(winner) = (Naive { candidates, ballots: &ballots }).condorcet() {
            let decided = counted(candidates, &ballots).decide(&in_order(candidates));
            prop_assert_eq!(decided, Some((winner, Stage::Copeland)));
        }
    }

    #[test]
    fn what_readers_are_told_is_so(ballots in elections()) {
        let candidates = candidates_of(&ballots);
        let (matrix, naive) = (counted(candidates, &ballots), Naive { candidates, ballots: &ballots });
        prop_assert_eq!(condorcet_winner(&matrix), naive.condorcet());
        let most = (0..candidates).map(|a| naive.copeland(a)).max().unwrap();
        let tied: Vec<u8> = (0..candidates).filter(|a| naive.copeland(*a) == most).collect();
        prop_assert_eq!(most_points(&matrix), tied);
        let firsts = |a: u8| ballots.iter().filter(|ballot| ballot[0] == a).count();
        let most = (0..candidates).map(firsts).max().unwrap();
        let winners: Vec<u8> = (0..candidates).filter(|a| firsts(*a) == most).collect();
        let rankings: Vec<_> = ballots.iter().map(|ballot| ranking(ballot)).collect();
        prop_assert_eq!(plurality_winners(candidates, &rankings), winners);
    }

    #[test]
    fn anonymity_whose_ballot_is_whose_and_in_which_parts_they_are_counted_changes_nothing(
        (ballots, shuffled) in elections().prop_flat_map(|b| (Just(b.clone()), Just(b).prop_shuffle())),
        cut in any::<prop::sample::Index>(),
    ) {
        let candidates = candidates_of(&ballots);
        let whole = counted(candidates, &ballots);
        prop_assert_eq!(&counted(candidates, &shuffled), &whole);
        // In two parts, through the words that are stored between them.
        let (first, rest) = shuffled.split_at(cut.index(shuffled.len() + 1));
        let part = counted(candidates, first);
        let mut resumed = Matrix::new(candidates);
        for at in 0..Matrix::words(candidates) {
            resumed.load(at, &part.word(at));
        }
        resumed.set_counted(part.counted());
        for ballot in rest {
            resumed.count(ranking(ballot));
        }
        prop_assert_eq!(resumed, whole);
    }

    #[test]
    fn neutrality_who_is_called_what_changes_nothing(
        (ballots, names) in elections().prop_flat_map(|ballots| {
            let names = order(candidates_of(&ballots).into());
            (Just(ballots), names)
        }),
    ) {
        let candidates = candidates_of(&ballots);
        let renamed: Vec<Vec<u8>> = ballots
            .iter()
            .map(|ballot| ballot.iter().map(|one| names[usize::from(*one)]).collect())
            .collect();
        // Names carry the order of proposals with them.
        let mut proposed = in_order(candidates);
        for (index, name) in names.iter().enumerate() {
            proposed[usize::from(*name)] = index as u16;
        }
        let (winner, stage) = counted(candidates, &ballots).decide(&in_order(candidates)).unwrap();
        let decided = counted(candidates, &renamed).decide(&proposed);
        prop_assert_eq!(decided, Some((names[usize::from(winner)], stage)));
    }

    #[test]
    fn more_support_never_harms_a_winner(ballots in elections(), at in any::<prop::sample::Index>()) {
        prop_assume!(!ballots.is_empty());
        let candidates = candidates_of(&ballots);
        let (winner, _) = counted(candidates, &ballots).decide(&in_order(candidates)).unwrap();
        let mut raised = ballots.clone();
        let ballot = &mut raised[at.index(ballots.len())];
        ballot.retain(|one| *one != winner);
        ballot.insert(0, winner);
        let (again, _) = counted(candidates, &raised).decide(&in_order(candidates)).unwrap();
        prop_assert_eq!(again, winner);
    }
}

#[test]
fn each_stage_decides_where_those_before_it_tie() {
    let times = |n: usize, order: &[u8]| vec![order.to_vec(); n];
    for (name, ballots, expected) in [
        ("one beats all", times(3, &[1, 0, 2]), (1, Stage::Copeland)),
        (
            "a cycle: the least opposition",
            [
                times(4, &[0, 1, 2]),
                times(3, &[1, 2, 0]),
                times(2, &[2, 0, 1]),
            ]
            .concat(),
            (0, Stage::Minimax),
        ),
        (
            "an even cycle: the earliest",
            [
                times(1, &[0, 1, 2]),
                times(1, &[1, 2, 0]),
                times(1, &[2, 0, 1]),
            ]
            .concat(),
            (0, Stage::Earliest),
        ),
        ("nobody voted", Vec::new(), (0, Stage::Earliest)),
    ] {
        assert_eq!(
            counted(3, &ballots).decide(&[0, 1, 2]),
            Some(expected),
            "{name}"
        );
    }
    let cycle = [
        times(1, &[0, 1, 2]),
        times(1, &[1, 2, 0]),
        times(1, &[2, 0, 1]),
    ]
    .concat();
    let late = counted(3, &cycle).decide(&[9, 4, 5]);
    assert_eq!(
        late,
        Some((1, Stage::Earliest)),
        "by proposal, not by place"
    );
    assert_eq!(Matrix::new(0).decide(&[]), None, "no candidate, no winner");
    assert_eq!(
        counted(1, &[vec![0]]).decide(&[7]),
        Some((0, Stage::Copeland))
    );
}

#[test]
fn counters_are_kept_in_as_few_words_as_hold_half_of_the_matrix() {
    for (candidates, words) in [
        (0, 0),
        (1, 0),
        (2, 1),
        (4, 1),
        (5, 2),
        (8, 4),
        (10, 6),
        (16, 15),
    ] {
        assert_eq!(Matrix::words(candidates), words, "{candidates}");
    }
}

#[test]
fn counters_hold_more_ballots_than_any_city_has() {
    let mut matrix = Matrix::new(2);
    matrix.load(0, &alloy_primitives::B256::repeat_byte(0xff));
    matrix.set_counted(u32::MAX);
    matrix.count(ranking(&[0, 1]));
    assert_eq!(matrix.prefer(0, 1), u32::MAX, "saturated, not wrapped");
}
