//! A device that stops again and again while it sends: whatever the server took and whatever of that
//! it has heard, it goes on where it was.

use super::*;

/// Writes, carries so many messages, and stops.
fn begin_and_stop(world: &mut World, client: ClientId, hour: i8, steps: usize) {
    world.link(0);
    book(world, 0, client, hour);
    for _ in 0..steps {
        world.step(0);
    }
    world.restart(0);
}

#[test]
fn whenever_it_stops_twice_its_link_comes_up_again_and_everything_is_there_once() {
    let stops = (0..12).flat_map(|first| (4..12).map(move |second| (first, second)));
    for (first, second) in stops {
        let mut world = World::with_devices(1);
        let ada = client(&mut world, 0, "Ada Testerin");
        world.heal();
        // The server takes what comes, and is not heard on it.
        world.mute = true;
        begin_and_stop(&mut world, ada, 9, first);
        begin_and_stop(&mut world, ada, 11, second);
        begin_and_stop(&mut world, ada, 13, second);
        world.mute = false;
        world.heal();

        let status = world.device(0).sync_status();
        assert!(status.connected && status.queued == 0, "{first} {second}: {:?}", status.trouble);
        assert_eq!(world.device(0).index().appointments.len(), 3, "{first} {second}");
        assert_eq!((world.evidence(), world.notices.len()), (0, 0), "{first} {second}");
    }
}
