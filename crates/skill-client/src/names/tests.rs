use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use tokio::time::timeout;

/// Names of which some hang until the test lets them go.
struct Hanging {
    names: Arc<SystemNames>,
    asked: Arc<AtomicUsize>,
    let_go: mpsc::Sender<()>,
}

impl Hanging {
    fn new() -> Self {
        let (let_go, wait) = mpsc::channel::<()>();
        let (wait, asked) = (Mutex::new(wait), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&asked);
        let names = SystemNames::asking(move |name| {
            counted.fetch_add(1, Ordering::SeqCst);
            if name.starts_with("hanging") {
                // One after another, each by a word of the test; all once it has gone.
                let _ = wait.lock().unwrap_or_else(PoisonError::into_inner).recv();
            }
            Ok(vec![IpAddr::from([192, 0, 2, 1])])
        });
        Self { names: Arc::new(names), asked, let_go }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Looks a name up for nobody.
    async fn give_up(&self, name: &str) {
        assert!(timeout(Duration::from_millis(5), self.names.lookup(name)).await.is_err());
    }

    /// Waits until so many have been asked of the system.
    async fn until_asked(&self, number: usize) {
        while self.asked() < number {
            tokio::task::yield_now().await;
        }
    }

    fn standing(&self, name: &str) -> Option<Standing> {
        let known = self.names.asking.known();
        known.get(name).filter(|known| known.under_way.is_none()).map(|known| known.standing)
    }

    async fn until(&self, name: &str, standing: Standing) {
        while self.standing(name) != Some(standing) {
            tokio::task::yield_now().await;
        }
    }
}

fn names(number: usize) -> impl Iterator<Item = String> {
    (0..number).map(|number| format!("hanging-{number}.example"))
}

#[tokio::test]
async fn a_name_that_hangs_takes_one_thread_however_often_it_is_looked_up_and_no_other_waits_for_it() {
    let hanging = Hanging::new();
    for _ in 0..10 {
        hanging.give_up("hanging.example").await;
    }
    assert_eq!(hanging.names.lookup("films.example").await.unwrap().len(), 1);
    assert_eq!(hanging.asked(), 2);
    drop(hanging.let_go);
}

#[tokio::test]
async fn who_asks_for_one_name_at_once_or_a_moment_later_is_told_the_same() {
    let hanging = Hanging::new();
    let ask = || {
        let names = Arc::clone(&hanging.names);
        tokio::spawn(async move { names.lookup("hanging.example").await })
    };
    let all: Vec<_> = (0..100).map(|_| ask()).collect();
    hanging.until_asked(1).await;
    hanging.let_go.send(()).unwrap();
    for one in all {
        assert_eq!(one.await.unwrap().unwrap().len(), 1);
    }
    assert_eq!(hanging.names.lookup("hanging.example").await.unwrap().len(), 1);
    assert_eq!(hanging.asked(), 1);
    tokio::time::pause();
    tokio::time::advance(KEPT).await;
    tokio::time::resume();
    drop(hanging.let_go);
    assert_eq!(hanging.names.lookup("hanging.example").await.unwrap().len(), 1);
    assert_eq!(hanging.asked.load(Ordering::SeqCst), 2, "what was found is not kept for long");
}

#[tokio::test]
async fn names_that_hang_take_so_many_threads_and_none_of_those_that_are_answered() {
    let hanging = Hanging::new();
    hanging.names.lookup("films.example").await.unwrap();
    tokio::time::pause();
    tokio::time::advance(KEPT).await;
    tokio::time::resume();
    let many = names(2 * NEW).map(|name| {
        let names = Arc::clone(&hanging.names);
        tokio::spawn(async move { names.lookup(&name).await })
    });
    let many: Vec<_> = many.collect();
    hanging.until_asked(1 + NEW).await;
    assert_eq!(hanging.names.asking.new.available_permits(), 0);
    assert_eq!(hanging.names.lookup("films.example").await.unwrap().len(), 1, "it was answered before");
    hanging.give_up("new.example").await;
    assert_eq!(hanging.asked(), 2 + NEW, "what nothing is known of waits");
    drop(hanging.let_go);
    for one in many {
        assert!(one.await.unwrap().is_ok());
    }
}

#[tokio::test]
async fn names_that_nobody_waited_for_to_the_end_keep_no_new_one_waiting() {
    let hanging = Hanging::new();
    for name in names(NEW) {
        hanging.give_up(&name).await;
    }
    for _ in 0..NEW {
        hanging.let_go.send(()).unwrap();
    }
    for name in names(NEW) {
        hanging.until(&name, Standing::Hanging).await;
    }
    tokio::time::pause();
    tokio::time::advance(KEPT).await;
    tokio::time::resume();
    for name in names(NEW) {
        hanging.give_up(&name).await;
    }
    assert_eq!(hanging.asked(), NEW + HANGING);
    assert_eq!(hanging.names.lookup("new.example").await.unwrap().len(), 1);
    // Those that have not begun and are waited for no more are not looked up at all.
    let asked = hanging.asked();
    for _ in 0..HANGING {
        hanging.let_go.send(()).unwrap();
    }
    for name in names(NEW) {
        hanging.until(&name, Standing::Hanging).await;
    }
    assert_eq!(hanging.asked(), asked);
}
