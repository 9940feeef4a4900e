//! 结算查询: an institution reads its own settlements, the bureau everybody's; receipts are printed and
//! verified, and a year's statement adds up.

use crate::edit;
use integration_tests::{CLINIC, HOSPITAL, World, code, patient, stay, visit};
use proto::orchestrator::verify_receipt_response::Verdict;
use proto::orchestrator::{
    GetReceiptRequest, GetStatementRequest, ListSettlementsRequest, PrintReceiptRequest, Receipt,
    ReceiptServiceGetSettlementRequest, VerifyReceiptRequest,
};

fn listed(code: &str, from: &str, to: &str) -> ListSettlementsRequest {
    ListSettlementsRequest {
        institution_code: code.into(),
        from_day: from.into(),
        to_day: to.into(),
        page_size: 2,
        page_token: String::new(),
    }
}

#[tokio::test]
async fn an_institution_lists_its_own_settlements_page_by_page() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let mut settled = Vec::new();
    for n in 0..5 {
        let claim = visit(&person, &format!("V-{n}"), "2017-06-01", 10_000 + n);
        settled.push(world.settle(&format!("s-{n}"), claim).await.unwrap());
    }
    let elsewhere = stay(&person, "V-1", 10_000);
    let elsewhere = world.settle("elsewhere", elsewhere).await.unwrap();

    let mut desk = world.suite.desk(CLINIC).receipts();
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let mut request = listed("", "2018-03-01", "2018-03-01");
        request.page_token = token;
        let page = desk.list_settlements(patient(request)).await;
        let page = page.unwrap().into_inner();
        seen.extend(page.settlements);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    // All at one instant: then by their ids.
    settled.sort_by(|a, b| a.settlement_id.cmp(&b.settlement_id));
    assert_eq!(seen, settled);

    // Neither another day nor another institution.
    let mut list = async |request| desk.list_settlements(patient(request)).await;
    let none = list(listed(CLINIC, "2018-03-02", "2018-03-02")).await;
    assert!(none.unwrap().into_inner().settlements.is_empty());
    let no = list(listed(HOSPITAL, "2018-03-01", "2018-03-01")).await;
    assert_eq!(code(&no.unwrap_err()), "INSTITUTION_MISMATCH");
    for (from, to) in [("2018-03-02", "2018-03-01"), ("2018-03-01", "2019-03-03")] {
        let no = list(listed("", from, to)).await.unwrap_err();
        assert_eq!(code(&no), "INVALID_FIELD");
    }

    let one = |id: &str| ReceiptServiceGetSettlementRequest {
        settlement_id: id.into(),
    };
    let id = elsewhere.settlement_id.clone();
    let no = desk.get_settlement(patient(one(&id))).await.unwrap_err();
    assert_eq!(code(&no), "SETTLEMENT_UNKNOWN");
    let mut bureau = world.clerk().receipts();
    let found = bureau.get_settlement(patient(one(&id))).await.unwrap();
    assert_eq!(found.into_inner().settlement, Some(elsewhere));
}

fn asked(id: &str) -> GetReceiptRequest {
    GetReceiptRequest {
        settlement_id: id.into(),
    }
}

#[tokio::test]
async fn a_receipt_says_everything_and_can_be_verified() {
    let world = World::open().await;
    let person = world.insured(Some("2303")).await;
    let settled = world.settle("s", stay(&person, "S-1", 20_000)).await;
    let settled = settled.unwrap();
    let id = settled.settlement_id.clone();

    let mut hospital = world.suite.desk(HOSPITAL).receipts();
    let receipt = hospital.get_receipt(patient(asked(&id))).await.unwrap();
    let receipt = receipt.into_inner().receipt.unwrap();
    assert_eq!(receipt.settlement.as_ref(), Some(&settled));
    assert_eq!(receipt.verification_number, id);
    assert_eq!(receipt.institution_name, "测试机构");
    assert_eq!(receipt.scheme_name, "城乡居民基本医疗保险");
    assert_eq!(receipt.med_type_name, "普通住院");
    assert_eq!(receipt.masked_person_number.len(), 12);
    assert!(!receipt.digest_text.contains(&person));
    let paid: i64 = settled.amounts.as_ref().unwrap().funds_fen;
    assert!(paid > 0 && !receipt.reasons.is_empty());
    assert!(
        receipt
            .reasons
            .iter()
            .all(|reason| !reason.sentence.is_empty())
    );

    // Anybody can compute the digest from the text, and the text from the receipt.
    let digest = kernel::Digest::of(receipt.digest_text.as_bytes()).to_string();
    assert_eq!(digest, receipt.receipt_digest);
    assert_eq!(receipt.digest_text, text_of(&receipt));

    // Verified by anybody who holds it, wherever: the other institution too.
    for caller in [HOSPITAL, CLINIC, "clerk-1"] {
        let mut anybody = world.suite.desk(caller).receipts();
        let mut verify = async |id: &str, digest: &str| {
            let request = VerifyReceiptRequest {
                settlement_id: id.into(),
                receipt_digest: digest.into(),
            };
            let verified = anybody.verify_receipt(patient(request)).await.unwrap();
            verified.into_inner().verdict()
        };
        assert_eq!(verify(&id, &digest).await, Verdict::Matches);
        assert_eq!(verify(&id, &"0".repeat(64)).await, Verdict::Differs);
        assert_eq!(verify(&person, &digest).await, Verdict::Unknown);
    }

    // Reversed: told to whoever has the right receipt, and to nobody else.
    world.reverse("r", &id).await.unwrap();
    let again = hospital.get_receipt(patient(asked(&id))).await.unwrap();
    assert_eq!(again.into_inner().receipt.unwrap().receipt_digest, digest);
    for (digest, verdict) in [
        (digest, Verdict::Reversed),
        ("0".repeat(64), Verdict::Differs),
    ] {
        let request = VerifyReceiptRequest {
            settlement_id: id.clone(),
            receipt_digest: digest,
        };
        let verified = hospital.verify_receipt(patient(request)).await.unwrap();
        assert_eq!(verified.into_inner().verdict(), verdict);
    }

    let mut clinic = world.suite.desk(CLINIC).receipts();
    let no = clinic.get_receipt(patient(asked(&id))).await.unwrap_err();
    assert_eq!(code(&no), "SETTLEMENT_UNKNOWN");
}

/// The text as the interface tells how to make it, from what is on the receipt alone.
fn text_of(receipt: &Receipt) -> String {
    let settlement = receipt.settlement.as_ref().unwrap();
    let amounts = settlement.amounts.as_ref().unwrap();
    let basis = settlement.basis.as_ref().unwrap();
    let posted = settlement.posted_time.unwrap();
    let posted =
        kernel::Instant::from_micros(posted.seconds * 1_000_000 + i64::from(posted.nanos) / 1_000);
    let mut text = String::from("yibao-receipt-1\n");
    let mut line = |name: &str, value: String| text.push_str(&format!("{name}={value}\n"));
    line("setl_id", receipt.verification_number.clone());
    line("psn_no", receipt.masked_person_number.clone());
    line("fixmedins_code", settlement.institution_code.clone());
    line("mdtrt_id", settlement.visit_number.clone());
    line("insutype", settlement.scheme.clone());
    line("med_type", settlement.med_type.clone());
    line("begndate", settlement.begin_day.clone());
    line("enddate", settlement.end_day.clone());
    line("setl_time", posted.to_string());
    for (name, amount) in [
        ("medfee_sumamt", amounts.total_fen),
        ("fulamt_ownpay_amt", amounts.own_pay_fen),
        ("overlmt_selfpay", amounts.over_limit_fen),
        ("preselfpay_amt", amounts.first_pay_fen),
        ("inscp_scp_amt", amounts.in_scope_fen),
        ("act_pay_dedc", amounts.deductible_fen),
        ("fund_pay_sumamt", amounts.funds_fen),
        ("acct_pay", amounts.account_fen),
        ("acct_mulaid_pay", amounts.account_shared_fen),
        ("balc", amounts.balance_fen),
        ("hosp_part_amt", amounts.hospital_fen),
        ("psn_cash_pay", amounts.cash_fen),
    ] {
        line(name, amount.to_string());
    }
    for share in &amounts.shares {
        let (base, deductible, paid) = (share.base_fen, share.deductible_fen, share.paid_fen);
        let value = format!("{}|{}|{base}|{deductible}|{paid}", share.fund, share.rule);
        line("setldetail", value);
    }
    line("package_digest", basis.package_digest.clone());
    line("catalogue_id", basis.catalogue_id.clone());
    line("amounts_digest", basis.amounts_digest.clone());
    text
}

#[tokio::test]
async fn a_receipt_is_printed_and_the_same_request_gives_the_same_bytes() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let settled = world.settle("s", stay(&person, "S-1", 20_000)).await;
    let settled = settled.unwrap();
    let print = async |name: &str| {
        let request = PrintReceiptRequest {
            settlement_id: settled.settlement_id.clone(),
            person_name: name.into(),
        };
        let mut hospital = world.suite.desk(HOSPITAL).receipts();
        hospital
            .print_receipt(patient(request))
            .await
            .map(|printed| printed.into_inner())
    };
    let printed = print("张三丰").await.unwrap();
    assert!(printed.pdf.starts_with(b"%PDF-"));
    assert_eq!(print("张三丰").await.unwrap(), printed);
    assert_ne!(print("").await.unwrap().pdf, printed.pdf);
    // What is Latin stands in the document as it is; what is Chinese as UTF-16.
    let holds = |text: &[u8]| printed.pdf.windows(text.len()).any(|part| part == text);
    assert!(holds(printed.receipt_digest.as_bytes()));
    assert!(holds(settled.settlement_id.as_bytes()));
    let no = print(&"长".repeat(51)).await.unwrap_err();
    assert_eq!(code(&no), "INVALID_FIELD");

    if let Ok(folder) = std::env::var("YIBAO_TEST_PRINTS") {
        std::fs::write(format!("{folder}/receipt.pdf"), &printed.pdf).unwrap();
    }
}

#[tokio::test]
async fn a_statement_adds_up_and_says_when_it_does_not() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let mut cash = 0;
    for n in 0..5 {
        let day = format!("2017-0{}-01", 5 + n);
        let claim = visit(&person, &format!("V-{n}"), &day, 10_000 + n);
        let settled = world.settle(&format!("v-{n}"), claim).await.unwrap();
        cash += settled.amounts.unwrap().cash_fen;
    }
    let last = world.settle("s", stay(&person, "S", 20_000)).await.unwrap();
    world.reverse("r", &last.settlement_id).await.unwrap();

    let request = |token: &str| GetStatementRequest {
        person_id: person.clone(),
        scheme: "390".into(),
        year: 2017,
        page_size: 4,
        page_token: token.into(),
    };
    let mut bureau = world.clerk().receipts();
    let mut get = async |request| {
        let page = bureau.get_statement(patient(request)).await.unwrap();
        page.into_inner()
    };
    let first = get(request("")).await;
    let second = get(request(&first.next_page_token)).await;
    assert_eq!((first.settlements.len(), second.settlements.len()), (4, 2));
    assert_eq!(second.next_page_token, "");
    let ordinals: Vec<i64> = first
        .settlements
        .iter()
        .chain(&second.settlements)
        .map(|s| s.ordinal)
        .collect();
    assert_eq!(ordinals, [1, 2, 3, 4, 5, 6]);

    for page in [&first, &second] {
        let standing = page.standing.unwrap();
        assert_eq!(
            (standing.count, standing.total_fen, standing.cash_fen),
            (5, 50_010, cash)
        );
        let reversed = page.reversed.unwrap();
        assert_eq!((reversed.count, reversed.total_fen), (1, 2_000_000));
        let months: Vec<i32> = page.months.iter().map(|month| month.month).collect();
        assert_eq!(months, [5, 6, 7, 8, 9]);
        let funds: i64 = page.funds.iter().map(|fund| fund.paid_fen).sum();
        assert_eq!(funds, standing.funds_fen);
        assert!(
            page.agrees && page.mismatches.is_empty(),
            "{:?}",
            page.mismatches
        );
        assert!(!page.accumulators.is_empty());
        assert!(
            page.accumulators
                .iter()
                .all(|one| one.value == one.folded_value)
        );
    }
    let none = get(GetStatementRequest {
        year: 2016,
        ..request("")
    })
    .await;
    assert!(none.agrees && none.settlements.is_empty());

    // A column, and an accumulator, that somebody edited.
    let of_first = format!(
        "total_fen = 1 WHERE settlement_id = '{}'",
        first.settlements[0].settlement_id
    );
    edit(&world, "settlement", &of_first).await;
    let accumulators =
        format!("accumulators = '{{\"stays_count\":7}}' WHERE person_id = '{person}'");
    edit(&world, "person_year", &accumulators).await;
    let wrong = get(request("")).await;
    assert!(!wrong.agrees);
    let named = |name: &str| {
        wrong
            .mismatches
            .iter()
            .find(|one| one.name == name)
            .cloned()
    };
    assert_eq!(
        named("medfee_sumamt").unwrap().kept_value,
        50_010 - 10_000 + 1
    );
    assert_eq!(named("medfee_sumamt").unwrap().summed_value, 50_010);
    assert_eq!(named("stays_count").unwrap().kept_value, 7);

    let mut institution = world.suite.desk(CLINIC).receipts();
    let no = institution
        .get_statement(patient(request("")))
        .await
        .unwrap_err();
    assert_eq!(code(&no), "PERMISSION_DENIED");
}
