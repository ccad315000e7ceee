use super::at;
use crate::ports::ModelStore;
use crate::{ExamplesVersion, KeptModel};

/// Makes a test of every rule. `$make` is an async function that gives an empty store behind a pointer and whatever
/// must live as long as the store.
#[macro_export]
macro_rules! model_store_contract {
    ($make:path) => {
        $crate::model_store_contract!($make;
            nothing_was_kept_at_first,
            what_is_kept_comes_back_whole,
            a_model_takes_the_place_of_the_one_before,
            of_models_kept_at_once_one_is_left_whole,
        );
    };
    ($make:path; $($rule:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let (store, _keep) = $make().await;
                $crate::testing::contract::$rule(&*store).await;
            }
        )*
    };
}

/// A model of `size` bytes that no other `number` has.
fn model(number: u8, size: usize) -> KeptModel {
    let byte = |place: usize| number.wrapping_add(u8::try_from(place % 251).unwrap());
    KeptModel { version: ExamplesVersion([number; 32]), bytes: (0..size).map(byte).collect() }
}

async fn assert_kept(store: &dyn ModelStore, selector: &str, expected: &KeptModel) {
    let kept = store.kept_model(selector).await.unwrap().unwrap();
    assert!(kept == *expected, "{selector}: {} bytes instead of {}", kept.bytes.len(), expected.bytes.len());
    assert_eq!(store.kept_version(selector).await.unwrap(), Some(expected.version));
}

/// Not even an empty model.
pub async fn nothing_was_kept_at_first(store: &dyn ModelStore) {
    assert_eq!(store.kept_model("Square").await.unwrap(), None);
    assert_eq!(store.kept_version("Square").await.unwrap(), None);
}

/// Whatever its size, and apart from what other selectors keep.
pub async fn what_is_kept_comes_back_whole(store: &dyn ModelStore) {
    for (number, size) in [(1, 3_000_001), (2, 0), (3, 512 * 1024), (4, 1)] {
        store.keep_model(&format!("S{number}"), &model(number, size), at(1)).await.unwrap();
    }
    for (number, size) in [(1, 3_000_001), (2, 0), (3, 512 * 1024), (4, 1)] {
        assert_kept(store, &format!("S{number}"), &model(number, size)).await;
    }
    assert_eq!(store.kept_model("S5").await.unwrap(), None);
}

/// Nothing is left of that, whether it was larger or smaller.
pub async fn a_model_takes_the_place_of_the_one_before(store: &dyn ModelStore) {
    for (number, size) in [(1, 1_500_000), (2, 700), (3, 1_200_000), (4, 0)] {
        store.keep_model("Square", &model(number, size), at(i64::from(number))).await.unwrap();
        assert_kept(store, "Square", &model(number, size)).await;
    }
}

/// Also where none was kept before.
pub async fn of_models_kept_at_once_one_is_left_whole(store: &dyn ModelStore) {
    for _ in 0..2 {
        let models: Vec<_> = (1..=6).map(|number| model(number, usize::from(number) * 200_000)).collect();
        let keeping = models.iter().map(|model| store.keep_model("Square", model, at(1)));
        for kept in futures::future::join_all(keeping).await {
            kept.unwrap();
        }
        let kept = store.kept_model("Square").await.unwrap().unwrap();
        assert!(models.contains(&kept), "{:?}, {} bytes", kept.version, kept.bytes.len());
    }
}
