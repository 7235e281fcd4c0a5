//! Pages of seats: as many as the nodes demand, in order, within their shares, of distinct agents.

use agentcity_domain::statute::{
    Broken, Node, Rule, Seat,
    encode::{self, Unfit},
    seats::{POOL, SEAT, Seats, Stake, is_roster, judge, of_node, stakes},
};
use alloy_primitives::{Address, B256};

use super::{alone, node};

fn seat(node: u16, seat: u8, agent: u8) -> Seat {
    let agent = Address::repeat_byte(agent);
    Seat {
        node,
        seat,
        agent,
        price: 1,
        stake: 100,
        source: agent.into_word(),
        service: B256::repeat_byte(0x5e),
    }
}

fn pooled(seat: Seat) -> Seat {
    Seat {
        source: B256::repeat_byte(0x99),
        ..seat
    }
}

/// A seat in the layout of the documentation, written by another hand than the encoder's.
fn laid_out(seat: &Seat, pool: bool) -> Vec<u8> {
    let key = u8::from(pool) * 128 + seat.seat * 16 + (seat.node % 16) as u8;
    let mut bytes = vec![key];
    bytes.extend(seat.agent);
    bytes.extend(&seat.price.to_be_bytes()[4..]);
    bytes.extend(&seat.stake.to_be_bytes()[4..]);
    bytes.extend(seat.service);
    if pool {
        bytes.extend(seat.source);
    }
    bytes
}

/// Sixteen nodes from 16 on: the first of three seats, the second of one, the others taken over.
fn laws() -> Vec<Node> {
    let mut laws = vec![Node::default(); 16];
    (laws[0], laws[1]) = (node(), alone(1));
    laws
}

fn lawful() -> Vec<Seat> {
    vec![
        seat(16, 0, 1),
        pooled(seat(16, 1, 2)),
        seat(16, 2, 3),
        seat(17, 0, 1),
    ]
}

fn page_of(seats: &[Seat]) -> Vec<u8> {
    seats
        .iter()
        .flat_map(|seat| laid_out(seat, seat.source != seat.agent.into_word()))
        .collect()
}

fn judged(seats: &[Seat]) -> Result<Vec<Seat>, Broken> {
    judge(&page_of(seats), 16, laws().into_iter())
}

fn broken(offset: usize, rule: Rule) -> Result<Vec<Seat>, Broken> {
    Err(Broken { offset, rule })
}

#[test]
fn a_seat_is_found_by_node_and_place() {
    let seats = lawful();
    let page = page_of(&seats);
    assert_eq!(page.len(), 4 * SEAT + POOL);
    assert_eq!(Seats::of(&page, 16).collect::<Vec<_>>(), seats);
    for seat in &seats {
        assert_eq!(Seat::find(&page, seat.node, seat.seat), Some(*seat));
    }
    assert_eq!(of_node(&page, 16).collect::<Vec<_>>(), seats[..3]);
    assert_eq!(of_node(&page, 17).collect::<Vec<_>>(), seats[3..]);
    assert_eq!(of_node(&page, 18).count(), 0);
    assert_eq!(Seat::find(&page, 16, 3), None);
    assert_eq!(Seat::find(&page, 18, 0), None);
    for cut in [1, SEAT, SEAT + POOL] {
        let rest = &page[..page.len() - cut];
        assert!(Seats::of(rest, 16).count() < 4, "{cut}");
    }
}

#[test]
fn the_encoder_writes_what_is_laid_out() {
    let seats = lawful();
    let pages = encode::seats(18, &seats).unwrap();
    assert_eq!(pages, [Vec::new(), page_of(&seats)]);
}

#[test]
fn seats_are_those_that_the_nodes_demand_in_their_order() {
    assert_eq!(judged(&lawful()), Ok(lawful()));
    let at = SEAT;
    let without = |index: usize| {
        let mut seats = lawful();
        seats.remove(index);
        judged(&seats)
    };
    assert_eq!(without(0), broken(0, Rule::Seats));
    assert_eq!(without(1), broken(at, Rule::Seats));
    assert_eq!(
        without(3),
        broken(3 * at + POOL, Rule::Seats),
        "one too few"
    );
    let mut more = lawful();
    more.push(seat(18, 0, 4));
    assert_eq!(
        judged(&more),
        broken(4 * at + POOL, Rule::Seats),
        "of a node without seats"
    );
    let mut swapped = lawful();
    swapped.swap(0, 2);
    assert_eq!(judged(&swapped), broken(0, Rule::Seats));
    assert_eq!(
        judge(&[], 16, [Node::default(); 16].into_iter()),
        Ok(Vec::new())
    );
}

#[test]
fn a_seat_costs_at_most_its_share() {
    // Five among three seats are one each; five for one are five.
    for (index, price, expected) in [
        (0, 0, None),
        (2, 2, Some(2 * SEAT + POOL)),
        (3, 5, None),
        (3, 6, Some(3 * SEAT + POOL)),
    ] {
        let mut seats = lawful();
        seats[index].price = price;
        let expected = expected.map_or(Ok(seats.clone()), |at| broken(at, Rule::Price));
        assert_eq!(judged(&seats), expected, "{price} for seat {index}");
    }
}

#[test]
fn inv_statute_05_an_agent_has_one_seat_of_a_node_and_as_many_nodes_as_it_wins() {
    // The first agent sits at both nodes of the lawful page.
    let mut twice = lawful();
    twice[2] = seat(16, 2, 1);
    assert_eq!(judged(&twice), broken(2 * SEAT + POOL, Rule::Roster));
}

#[test]
fn bytes_that_are_no_seat_are_refused_where_they_begin() {
    for (from, to) in [(1, 21), (45, 77)] {
        let mut page = page_of(&lawful());
        page[from..to].fill(0);
        let found = judge(&page, 16, laws().into_iter());
        assert_eq!(found, broken(0, Rule::Form), "no agent, no service");
    }
    let own = seat(16, 0, 1);
    let mut page = laid_out(&own, true);
    page.extend(page_of(&lawful()[1..]));
    let found = judge(&page, 16, laws().into_iter());
    assert_eq!(
        found,
        broken(0, Rule::Form),
        "one's own stake has one encoding"
    );
    let mut page = page_of(&lawful());
    page[2 * SEAT..2 * SEAT + POOL].fill(0);
    let found = judge(&page, 16, laws().into_iter());
    assert_eq!(found, broken(SEAT, Rule::Form), "a pool without a number");
    page.truncate(SEAT + 5);
    let found = judge(&page, 16, laws().into_iter());
    assert_eq!(
        found,
        broken(SEAT, Rule::Form),
        "a page that ends within a seat"
    );
}

#[test]
fn a_roster_is_whole_and_distinct_in_agents_and_principals() {
    assert!(is_roster(2, &[("a", "x"), ("b", "y")]));
    assert!(!is_roster(3, &[("a", "x"), ("b", "y")]), "one is missing");
    assert!(!is_roster(1, &[("a", "x"), ("b", "y")]), "one too many");
    assert!(!is_roster(2, &[("a", "x"), ("a", "y")]));
    assert!(!is_roster(2, &[("a", "x"), ("b", "x")]));
    assert!(is_roster::<u8>(0, &[]));
}

#[test]
fn an_agents_seats_of_a_page_are_one_stake_for_each_source() {
    let mut seats = lawful();
    seats.push(pooled(seat(18, 0, 1)));
    let [one, two, three] = [1, 2, 3].map(Address::repeat_byte);
    let pool = B256::repeat_byte(0x99);
    let stake = |agent, source, amount, price| Stake {
        agent,
        source,
        amount,
        price,
    };
    assert_eq!(
        stakes(&seats),
        [
            stake(one, one.into_word(), 200, 2),
            stake(two, pool, 100, 1),
            stake(three, three.into_word(), 100, 1),
            stake(one, pool, 100, 1),
        ]
    );
    let free = Seat {
        stake: 0,
        ..seat(0, 0, 4)
    };
    // Nothing is at stake, but something may be lost.
    let four = free.agent;
    assert_eq!(stakes(&[free]), [stake(four, four.into_word(), 0, 1)]);
    // Nor does a price of nothing free a stake.
    let unpaid = Seat {
        price: 0,
        ..seat(0, 0, 4)
    };
    let at_stake = unpaid.stake;
    assert_eq!(
        stakes(&[unpaid]),
        [stake(four, four.into_word(), at_stake, 0)]
    );
    let idle = Seat { price: 0, ..free };
    assert_eq!(stakes(&[idle]), []);
    assert_eq!(stakes(&[]), []);
}

#[test]
fn what_has_no_place_in_a_page_of_seats_is_refused() {
    let most = (1 << 96) - 1;
    let with = |price, stake| Seat {
        price,
        stake,
        ..seat(0, 0, 1)
    };
    assert!(encode::seats(1, &[with(most, most)]).is_ok());
    let refused = |seats: &[Seat]| encode::seats(1, seats);
    assert_eq!(refused(&[with(most + 1, 0)]), Err(Unfit::Money(0, 0)));
    assert_eq!(refused(&[with(0, most + 1)]), Err(Unfit::Money(0, 0)));
    assert_eq!(
        refused(&[seat(1, 0, 1)]),
        Err(Unfit::Order(1, 0)),
        "no such node"
    );
    assert_eq!(
        refused(&[seat(0, 8, 1)]),
        Err(Unfit::Order(0, 8)),
        "no such place"
    );
    assert!(refused(&[seat(0, 7, 1)]).is_ok());
    let twice = [seat(0, 1, 1), seat(0, 1, 2)];
    assert_eq!(refused(&twice), Err(Unfit::Order(0, 1)));
    let backwards = [seat(0, 1, 1), seat(0, 0, 2)];
    assert_eq!(refused(&backwards), Err(Unfit::Order(0, 0)));
}
