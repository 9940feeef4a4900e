//! 如果改变: what referral, place, tier and identity change.

use crate::desk::{CITY, COUNTY, Desk, LIMITED, PLAIN, SHANGHAI, code, member, of, stay};
use proto::common::difference::Of;
use proto::common::{self, Change, Comparison, Filing, IdentityKinds, Place};
use proto::settlement as pb;

fn filed(filing: Filing) -> Change {
    Change {
        filing: filing.into(),
        ..Default::default()
    }
}

/// What a total would move by; nothing when it stays.
fn moved(compared: &Comparison, of: Of, name: &str) -> Option<(i64, i64)> {
    let mut all = compared.differences.iter();
    let one = all.find(|one| one.of() == of && one.name == name)?;
    Some((one.before_fen.unwrap(), one.after_fen.unwrap()))
}

#[tokio::test]
async fn a_referral_changes_what_is_paid_far_away() {
    let mut desk = Desk::open().await;
    let (claim, member) = (stay(SHANGHAI, "V1", &[(PLAIN, 10_000)]), member(&[]));
    let compared = desk
        .quote_change(&claim, &member, filed(Filing::Referred))
        .await;
    // (10000 − 2000 − 1000) × 55 % without, (10000 − 1000) × 55 % with a referral.
    assert_eq!(
        moved(&compared, Of::Total, "fund_pay_sumamt"),
        Some((385_000, 495_000))
    );
    assert_eq!(
        moved(&compared, Of::Total, "psn_cash_pay"),
        Some((615_000, 505_000))
    );
    assert_eq!(
        moved(&compared, Of::Layer, "basic"),
        Some((385_000, 495_000))
    );
    let rules: Vec<_> = compared
        .differences
        .iter()
        .filter(|one| one.of() == Of::Rule)
        .collect();
    let gone = rules
        .iter()
        .find(|one| one.name.contains("referral"))
        .unwrap();
    assert_eq!(
        (gone.before_fen, gone.after_fen, gone.before_rate_bp),
        (Some(200_000), None, Some(2_000))
    );
    assert_eq!(gone.subject, "整单");
    let band = rules.iter().find(|one| one.name == "basic.band1").unwrap();
    assert_eq!(
        (band.before_rate_bp, band.after_rate_bp),
        (Some(5_500), Some(5_500))
    );
    assert_eq!(band.subject, "居民医保");
    for one in &compared.differences {
        assert!(
            one.sentence.chars().any(|c| c == '元' || c == '“'),
            "{one:?}"
        );
    }

    let quote = desk.price(&claim, &member).await.unwrap();
    assert_eq!(compared.before, quote.amounts);
    assert_eq!(compared.basis, quote.basis);
    assert_eq!(
        (compared.remarks, compared.remarks_after),
        (quote.remarks, vec![])
    );
    let mut referred = claim;
    referred.filing = Filing::Referred.into();
    let quote = desk.price(&referred, &member).await.unwrap();
    assert_eq!(compared.after, quote.amounts);
}

#[tokio::test]
async fn nothing_changed_changes_nothing() {
    let mut desk = Desk::open().await;
    let (claim, member) = (
        stay(CITY, "V1", &[(PLAIN, 10_600), (LIMITED, 30)]),
        member(&["2303"]),
    );
    let same = Change {
        filing: Filing::None.into(),
        place: Place::City.into(),
        contracted: Some(true),
        tier: "2".into(),
        kind: "A1".into(),
        identity_kinds: Some(IdentityKinds {
            identity_kinds: vec!["2303".into()],
        }),
    };
    let id = desk.post(&stay(CITY, "V0", &[(PLAIN, 900)]), &member).await;
    for change in [Change::default(), same] {
        let compared = desk.quote_change(&claim, &member, change.clone()).await;
        assert_eq!(compared.differences, []);
        assert_eq!(compared.before, compared.after);
        assert_eq!(compared.remarks, compared.remarks_after);
        let compared = desk.explain_change(&id, change).await.unwrap();
        assert_eq!(compared.differences, []);
    }
}

/// Each change gives what the claim costs where the facts are those.
#[tokio::test]
async fn a_change_prices_like_the_claim_it_describes() {
    let mut desk = Desk::open().await;
    let poor = member(&["2303"]);
    let items = [(PLAIN, 10_600), (LIMITED, 30)];
    let here = stay(COUNTY, "V1", &items);
    // Something used in the year, so that the accumulators are not empty.
    desk.post(&stay(COUNTY, "V0", &[(PLAIN, 30_000)]), &poor)
        .await;
    let place = Change {
        place: Place::City.into(),
        ..Default::default()
    };
    let far = Change {
        place: Place::Outside.into(),
        tier: "3".into(),
        filing: Filing::Emergency.into(),
        ..Default::default()
    };
    let nobody = Change {
        identity_kinds: Some(IdentityKinds::default()),
        ..Default::default()
    };
    let there = stay(CITY, "V1", &items);
    let mut away = stay(SHANGHAI, "V1", &items);
    away.filing = Filing::Emergency.into();
    let cases = [
        (place, there, poor.clone()),
        (far, away, poor.clone()),
        (nobody, here.clone(), member(&[])),
    ];
    let mut expected = Vec::new();
    for (change, claim, who) in cases {
        let amounts = desk.price(&claim, &who).await.unwrap().amounts;
        let compared = desk.quote_change(&here, &poor, change.clone()).await;
        assert_eq!(compared.after, amounts, "{change:?}");
        assert!(!compared.differences.is_empty());
        expected.push((change, amounts));
    }
    // The tier has limits of its own: 30 − 18 yuan above the limit become 30 − 20.
    let before = desk.price(&here, &poor).await.unwrap();
    let over = |amounts: &Option<common::Amounts>| amounts.as_ref().unwrap().over_limit_fen;
    assert_eq!(
        (over(&before.amounts), over(&expected[1].1)),
        (1_200, 1_000)
    );

    // Posted, and then the world goes on: the settlement still answers by what it rests on.
    let id = desk.post(&here, &poor).await;
    desk.publish("2020-06-01").await;
    let mut later = stay(COUNTY, "V2", &[(PLAIN, 50_000)]);
    (later.begin_day, later.end_day) = ("2020-10-01".into(), "2020-10-09".into());
    let mut then = poor.clone();
    then.as_of_day = "2020-10-09".into();
    desk.post(&later, &then).await;
    let request = pb::WithdrawRegisterInstitutionRequest {
        original_request_id: COUNTY.into(),
    };
    desk.client
        .withdraw_register_institution(of(request))
        .await
        .unwrap();
    for (change, amounts) in expected {
        let compared = desk.explain_change(&id, change).await.unwrap();
        assert_eq!(compared.before, before.amounts);
        assert_eq!(compared.basis, before.basis);
        assert_eq!(compared.after, amounts);
    }
}

#[tokio::test]
async fn unknown_codes_are_kept_and_unknown_settlements_refused() {
    let mut desk = Desk::open().await;
    let (claim, poor) = (stay(COUNTY, "V1", &[(PLAIN, 10_600)]), member(&["2303"]));
    let unheard = Change {
        tier: "77".into(),
        ..Default::default()
    };
    let compared = desk.quote_change(&claim, &poor, unheard).await;
    let told = |remarks: &[common::Remark]| remarks.iter().any(|one| one.code == "TIER_UNKNOWN");
    assert!(told(&compared.remarks_after) && !told(&compared.remarks));
    let nowhere = "0190d6b2-5f5e-7cc3-98c4-dc0c0c073990";
    let no = desk
        .explain_change(nowhere, Change::default())
        .await
        .unwrap_err();
    assert_eq!(code(&no), "SETTLEMENT_UNKNOWN");
}
