//! 一县一日: the demonstration's day of a county, told on the store the run is for.

use integration_tests::databases;
use store::testing::TestDatabase;
use yibao::Progress;
use yibao::story::day;

/// SM3 over the summary of the day: whoever changes a kind, the county's law or the pricing changes
/// it, and the README's table with it.
const SUMMARY: &str = "65080f3c58575661f3edb074d12e4d58036c7410cf525ea8990fc842ffcc5931";

/// Two thousand claims, what is undone of them, every day closed: the same figures on both stores.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_two_thousand_claims_is_closed() {
    let database = TestDatabase::open().await.expect("a test database");
    let mut printed = Vec::new();
    let told = day::tell(databases(&database), &mut printed, &Progress::new()).await;
    let printed = String::from_utf8(printed).expect("UTF-8");
    let told = told.unwrap_or_else(|halted| panic!("{halted}\n{printed}"));
    assert_eq!((told.settled, told.refused), (2_000, 17));
    assert_eq!(told.digest, SUMMARY, "{printed}");
    let checks = printed
        .lines()
        .filter(|line| line.trim_start().starts_with('✓'));
    assert_eq!(checks.count(), told.expectations as usize);
}
