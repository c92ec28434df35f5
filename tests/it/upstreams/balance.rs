//! Which origin is asked, and what is never repeated.
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use super::origin::{HEALTH, Origin};
use super::{becomes, logged, world};
use crate::world::{Session, World, eventually, refused};

const CLIENTS: usize = 8;

/// Each of some clients asks so often; gives the statuses that they got.
async fn load(world: &World, session: &Session, times: usize) -> Vec<u16> {
    let client = |_| async {
        let mut statuses = Vec::new();
        for _ in 0..times {
            statuses.push(world.ask(session, "GET", "/w/acme/a").await.status.as_u16());
        }
        statuses
    };
    join_all((0..CLIENTS).map(client)).await.concat()
}

#[tokio::test]
async fn when_one_of_two_origins_dies_nothing_fails_that_had_not_been_sent_to_it() {
    let (stays, dies) = (Origin::start().await, Origin::start().await);
    let (world, ada) = world(&[&stays, &dies], "").await;
    let dead = AtomicBool::new(false);
    let death = async {
        let look = async || (dies.came().len() > CLIENTS).then_some(());
        eventually("both work", Duration::from_secs(20), look).await;
        dies.die().await;
        dead.store(true, Ordering::Relaxed);
    };
    let client = |_| async {
        for _ in 0..25 {
            let after = dead.load(Ordering::Relaxed);
            let answer = world.ask(&ada, "GET", "/w/acme/a").await;
            // What was on its way to it when it died may have been done: nobody knows.
            assert!(answer.status == 200 || (answer.status == 502 && !after), "{}", answer.text());
        }
    };
    tokio::join!(join_all((0..CLIENTS).map(client)), death);
    assert_eq!(load(&world, &ada, 2).await, [200; CLIENTS * 2]);
    assert!(world.metric("chaperone_upstream_failures_total{kind=\"connect\",route=\"0\",upstream=\"1\"}").await > 0);
    assert!(world.metric("chaperone_upstream_retries_total{route=\"0\"}").await > 0);
}

#[tokio::test]
async fn what_went_out_is_not_repeated_whatever_became_of_it() {
    let (one, two) = (Origin::start().await, Origin::start().await);
    let (world, ada) = world(&[&one, &two], "health = { failures = 100 }").await;
    for origin in [&one, &two] {
        origin.acts.breaks.store(true, Ordering::Relaxed);
    }
    for method in ["POST", "GET", "PUT", "DELETE"] {
        let answer = world.ask(&ada, method, "/w/acme/a").await;
        assert_eq!(answer.problem(), refused(502, "upstream-unreachable"));
        let came = [one.came(), two.came()].concat();
        assert_eq!(came.iter().filter(|came| came.method == method).count(), 1, "{came:?}");
    }
}

#[tokio::test]
async fn a_slow_origin_gets_fewer_requests_than_a_quick_one() {
    let (slow, quick) = (Origin::start().await, Origin::start().await);
    let (world, ada) = world(&[&slow, &quick], "").await;
    slow.acts.slowness.store(500, Ordering::Relaxed);
    quick.acts.slowness.store(5, Ordering::Relaxed);
    let statuses = load(&world, &ada, 10).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let (few, many) = (slow.came().len(), quick.came().len());
    assert!(few >= 1 && few * 2 < many, "{few} and {many}");
}

#[tokio::test]
async fn an_origin_that_fails_its_checks_gets_nothing_until_it_passes_one() {
    let (well, ill) = (Origin::start().await, Origin::start().await);
    let health = format!("health = {{ path = \"{HEALTH}\", interval = \"100ms\", failures = 2 }}");
    let (world, ada) = world(&[&well, &ill], &health).await;
    let up = "chaperone_upstream_up{route=\"0\",upstream=\"1\"}";
    becomes(&world, up, 1).await;
    ill.acts.ill.store(true, Ordering::Relaxed);
    becomes(&world, up, 0).await;
    let before = ill.came().len();
    load(&world, &ada, 2).await;
    assert_eq!(ill.came().len(), before);
    assert!(logged(&world, &ill, "fails its checks") && !logged(&world, &well, "fails its checks"));
    ill.acts.ill.store(false, Ordering::Relaxed);
    becomes(&world, up, 1).await;
    load(&world, &ada, 2).await;
    assert!(ill.came().len() > before, "it is asked again");
    assert!(logged(&world, &ill, "passes its checks again"));
}

#[tokio::test]
async fn an_origin_that_breaks_off_is_left_alone_for_a_while_and_then_tried_again() {
    let (well, broken) = (Origin::start().await, Origin::start().await);
    let (world, ada) = world(&[&well, &broken], "health = { failures = 2, eject = \"1s\" }").await;
    broken.acts.breaks.store(true, Ordering::Relaxed);
    let up = "chaperone_upstream_up{route=\"0\",upstream=\"1\"}";
    let look = async || {
        world.ask(&ada, "GET", "/w/acme/a").await;
        (world.metric(up).await == 0).then_some(())
    };
    eventually("it is out", Duration::from_secs(20), look).await;
    assert!(logged(&world, &broken, "the app fails"));
    broken.acts.breaks.store(false, Ordering::Relaxed);
    let look = async || {
        world.ask(&ada, "GET", "/w/acme/a").await.expect(200);
        logged(&world, &broken, "the app answers again").then_some(())
    };
    eventually("it is back", Duration::from_secs(20), look).await;
    becomes(&world, up, 1).await;
}
