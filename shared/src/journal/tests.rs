//! The journal as its users and its enemies see it.

use super::simulated::explore;

#[test]
#[expect(clippy::disallowed_methods, reason = "how long to look is the runner's to say")]
fn every_acknowledged_group_survives_every_power_cut() {
    let states = std::env::var("TACENDA_CRASH_STATES").ok();
    let states = states.and_then(|count| count.parse().ok()).unwrap_or(3000);

    let exploration = explore(1, states);

    println!(
        "crash states explored: {} in {} lives with {} acknowledged groups",
        exploration.states, exploration.lives, exploration.acknowledged
    );
    assert_eq!(exploration.violations, Vec::<String>::new());
    assert!(exploration.states >= states);
}
