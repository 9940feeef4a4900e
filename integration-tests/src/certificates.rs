//! 参保凭证 of another area, made by hand as that area would make it, so that its digests stay what they
//! are.

use kernel::Digester;
use proto::orchestrator::{CertifiedPeriod, Interruption, TransferCertificate};

/// A certificate of another area, of somebody insured there in 2015 and 2017, the
/// `n`-th.
pub fn certificate(id_number: &str, n: u32, issued_day: &str) -> TransferCertificate {
    let (area, scheme) = ("110101", "390");
    let id = format!("0190d6b2-5f5e-7cc3-98c4-{n:012x}");
    let digest = |parts: &[&str]| {
        let mut digester = Digester::new();
        for part in parts {
            digester.part(part.as_bytes());
        }
        digester.finish().to_string()
    };
    let holder = digest(&[&id, id_number]);
    let period = |year: i32| CertifiedPeriod {
        area_code: area.into(),
        scheme: scheme.into(),
        year,
        from_day: format!("{year}-01-01"),
        until_day: format!("{}-01-01", year + 1),
        paid_months: 12,
    };
    let mut certificate = TransferCertificate {
        certificate_id: id.clone(),
        from_area_code: area.into(),
        issued_day: issued_day.into(),
        scheme: scheme.into(),
        id_number_digest: holder,
        periods: vec![period(2015), period(2017)],
        interruptions: vec![Interruption {
            from_day: "2016-01-01".into(),
            until_day: "2017-01-01".into(),
        }],
        end_day: "2018-01-01".into(),
        zero_claim_years: vec![2015],
        account_balance_fen: 1_000,
        digest: String::new(),
    };
    certificate.digest = sealed(&certificate);
    certificate
}

/// SM3 over what a certificate says.
pub fn sealed(certificate: &TransferCertificate) -> String {
    let mut digester = Digester::new();
    digester.part(b"yibao.transfer_certificate.1");
    for text in [
        &certificate.certificate_id,
        &certificate.from_area_code,
        &certificate.issued_day,
        &certificate.scheme,
        &certificate.id_number_digest,
        &certificate.end_day,
    ] {
        digester.part(text.as_bytes());
    }
    let years = &certificate.zero_claim_years;
    digester.number(certificate.account_balance_fen);
    digester.number(i64::try_from(years.len()).expect("a few years"));
    for year in years {
        digester.number((*year).into());
    }
    for period in &certificate.periods {
        digester.part(period.area_code.as_bytes());
        digester.part(period.scheme.as_bytes());
        digester.number(period.year.into());
        digester.part(period.from_day.as_bytes());
        digester.part(period.until_day.as_bytes());
    }
    digester.finish().to_string()
}
