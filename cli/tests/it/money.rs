//! Credits, pools and the treasury's books, in a city of coins and in one of tokens.

use super::support::Terminal;
use agentcity_test_fixtures::city::{
    Asset, Charter, City,
    life::{AgentType, Registration},
};

fn city(charter: &Charter) -> City {
    let mut city = City::raise(charter).unwrap_or_else(|e| panic!("{e}"));
    city.install_clerks().unwrap_or_else(|e| panic!("{e}"));
    city.seat_panel().unwrap_or_else(|e| panic!("{e}"));
    city
}

#[test]
fn credits_and_pools_hold_what_people_paid() {
    let mut city = city(&Charter::default());
    let [one, two, three, worker, principal] = ["one", "two", "three", "worker", "principal"]
        .map(|name| city.person(name).unwrap_or_else(|e| panic!("{e}")));
    let mut t = Terminal::at(&city);
    t.keep_both(&["credits", "pool", "treasury"]);
    for person in [&one, &two, &three, &worker, &principal] {
        t.know(person);
    }
    city.enrol(std::slice::from_ref(&principal))
        .unwrap_or_else(|e| panic!("{e}"));
    let registration = Registration {
        agent: worker.clone(),
        kind: AgentType::Producer,
        principal: principal.clone(),
    };
    city.register(&[registration])
        .unwrap_or_else(|e| panic!("{e}"));

    t.chapter("Credits");
    let account = one.address();
    t.run(&format!("credits show {account}"));
    t.by(&one, "credits withdraw");
    t.by(&one, "credits deposit 5000000000000000 --dry-run");
    t.by(&one, "credits deposit 5000000000000000");
    t.by(
        &one,
        &format!(
            "credits deposit 1000000000000000 --for {} --json",
            two.address()
        ),
    );
    t.by(&three, "credits deposit 2000000000000000");
    t.run(&format!("credits show {account} --json"));
    t.by(
        &one,
        &format!("credits withdraw --from agent --to {}", two.address()),
    );
    t.by(
        &two,
        &format!("credits withdraw --from treasury --to {}", three.address()),
    );
    t.by(&two, "credits deposit 1000000000000000");

    t.chapter("Pools");
    t.run("pool list");
    t.by(&one, "pool create");
    let pools = t.ask(None, "pool list");
    let pool = pools["pools"][0]["pool"]
        .as_str()
        .expect("a pool")
        .to_owned();
    t.call(&pool, "pool");
    t.by(&one, &format!("pool join {pool} 3000000000000000"));
    t.by(&two, &format!("pool join {pool} 9000000000000000"));
    t.by(&two, &format!("pool join {pool} 1000000000000000 --json"));
    t.by(
        &one,
        &format!(
            "pool bind {pool} {} --limit 2000000000000000",
            worker.address()
        ),
    );
    t.by(&three, &format!("pool join {pool} 1000000000000000"));
    t.by(
        &two,
        &format!("pool bind {pool} {} --limit 1", worker.address()),
    );
    t.by(
        &one,
        &format!(
            "pool bind {pool} {} --limit 2000000000000000",
            worker.address()
        ),
    );
    t.run(&format!("pool show {pool} --account {}", two.address()));
    t.run(&format!(
        "pool show {pool} --account {} --json",
        worker.address()
    ));
    t.by(&two, &format!("pool ask-leave {pool}"));
    t.by(&two, &format!("pool leave {pool} --shares 400000000000000"));
    t.by(&two, &format!("pool leave {pool}"));
    t.by(&two, &format!("pool leave {pool}"));
    t.by(
        &one,
        &format!("pool leave {pool} --shares 9000000000000000"),
    );
    t.run(&format!(
        "pool show {}",
        alloy::primitives::B256::repeat_byte(1)
    ));
    t.run("pool list");

    t.chapter("The treasury");
    t.by(&three, "treasury contribute 700 --fund insurance");
    t.by(&three, "treasury contribute 300 --json");
    t.run("treasury show");
    t.run("treasury show --json");
    t.run("treasury show --block 1000000");
    t.run("treasury stakes --value 100000");
    t.run("treasury stakes --value 100000 --notices 330 --json");
    t.run("treasury stakes --value 100000 --notices 0");
    t.run("treasury stakes --value 100000 --executors 8");
    t.run("treasury solvency");
    t.run("treasury solvency --affected 2 --loss 350 --json");
    t.by(&three, "treasury skim");
    t.by(&three, "treasury remit");

    t.compare(snapbox::file!["transcripts/money.txt"]);
    t.compare_both(snapbox::file!["transcripts/both/money.txt"]);
}

#[test]
fn a_city_of_tokens_is_paid_after_an_allowance() {
    let mut city = city(&Charter {
        asset: Asset::Token,
        ..Charter::default()
    });
    let one = city.person("one").unwrap_or_else(|e| panic!("{e}"));
    let token = city.genesis.asset.expect("a token");
    let mut t = Terminal::at(&city);
    t.keep_both(&["credits", "treasury"]);
    t.know(&one);
    t.call(token.to_string(), "token");
    // Tokens, and no allowance: the command line asks for one.
    let mint = agentcity_abi::ISettlementToken::mintCall {
        to: one.address(),
        value: alloy::primitives::U256::from(10_000),
    };
    let minter = &agentcity_test_fixtures::city::raise::minter().signer;
    let input = alloy::sol_types::SolCall::abi_encode(&mint).into();
    let minted = city.client.pay(
        minter,
        token,
        alloy::primitives::U256::ZERO,
        input,
        "tokens",
    );
    minted.unwrap_or_else(|e| panic!("{e}"));
    t.by(&one, "credits deposit 4000 --dry-run");
    t.by(&one, "credits deposit 4000");
    t.by(&one, "credits deposit 9000");
    t.run(&format!("credits show {}", one.address()));
    t.run("treasury show");
    t.by(&one, "credits withdraw --from treasury");
    t.compare(snapbox::file!["transcripts/tokens.txt"]);
    t.compare_both(snapbox::file!["transcripts/both/tokens.txt"]);
}
