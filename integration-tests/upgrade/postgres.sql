-- What release f1c0e06 kept on PostgreSQL after a few requests of synthetic people (postgres.json).

SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA enrollment;
CREATE SCHEMA interregional;
CREATE SCHEMA orchestrator;
CREATE SCHEMA referral;
CREATE SCHEMA settlement;
CREATE TABLE enrollment.block (
    number bigint NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    root character varying NOT NULL,
    previous character varying NOT NULL,
    hash character varying NOT NULL,
    sealed_at bigint NOT NULL
);
CREATE TABLE enrollment.coverage (
    area character varying NOT NULL,
    coverage_id character varying NOT NULL,
    person_id character varying NOT NULL,
    scheme character varying NOT NULL,
    year integer NOT NULL,
    paid_day character varying NOT NULL,
    benefit_from character varying NOT NULL,
    until_day character varying NOT NULL,
    identity_kind character varying,
    fee_fen bigint NOT NULL,
    subsidy_fen bigint NOT NULL,
    to_pay_fen bigint NOT NULL,
    package_digest character varying NOT NULL,
    withdrawn_at bigint,
    pay_now_fen bigint,
    fee_tier character varying,
    repaid_years integer,
    repair_fee_fen bigint
);
CREATE TABLE enrollment.document (
    area character varying NOT NULL,
    document_id character varying NOT NULL,
    kind character varying NOT NULL,
    series character varying NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    first_day character varying NOT NULL,
    until_day character varying,
    digest character varying NOT NULL,
    text text NOT NULL,
    proposed_by character varying NOT NULL,
    proposed_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE enrollment.document_activation (
    area character varying NOT NULL,
    activation_id character varying NOT NULL,
    kind character varying NOT NULL,
    document_id character varying NOT NULL,
    slot character varying NOT NULL,
    activates_at bigint NOT NULL,
    activated_by character varying NOT NULL,
    activated_at bigint NOT NULL,
    reason text NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE enrollment.event (
    event_id character varying NOT NULL,
    area character varying NOT NULL,
    kind character varying NOT NULL,
    subject character varying NOT NULL,
    facts character varying NOT NULL,
    occurred_at bigint NOT NULL,
    "position" bigint
);
CREATE TABLE enrollment.household (
    area character varying NOT NULL,
    household_id character varying NOT NULL,
    register_number character varying NOT NULL,
    township_code character varying NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE enrollment.identity (
    area character varying NOT NULL,
    identity_id character varying NOT NULL,
    person_id character varying NOT NULL,
    kind character varying NOT NULL,
    from_day character varying NOT NULL,
    until_day character varying,
    withdrawn_at bigint
);
CREATE TABLE enrollment.person (
    area character varying NOT NULL,
    person_id character varying NOT NULL,
    name character varying NOT NULL,
    id_number character varying NOT NULL,
    sex character varying NOT NULL,
    birth_day character varying NOT NULL,
    household_id character varying,
    death_day character varying,
    version bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE enrollment.request_key (
    area character varying NOT NULL,
    caller character varying NOT NULL,
    method character varying NOT NULL,
    request_id character varying NOT NULL,
    origin character varying NOT NULL,
    state smallint NOT NULL,
    subject text,
    refusal text,
    recorded_at bigint NOT NULL
);
CREATE TABLE enrollment.seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL
);
CREATE TABLE enrollment.suspension (
    area character varying NOT NULL,
    suspension_id character varying NOT NULL,
    person_id character varying NOT NULL,
    from_day character varying NOT NULL,
    until_day character varying,
    reason character varying NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE interregional.block (
    number bigint NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    root character varying NOT NULL,
    previous character varying NOT NULL,
    hash character varying NOT NULL,
    sealed_at bigint NOT NULL
);
CREATE TABLE interregional.event (
    event_id character varying NOT NULL,
    area character varying NOT NULL,
    kind character varying NOT NULL,
    subject character varying NOT NULL,
    facts character varying NOT NULL,
    occurred_at bigint NOT NULL,
    "position" bigint
);
CREATE TABLE interregional.participant (
    area character varying NOT NULL,
    participant_id character varying NOT NULL,
    region character varying NOT NULL,
    name character varying NOT NULL,
    from_day character varying NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE interregional.request_key (
    area character varying NOT NULL,
    caller character varying NOT NULL,
    method character varying NOT NULL,
    request_id character varying NOT NULL,
    origin character varying NOT NULL,
    state smallint NOT NULL,
    subject text,
    refusal text,
    recorded_at bigint NOT NULL
);
CREATE TABLE interregional.seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL
);
CREATE TABLE orchestrator.block (
    number bigint NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    root character varying NOT NULL,
    previous character varying NOT NULL,
    hash character varying NOT NULL,
    sealed_at bigint NOT NULL
);
CREATE TABLE orchestrator.event (
    event_id character varying NOT NULL,
    area character varying NOT NULL,
    kind character varying NOT NULL,
    subject character varying NOT NULL,
    facts character varying NOT NULL,
    occurred_at bigint NOT NULL,
    "position" bigint
);
CREATE TABLE orchestrator.request_key (
    area character varying NOT NULL,
    caller character varying NOT NULL,
    method character varying NOT NULL,
    request_id character varying NOT NULL,
    origin character varying NOT NULL,
    state smallint NOT NULL,
    subject text,
    refusal text,
    recorded_at bigint NOT NULL
);
CREATE TABLE orchestrator.saga (
    area character varying NOT NULL,
    caller character varying NOT NULL,
    method character varying NOT NULL,
    request_id character varying NOT NULL,
    saga_id character varying NOT NULL,
    kind character varying NOT NULL,
    origin character varying NOT NULL,
    request bytea NOT NULL,
    principal text NOT NULL,
    state smallint NOT NULL,
    subject character varying,
    refusal text,
    heard text,
    heard_code character varying,
    stood_for text,
    stood integer NOT NULL,
    rest_step bigint,
    rest_attempts bigint NOT NULL,
    withdraw boolean NOT NULL,
    lines integer NOT NULL,
    owner character varying NOT NULL,
    fence bigint NOT NULL,
    lease_until bigint NOT NULL,
    due_at bigint NOT NULL,
    abandon_by character varying,
    abandon_reason text,
    began_at bigint NOT NULL,
    changed_at bigint NOT NULL
);
CREATE TABLE orchestrator.saga_line (
    area character varying NOT NULL,
    saga_id character varying NOT NULL,
    number integer NOT NULL,
    step bigint NOT NULL,
    name character varying NOT NULL,
    what text NOT NULL,
    written_by character varying NOT NULL,
    written_at bigint NOT NULL
);
CREATE TABLE orchestrator.seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL
);
CREATE TABLE referral.bar (
    area character varying NOT NULL,
    bar_id character varying NOT NULL,
    institution character varying NOT NULL,
    from_day character varying NOT NULL,
    until_day character varying NOT NULL,
    decision_number character varying NOT NULL,
    reason character varying NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE referral.block (
    number bigint NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    root character varying NOT NULL,
    previous character varying NOT NULL,
    hash character varying NOT NULL,
    sealed_at bigint NOT NULL
);
CREATE TABLE referral.event (
    event_id character varying NOT NULL,
    area character varying NOT NULL,
    kind character varying NOT NULL,
    subject character varying NOT NULL,
    facts character varying NOT NULL,
    occurred_at bigint NOT NULL,
    "position" bigint
);
CREATE TABLE referral.institution (
    area character varying NOT NULL,
    institution character varying NOT NULL
);
CREATE TABLE referral.referral (
    area character varying NOT NULL,
    referral_id character varying NOT NULL,
    person_id character varying NOT NULL,
    from_institution character varying NOT NULL,
    to_institution character varying NOT NULL,
    referral_type character varying NOT NULL,
    diagnosis character varying NOT NULL,
    reason character varying NOT NULL,
    from_day character varying NOT NULL,
    until_day character varying NOT NULL,
    withdrawn_at bigint,
    approved_by character varying,
    opinion character varying,
    used_by character varying,
    visit_number character varying,
    admission_day character varying
);
CREATE TABLE referral.release (
    area character varying NOT NULL,
    referral_id character varying NOT NULL,
    released_by character varying NOT NULL,
    used_by character varying NOT NULL,
    visit_number character varying NOT NULL,
    admission_day character varying NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE referral.request_key (
    area character varying NOT NULL,
    caller character varying NOT NULL,
    method character varying NOT NULL,
    request_id character varying NOT NULL,
    origin character varying NOT NULL,
    state smallint NOT NULL,
    subject text,
    refusal text,
    recorded_at bigint NOT NULL
);
CREATE TABLE referral.seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL
);
CREATE TABLE settlement.block (
    number bigint NOT NULL,
    first_position bigint NOT NULL,
    last_position bigint NOT NULL,
    root character varying NOT NULL,
    previous character varying NOT NULL,
    hash character varying NOT NULL,
    sealed_at bigint NOT NULL
);
CREATE TABLE settlement.catalogue (
    area character varying NOT NULL,
    catalogue_id character varying NOT NULL,
    effective_day character varying NOT NULL,
    digest character varying NOT NULL,
    items text NOT NULL,
    published_at bigint NOT NULL
);
CREATE TABLE settlement.closed_day (
    area character varying NOT NULL,
    close_id character varying NOT NULL,
    institution_code character varying NOT NULL,
    day character varying NOT NULL,
    row_count bigint NOT NULL,
    sums text NOT NULL,
    digest character varying NOT NULL,
    reconciliation_id character varying,
    reason text,
    closed_by character varying NOT NULL,
    closed_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.closed_month (
    area character varying NOT NULL,
    close_id character varying NOT NULL,
    month character varying NOT NULL,
    days bigint NOT NULL,
    accounts text NOT NULL,
    digest character varying NOT NULL,
    closed_by character varying NOT NULL,
    closed_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.difference (
    area character varying NOT NULL,
    reconciliation_id character varying NOT NULL,
    number integer NOT NULL,
    subject character varying NOT NULL,
    needs_action boolean NOT NULL,
    digest character varying NOT NULL,
    content text NOT NULL
);
CREATE TABLE settlement.difference_explanation (
    area character varying NOT NULL,
    explanation_id character varying NOT NULL,
    institution_code character varying NOT NULL,
    day character varying NOT NULL,
    subject character varying NOT NULL,
    digest character varying NOT NULL,
    owner character varying NOT NULL,
    reason text NOT NULL,
    explained_by character varying NOT NULL,
    explained_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.document (
    area character varying NOT NULL,
    document_id character varying NOT NULL,
    kind character varying NOT NULL,
    series character varying NOT NULL,
    name text NOT NULL,
    title text NOT NULL,
    first_day character varying NOT NULL,
    until_day character varying,
    digest character varying NOT NULL,
    text text NOT NULL,
    proposed_by character varying NOT NULL,
    proposed_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.document_activation (
    area character varying NOT NULL,
    activation_id character varying NOT NULL,
    kind character varying NOT NULL,
    document_id character varying NOT NULL,
    slot character varying NOT NULL,
    activates_at bigint NOT NULL,
    activated_by character varying NOT NULL,
    activated_at bigint NOT NULL,
    reason text NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.event (
    event_id character varying NOT NULL,
    area character varying NOT NULL,
    kind character varying NOT NULL,
    subject character varying NOT NULL,
    facts character varying NOT NULL,
    occurred_at bigint NOT NULL,
    "position" bigint
);
CREATE TABLE settlement.expense_receipt (
    area character varying NOT NULL,
    reimbursement_id character varying NOT NULL,
    number integer NOT NULL,
    receipt_code character varying NOT NULL,
    receipt_number character varying NOT NULL,
    freed_at bigint
);
CREATE TABLE settlement.guarantee (
    area character varying NOT NULL,
    guarantee_id character varying NOT NULL,
    person_id character varying NOT NULL,
    institution_code character varying NOT NULL,
    visit_number character varying NOT NULL,
    scheme character varying NOT NULL,
    med_type character varying NOT NULL,
    begin_day character varying NOT NULL,
    diagnosis_code character varying NOT NULL,
    referral_id character varying,
    estimate_fen bigint NOT NULL,
    opened_at bigint NOT NULL,
    settlement_id character varying,
    closed_at bigint,
    withdrawn_at bigint,
    cancel_reason text
);
CREATE TABLE settlement.held_claim (
    area character varying NOT NULL,
    hold_id character varying NOT NULL,
    number integer NOT NULL,
    settlement_id character varying NOT NULL,
    ordinal bigint NOT NULL,
    evidence text NOT NULL,
    basis text NOT NULL,
    amounts text NOT NULL
);
CREATE TABLE settlement.hold (
    area character varying NOT NULL,
    hold_id character varying NOT NULL,
    person_id character varying NOT NULL,
    scheme character varying NOT NULL,
    year integer NOT NULL,
    opened_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    released_at bigint,
    posted_at bigint,
    batch_id character varying,
    batch_number integer,
    reversal_id character varying,
    reversal_number integer
);
CREATE TABLE settlement.institution (
    area character varying NOT NULL,
    registration_id character varying NOT NULL,
    code character varying NOT NULL,
    name character varying NOT NULL,
    tier character varying NOT NULL,
    kind character varying NOT NULL,
    agreement_from character varying NOT NULL,
    withdrawn_at bigint,
    place character varying,
    contracted boolean,
    agreement_until character varying,
    end_reason text
);
CREATE TABLE settlement.online_suspension (
    area character varying NOT NULL,
    suspension_id character varying NOT NULL,
    subject character varying NOT NULL,
    ordinal bigint NOT NULL,
    from_day character varying NOT NULL,
    until_day character varying NOT NULL,
    decision_number character varying NOT NULL,
    reason text NOT NULL,
    recorded_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.person_year (
    area character varying NOT NULL,
    person_id character varying NOT NULL,
    scheme character varying NOT NULL,
    year integer NOT NULL,
    version bigint NOT NULL,
    last_ordinal bigint NOT NULL,
    accumulators text NOT NULL,
    held_by character varying,
    held_until bigint
);
CREATE TABLE settlement.posting (
    area character varying NOT NULL,
    transaction_id character varying NOT NULL,
    number integer NOT NULL,
    settlement_id character varying NOT NULL,
    reverses character varying,
    account character varying NOT NULL,
    amount_fen bigint NOT NULL,
    posted_at bigint NOT NULL
);
CREATE TABLE settlement.reconciliation (
    area character varying NOT NULL,
    reconciliation_id character varying NOT NULL,
    institution_code character varying NOT NULL,
    day character varying NOT NULL,
    ordinal bigint NOT NULL,
    rows_sent bigint NOT NULL,
    row_count bigint NOT NULL,
    digest character varying NOT NULL,
    schemes text NOT NULL,
    differences bigint NOT NULL,
    compared_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.reimbursement (
    area character varying NOT NULL,
    reimbursement_id character varying NOT NULL,
    person_id character varying NOT NULL,
    bill text NOT NULL,
    receipts text NOT NULL,
    outside text,
    needs_second boolean NOT NULL,
    submitted_by character varying NOT NULL,
    submitted_at bigint NOT NULL,
    approved_by character varying,
    approved_at bigint,
    rejection text,
    withdrawn_at bigint,
    settlement_id character varying
);
CREATE TABLE settlement.request_key (
    area character varying NOT NULL,
    caller character varying NOT NULL,
    method character varying NOT NULL,
    request_id character varying NOT NULL,
    origin character varying NOT NULL,
    state smallint NOT NULL,
    subject text,
    refusal text,
    recorded_at bigint NOT NULL
);
CREATE TABLE settlement.revision (
    area character varying NOT NULL,
    revision_id character varying NOT NULL,
    settlement_id character varying NOT NULL,
    number bigint NOT NULL,
    replaces bigint NOT NULL,
    correction_id character varying NOT NULL,
    place integer NOT NULL,
    person_id character varying NOT NULL,
    scheme character varying NOT NULL,
    year integer NOT NULL,
    year_version bigint NOT NULL,
    year_ordinal bigint NOT NULL,
    cause character varying NOT NULL,
    payee character varying NOT NULL,
    reason text NOT NULL,
    case_reference character varying NOT NULL,
    evidence text NOT NULL,
    basis text NOT NULL,
    amounts text NOT NULL,
    engine_version integer NOT NULL,
    posted_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.seaql_migrations (
    version character varying NOT NULL,
    applied_at bigint NOT NULL
);
CREATE TABLE settlement.settlement (
    area character varying NOT NULL,
    settlement_id character varying NOT NULL,
    person_id character varying NOT NULL,
    scheme character varying NOT NULL,
    year integer NOT NULL,
    ordinal bigint NOT NULL,
    institution_code character varying NOT NULL,
    visit_number character varying NOT NULL,
    med_type character varying NOT NULL,
    begin_day character varying NOT NULL,
    end_day character varying NOT NULL,
    fingerprint character varying NOT NULL,
    total_fen bigint NOT NULL,
    funds_fen bigint NOT NULL,
    cash_fen bigint NOT NULL,
    evidence text NOT NULL,
    basis text NOT NULL,
    amounts text NOT NULL,
    engine_version integer NOT NULL,
    posted_at bigint NOT NULL,
    reversed_at bigint,
    reversal_reason text,
    reimbursement_id character varying,
    revision bigint
);
CREATE TABLE settlement.subsidy (
    area character varying NOT NULL,
    subsidy_id character varying NOT NULL,
    person_id character varying NOT NULL,
    scheme character varying NOT NULL,
    year integer NOT NULL,
    identity_kind character varying,
    subsidy_fen bigint NOT NULL,
    coverage_id character varying NOT NULL,
    posted_at bigint NOT NULL,
    withdrawn_at bigint
);
CREATE TABLE settlement.visit (
    area character varying NOT NULL,
    visit_id character varying NOT NULL,
    institution_code character varying NOT NULL,
    visit_number character varying NOT NULL,
    facts text NOT NULL,
    end_day character varying,
    accident_check text,
    settlement_id character varying,
    version bigint NOT NULL,
    last_line integer NOT NULL,
    registered_at bigint NOT NULL,
    cancelled_at bigint,
    cancel_reason character varying
);
CREATE TABLE settlement.visit_line (
    area character varying NOT NULL,
    visit_id character varying NOT NULL,
    number integer NOT NULL,
    institution_code character varying NOT NULL,
    line_code character varying NOT NULL,
    item_code character varying NOT NULL,
    local_code character varying NOT NULL,
    local_name character varying NOT NULL,
    unit_price bigint NOT NULL,
    quantity bigint NOT NULL,
    amount_fen bigint NOT NULL,
    approval character varying NOT NULL,
    fee_day character varying NOT NULL,
    original_line_code character varying,
    listed boolean NOT NULL,
    listing text NOT NULL,
    upload_id character varying NOT NULL,
    settlement_id character varying,
    revocation_id character varying
);
INSERT INTO enrollment.block (number, first_position, last_position, root, previous, hash, sealed_at) VALUES (1, 1, 5, '73050fd4dc70c3e1ecd1f514a691d9718c5706b05ca1fa4090c669147b4e6139', '0000000000000000000000000000000000000000000000000000000000000000', '6a610842a96b9d01aa6081a07d22aedd3cce6ed427201104ffcf1fcbccb281d2', 1519862400000000);
INSERT INTO enrollment.coverage (area, coverage_id, person_id, scheme, year, paid_day, benefit_from, until_day, identity_kind, fee_fen, subsidy_fen, to_pay_fen, package_digest, withdrawn_at, pay_now_fen, fee_tier, repaid_years, repair_fee_fen) VALUES ('152501', '0161dedb-c400-7351-bdb1-41c250bc9a49', '0161dedb-c400-7668-b096-576c8e8d5e87', '390', 2017, '2016-11-15', '2017-01-01', '2018-01-01', '611', 18000, 0, 18000, '134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a', NULL, 18000, NULL, 0, 0);
INSERT INTO enrollment.coverage (area, coverage_id, person_id, scheme, year, paid_day, benefit_from, until_day, identity_kind, fee_fen, subsidy_fen, to_pay_fen, package_digest, withdrawn_at, pay_now_fen, fee_tier, repaid_years, repair_fee_fen) VALUES ('152501', '0161dedb-c400-761c-be21-31a789de0793', '0161dedb-c400-7518-8a3b-8c4fff876172', '390', 2017, '2016-11-15', '2017-01-01', '2018-01-01', NULL, 18000, 0, 18000, '134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a', NULL, 18000, NULL, 0, 0);
INSERT INTO enrollment.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7210-90cc-a29a369b625b', '152501', 'coverage.enrolled', '0161dedb-c400-7351-bdb1-41c250bc9a49', '{"exempt_from_waiting":false,"fee_fen":18000,"fee_tier":null,"identity_kind":"611","package_digest":"134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a","pay_now_fen":18000,"person_id":"0161dedb-c400-7668-b096-576c8e8d5e87","repaid_years":0,"repair_fee_fen":0,"scheme":"390","subsidy_fen":0,"to_pay_fen":18000,"year":2017}', 1519862400000000, 1);
INSERT INTO enrollment.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-724e-b6ca-8f75b646f0c8', '152501', 'coverage.enrolled', '0161dedb-c400-761c-be21-31a789de0793', '{"exempt_from_waiting":false,"fee_fen":18000,"fee_tier":null,"identity_kind":null,"package_digest":"134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a","pay_now_fen":18000,"person_id":"0161dedb-c400-7518-8a3b-8c4fff876172","repaid_years":0,"repair_fee_fen":0,"scheme":"390","subsidy_fen":0,"to_pay_fen":18000,"year":2017}', 1519862400000000, 2);
INSERT INTO enrollment.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-739d-827a-95739dce26ea', '152501', 'identity.recorded', '0161dedb-c400-7726-8abf-25eaabd180f7', '{"kind":"611","person_id":"0161dedb-c400-7668-b096-576c8e8d5e87"}', 1519862400000000, 3);
INSERT INTO enrollment.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7725-8798-ed2c1af44530', '152501', 'person.registered', '0161dedb-c400-7518-8a3b-8c4fff876172', '{"household_id":null}', 1519862400000000, 4);
INSERT INTO enrollment.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7df5-87bf-e5d46e24b3d8', '152501', 'person.registered', '0161dedb-c400-7668-b096-576c8e8d5e87', '{"household_id":null}', 1519862400000000, 5);
INSERT INTO enrollment.identity (area, identity_id, person_id, kind, from_day, until_day, withdrawn_at) VALUES ('152501', '0161dedb-c400-7726-8abf-25eaabd180f7', '0161dedb-c400-7668-b096-576c8e8d5e87', '611', '2016-01-01', NULL, NULL);
INSERT INTO enrollment.person (area, person_id, name, id_number, sex, birth_day, household_id, death_day, version, withdrawn_at) VALUES ('152501', '0161dedb-c400-7668-b096-576c8e8d5e87', '测试人员', '999999197001010009', '2', '1980-01-01', NULL, NULL, 3, NULL);
INSERT INTO enrollment.person (area, person_id, name, id_number, sex, birth_day, household_id, death_day, version, withdrawn_at) VALUES ('152501', '0161dedb-c400-7518-8a3b-8c4fff876172', '测试人员', '999999197001010017', '2', '1980-01-01', NULL, NULL, 2, NULL);
INSERT INTO enrollment.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'RegisterPerson', 'person-0', '29638bf47d43ab87ebeceedf7123df72fdd74f7b8edca5a5383b981c8601ec58', 1, '0161dedb-c400-7668-b096-576c8e8d5e87', NULL, 1519862400000000);
INSERT INTO enrollment.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'RecordIdentity', 'identity-0161dedb-c400-7668-b096-576c8e8d5e87', '11e77541337525f91331352675f68cf3a3d3da758f9b245905f3af12f021754b', 1, '0161dedb-c400-7726-8abf-25eaabd180f7', NULL, 1519862400000000);
INSERT INTO enrollment.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'EnrolPerson', 'enrol-0161dedb-c400-7668-b096-576c8e8d5e87', '596a6b92fa3d3fccca90e00ea3e4d6248fe697970d014bd4fbe9751d0a185354', 1, '0161dedb-c400-7351-bdb1-41c250bc9a49', NULL, 1519862400000000);
INSERT INTO enrollment.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'RegisterPerson', 'person-1', 'b9237a63155db3b6d60904008357158462a16eeae98a5c5fec93d85f1b661ce1', 1, '0161dedb-c400-7518-8a3b-8c4fff876172', NULL, 1519862400000000);
INSERT INTO enrollment.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'EnrolPerson', 'enrol-0161dedb-c400-7518-8a3b-8c4fff876172', 'd23027168cc1488e5a4e37e33cfe21fb23083f8716920768cf51eca63ece7806', 1, '0161dedb-c400-761c-be21-31a789de0793', NULL, 1519862400000000);
INSERT INTO enrollment.seaql_migrations (version, applied_at) VALUES ('m0001_common_tables', 1795414560);
INSERT INTO enrollment.seaql_migrations (version, applied_at) VALUES ('m0101_persons', 1795414560);
INSERT INTO enrollment.seaql_migrations (version, applied_at) VALUES ('m0002_document_tables', 1795414560);
INSERT INTO enrollment.seaql_migrations (version, applied_at) VALUES ('m0102_fee_tiers', 1795414560);
INSERT INTO interregional.seaql_migrations (version, applied_at) VALUES ('m0001_common_tables', 1795414562);
INSERT INTO interregional.seaql_migrations (version, applied_at) VALUES ('m0101_participants', 1795414562);
INSERT INTO orchestrator.saga (area, caller, method, request_id, saga_id, kind, origin, request, principal, state, subject, refusal, heard, heard_code, stood_for, stood, rest_step, rest_attempts, withdraw, lines, owner, fence, lease_until, due_at, abandon_by, abandon_reason, began_at, changed_at) VALUES ('152501', 'clerk-1', 'Settle', 'O-2', '0161dedb-c400-70c3-b389-6355b2961cea', 'settle.v1', 'a35b851ee23dea848a7e5a3822b73e7590a032c50b14a3cbae3eacf49bc86462', '\x0a034f2d3212a3010a2430313631646564622d633430302d373636382d623039362d353736633865386435653837120c4831353235303130303030311a044f2d563222033339302a023231320a323031372d30332d30313a0a323031372d30332d313042074a31382e3930304a1408011203442d411880a0d9e61d20904e2880ea30680282012430313631646564622d633430302d376163392d383266302d633265316365636565316366', '{"caller":"clerk-1","on_behalf_of":null,"area":"152501","roles":["clerk","operator"]}', 1, '0161dedb-c400-781e-8659-618fa455ea35', NULL, NULL, NULL, NULL, 0, NULL, 0, false, 4, '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1, 0, 0, NULL, NULL, 1519862400000000, 1519862400000000);
INSERT INTO orchestrator.saga (area, caller, method, request_id, saga_id, kind, origin, request, principal, state, subject, refusal, heard, heard_code, stood_for, stood, rest_step, rest_attempts, withdraw, lines, owner, fence, lease_until, due_at, abandon_by, abandon_reason, began_at, changed_at) VALUES ('152501', 'clerk-1', 'Settle', 'O-4', '0161dedb-c400-7512-8cab-1bd3da75099b', 'settle.v1', '44ffdbadbcf4af7bda6862f6874144cee42b83d28a40bb128b1197e4fb6022be', '\x', '{"caller":"clerk-1","on_behalf_of":null,"area":"152501","roles":["clerk","operator"]}', 2, NULL, '{"code":"PERSON_UNKNOWN","kind":"not_found","sentence":"本统筹区没有人员 01900000-0000-7000-8000-000000000000。","remedy":"请核对人员编号和统筹区,或先办理人员登记,然后以新的请求编号重新提交。","field":"claim.person_id","facts":[["person_id","01900000-0000-7000-8000-000000000000"]],"remembered":true}', NULL, NULL, NULL, 0, NULL, 0, false, 0, '', 1, 0, 0, NULL, NULL, 1519862400000000, 1519862400000000);
INSERT INTO orchestrator.saga (area, caller, method, request_id, saga_id, kind, origin, request, principal, state, subject, refusal, heard, heard_code, stood_for, stood, rest_step, rest_attempts, withdraw, lines, owner, fence, lease_until, due_at, abandon_by, abandon_reason, began_at, changed_at) VALUES ('152501', 'clerk-1', 'Settle', 'O-5', '0161dedb-c400-7617-a905-91a2fb6db73e', 'settle.v1', '', '\x', '{"caller":"clerk-1","on_behalf_of":null,"area":"152501","roles":["clerk","operator"]}', 3, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, true, 0, '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 2, 0, 0, NULL, NULL, 1519862400000000, 1519862400000000);
INSERT INTO orchestrator.saga (area, caller, method, request_id, saga_id, kind, origin, request, principal, state, subject, refusal, heard, heard_code, stood_for, stood, rest_step, rest_attempts, withdraw, lines, owner, fence, lease_until, due_at, abandon_by, abandon_reason, began_at, changed_at) VALUES ('152501', 'clerk-1', 'Settle', 'O-6', '0161dedb-c400-7ebd-894c-08e570f9dd59', 'settle.v1', '9de764a4e93d4f93786a005122903ceb8b16261e4eb42cf56785cdd64bd77de2', '\x0a034f2d3612a3010a2430313631646564622d633430302d373531382d386133622d386334666666383736313732120c4831353235303130303030311a044f2d563622033339302a023231320a323031372d30332d30313a0a323031372d30332d313042074a31382e3930304a1408011203442d411880e497d01220904e28a0c21e680282012430313631646564622d633430302d373639332d383437322d623831333237623738376531', '{"caller":"clerk-1","on_behalf_of":null,"area":"152501","roles":["clerk","operator"]}', 0, NULL, NULL, '{"code":"UNAVAILABLE","kind":"unavailable","sentence":"所依赖的服务暂时不可用(peer),结果未知。","remedy":"请稍后使用原请求编号重试或查询。","facts":[["part","peer"]],"remembered":false}', 'UNAVAILABLE', NULL, 0, 3, 12, false, 3, '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1, 0, 1795414598289768, NULL, NULL, 1519862400000000, 1519862400000000);
INSERT INTO orchestrator.saga_line (area, saga_id, number, step, name, what, written_by, written_at) VALUES ('152501', '0161dedb-c400-70c3-b389-6355b2961cea', 0, 0, 'enrollment.check_eligibility', '{"Answered":"[\"0a2430313631646564622d633430302d373636382d623039362d3537366338653864356538371206313532353031180322033339302a0a323031372d30332d313030014201324a0a313938302d30312d303152033631315801\",\"0a4062663663623235333930643530323139323633393061656435366530643865346530356164613662633736613937646564313163343937383665306661346163\"]"}', '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1519862400000000);
INSERT INTO orchestrator.saga_line (area, saga_id, number, step, name, what, written_by, written_at) VALUES ('152501', '0161dedb-c400-70c3-b389-6355b2961cea', 1, 1, 'inspection.screen', '{"Answered":"\"124030656465373034386265363836643166396362373635343262373265666334653439623335646135656331613962303730303137353761376666336365666164\""}', '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1519862400000000);
INSERT INTO orchestrator.saga_line (area, saga_id, number, step, name, what, written_by, written_at) VALUES ('152501', '0161dedb-c400-70c3-b389-6355b2961cea', 2, 2, 'referral.use_referral', '{"Answered":"\"0a2430313631646564622d633430302d376163392d383266302d63326531636563656531636610031a2430313631646564622d633430302d373636382d623039362d353736633865386435653837220c4831353235303130303030322a0c4831353235303130303030313201313a074a31382e393030420a323031372d30332d30314a0a323031372d30362d303152044f2d5632\""}', '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1519862400000000);
INSERT INTO orchestrator.saga_line (area, saga_id, number, step, name, what, written_by, written_at) VALUES ('152501', '0161dedb-c400-70c3-b389-6355b2961cea', 3, 3, 'settlement.post_settlement', '{"Answered":"\"0af6050a2430313631646564622d633430302d373831652d383635392d36313866613435356561333510011a2430313631646564622d633430302d373636382d623039362d353736633865386435653837220c4831353235303130303030312a044f2d563232033339303a023231420a323031372d30332d30314a0a323031372d30332d313050025ae7020880ea302880ea3030b0ea0138a4f92748dcf0085a2f0a063339303130301212e5b185e6b091e59fbae69cace58cbbe4bf9d1880ea3020a4f92728b0ea01320562617369635a280a063339303130301212e5b185e6b091e997a8e8af8ae7bb9fe7adb9320a6f757470617469656e745a280a063339303130301215e5b185e6b091e997a8e8af8ae685a2e789b9e7978532076368726f6e69635a350a063339303130301221e5b185e6b091e59fbae69cace58cbbe4bf9defbc88e99db6e59091e88dafefbc89320874617267657465645a2e0a063339303230301212e5b185e6b091e5a4a7e79785e4bf9de999a918dcf00828dcf0083208637269746963616c5a3e0a063339303230301221e5b185e6b091e5a4a7e79785e4bf9de999a9efbc88e99db6e59091e88dafefbc89321174617267657465645f637269746963616c5a220a06363130313030120ce58cbbe79697e69591e58aa9320a617373697374616e636570f53f62d5010a113135323530312f323031372d30312d30311240313334653063326536373230373830363061376261663139363566356364353735306136326337633332343130663461353236393965346366353461656431611a2430313631646564622d633430302d376530622d613539632d30343965346166636466303520032801320a323031372d30332d313038a4f92740dcf0084a40646533666132326539386661366664386137316537356466316331386338613133313534326665663234363362653962666164613133643134363563656237367a06088085ddd4058a012430313631646564622d633430302d376163392d383266302d633265316365636565316366\""}', '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1519862400000000);
INSERT INTO orchestrator.saga_line (area, saga_id, number, step, name, what, written_by, written_at) VALUES ('152501', '0161dedb-c400-7ebd-894c-08e570f9dd59', 0, 0, 'enrollment.check_eligibility', '{"Answered":"[\"0a2430313631646564622d633430302d373531382d386133622d3863346666663837363137321206313532353031180222033339302a0a323031372d30332d313030014201324a0a313938302d30312d30315801\",\"0a4033313736353434653437303764326231333530326138353732383732343665643666336436326263396237376638656536613934383430306666376630313365\"]"}', '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1519862400000000);
INSERT INTO orchestrator.saga_line (area, saga_id, number, step, name, what, written_by, written_at) VALUES ('152501', '0161dedb-c400-7ebd-894c-08e570f9dd59', 1, 1, 'inspection.screen', '{"Answered":"\"124030656465373034386265363836643166396362373635343262373265666334653439623335646135656331613962303730303137353761376666336365666164\""}', '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1519862400000000);
INSERT INTO orchestrator.saga_line (area, saga_id, number, step, name, what, written_by, written_at) VALUES ('152501', '0161dedb-c400-7ebd-894c-08e570f9dd59', 2, 2, 'referral.use_referral', '{"Answered":"\"0a2430313631646564622d633430302d373639332d383437322d62383133323762373837653110031a2430313631646564622d633430302d373531382d386133622d386334666666383736313732220c4831353235303130303030322a0c4831353235303130303030313201313a074a31382e393030420a323031372d30332d30314a0a323031372d30362d303152044f2d5636\""}', '3790-0161dedb-c400-7211-9f83-8ec953aa3ea4', 1519862400000000);
INSERT INTO orchestrator.seaql_migrations (version, applied_at) VALUES ('m0001_common_tables', 1795414562);
INSERT INTO orchestrator.seaql_migrations (version, applied_at) VALUES ('m0101_sagas', 1795414562);
INSERT INTO referral.block (number, first_position, last_position, root, previous, hash, sealed_at) VALUES (1, 1, 6, '61d43b451d34a66df1f54f1e34d3c7ceeb1e236621a61a8277a3feefb0efc93f', '0000000000000000000000000000000000000000000000000000000000000000', '6f6201fcadb4ae52c8d9ab4c7fc7556a1feb19e72dd9181dbd8e19cae57e2ab0', 1519862400000000);
INSERT INTO referral.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-74f2-8da7-cf86b873e12c', '152501', 'referral.used', '0161dedb-c400-7ac9-82f0-c2e1cecee1cf', '{"from_day":"2017-03-01","from_institution_code":"H15250100002","person_id":"0161dedb-c400-7668-b096-576c8e8d5e87","state":"used","to_institution_code":"H15250100001","until_day":"2017-06-01","used_by_visit_number":"O-V2"}', 1519862400000000, 1);
INSERT INTO referral.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7646-a590-09f7ef54af86', '152501', 'referral.approved', '0161dedb-c400-7ac9-82f0-c2e1cecee1cf', '{"from_day":"2017-03-01","from_institution_code":"H15250100002","person_id":"0161dedb-c400-7668-b096-576c8e8d5e87","state":"approved","to_institution_code":"H15250100001","until_day":"2017-06-01","used_by_visit_number":null}', 1519862400000000, 2);
INSERT INTO referral.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7ad6-afe6-b3dc342f4685', '152501', 'referral.used', '0161dedb-c400-7693-8472-b81327b787e1', '{"from_day":"2017-03-01","from_institution_code":"H15250100002","person_id":"0161dedb-c400-7518-8a3b-8c4fff876172","state":"used","to_institution_code":"H15250100001","until_day":"2017-06-01","used_by_visit_number":"O-V6"}', 1519862400000000, 3);
INSERT INTO referral.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7b03-828c-7b7fbe6b8705', '152501', 'referral.approved', '0161dedb-c400-7693-8472-b81327b787e1', '{"from_day":"2017-03-01","from_institution_code":"H15250100002","person_id":"0161dedb-c400-7518-8a3b-8c4fff876172","state":"approved","to_institution_code":"H15250100001","until_day":"2017-06-01","used_by_visit_number":null}', 1519862400000000, 4);
INSERT INTO referral.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7b80-af63-5e56ce075705', '152501', 'referral.requested', '0161dedb-c400-7693-8472-b81327b787e1', '{"from_day":"2017-03-01","from_institution_code":"H15250100002","person_id":"0161dedb-c400-7518-8a3b-8c4fff876172","state":"requested","to_institution_code":"H15250100001","until_day":"2017-06-01","used_by_visit_number":null}', 1519862400000000, 5);
INSERT INTO referral.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7cef-bb84-758c445f3208', '152501', 'referral.requested', '0161dedb-c400-7ac9-82f0-c2e1cecee1cf', '{"from_day":"2017-03-01","from_institution_code":"H15250100002","person_id":"0161dedb-c400-7668-b096-576c8e8d5e87","state":"requested","to_institution_code":"H15250100001","until_day":"2017-06-01","used_by_visit_number":null}', 1519862400000000, 6);
INSERT INTO referral.referral (area, referral_id, person_id, from_institution, to_institution, referral_type, diagnosis, reason, from_day, until_day, withdrawn_at, approved_by, opinion, used_by, visit_number, admission_day) VALUES ('152501', '0161dedb-c400-7ac9-82f0-c2e1cecee1cf', '0161dedb-c400-7668-b096-576c8e8d5e87', 'H15250100002', 'H15250100001', '1', 'J18.900', '病情需要', '2017-03-01', '2017-06-01', NULL, 'clerk-1 approval-0161dedb-c400-7668-b096-576c8e8d5e87', '同意', 'orchestrator~clerk-1 0161dedb-c400-70c3-b389-6355b2961cea-2', 'O-V2', '2017-03-01');
INSERT INTO referral.referral (area, referral_id, person_id, from_institution, to_institution, referral_type, diagnosis, reason, from_day, until_day, withdrawn_at, approved_by, opinion, used_by, visit_number, admission_day) VALUES ('152501', '0161dedb-c400-7693-8472-b81327b787e1', '0161dedb-c400-7518-8a3b-8c4fff876172', 'H15250100002', 'H15250100001', '1', 'J18.900', '病情需要', '2017-03-01', '2017-06-01', NULL, 'clerk-1 approval-0161dedb-c400-7518-8a3b-8c4fff876172', '同意', 'orchestrator~clerk-1 0161dedb-c400-7ebd-894c-08e570f9dd59-2', 'O-V6', '2017-03-01');
INSERT INTO referral.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'RequestReferral', 'referral-0161dedb-c400-7668-b096-576c8e8d5e87', 'e0487abb6f19755fade39b3060197fbac3e0cd1d8c212c6543aa3c4aff5cf027', 1, '0161dedb-c400-7ac9-82f0-c2e1cecee1cf', NULL, 1519862400000000);
INSERT INTO referral.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'ApproveReferral', 'approval-0161dedb-c400-7668-b096-576c8e8d5e87', '4d4ae8eb511e10941ff375c129dabb8b77209fdd6301462b5a515c7c890effd0', 1, '0161dedb-c400-7ac9-82f0-c2e1cecee1cf', NULL, 1519862400000000);
INSERT INTO referral.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'orchestrator~clerk-1', 'UseReferral', '0161dedb-c400-70c3-b389-6355b2961cea-2', 'a35b851ee23dea848a7e5a3822b73e7590a032c50b14a3cbae3eacf49bc86462', 1, '0161dedb-c400-7ac9-82f0-c2e1cecee1cf', NULL, 1519862400000000);
INSERT INTO referral.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'RequestReferral', 'referral-0161dedb-c400-7518-8a3b-8c4fff876172', '13088f40fcdb5bdb0beba5572badae1db6fe838baa9f2548b42303fbe41c98c9', 1, '0161dedb-c400-7693-8472-b81327b787e1', NULL, 1519862400000000);
INSERT INTO referral.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'ApproveReferral', 'approval-0161dedb-c400-7518-8a3b-8c4fff876172', 'e1085366c3934ec3ef061ea9f8dc3d5959e533ad9768d999c31cfd56e93d0438', 1, '0161dedb-c400-7693-8472-b81327b787e1', NULL, 1519862400000000);
INSERT INTO referral.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'orchestrator~clerk-1', 'UseReferral', '0161dedb-c400-7ebd-894c-08e570f9dd59-2', '9de764a4e93d4f93786a005122903ceb8b16261e4eb42cf56785cdd64bd77de2', 1, '0161dedb-c400-7693-8472-b81327b787e1', NULL, 1519862400000000);
INSERT INTO referral.seaql_migrations (version, applied_at) VALUES ('m0001_common_tables', 1795414561);
INSERT INTO referral.seaql_migrations (version, applied_at) VALUES ('m0101_referrals', 1795414561);
INSERT INTO referral.seaql_migrations (version, applied_at) VALUES ('m0102_releases_and_bars', 1795414561);
INSERT INTO settlement.block (number, first_position, last_position, root, previous, hash, sealed_at) VALUES (1, 1, 7, '562d78e5c9dd34a05f88c143110a6d5fc6c844c309652641ce583b205cc9b6ed', '0000000000000000000000000000000000000000000000000000000000000000', '3fdbc450a9c7f611a0743eaf73f964344d5f100d2e1a06385f1d2bc5c7c36110', 1519862400000000);
INSERT INTO settlement.catalogue (area, catalogue_id, effective_day, digest, items, published_at) VALUES ('152501', '0161dedb-c400-7e0b-a59c-049e4afcdf05', '2010-01-01', '889324b2fc5bbeee0b9cd0b1815e04ef8098ab40512dcd23f6e70a2d6ab10e15', '[{"code":"D-A","name":"甲类药品","class":"01","first_pay":0,"limits":{},"ethnic_medicine":false}]', 1519862400000000);
INSERT INTO settlement.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-709a-b8da-4fc0d858f30c', '152501', 'settlement.posted', '0161dedb-c400-7b61-a907-e9b4050e343c', '{"amounts_digest":"498c62c998a59b6986e35b352388414ac8d1eae3233701a77313385dc820fafd","cash_fen":6172,"end_day":"2017-02-03","funds_fen":6173,"institution_code":"H15250100002","med_type":"11","ordinal":1,"package_digest":"134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a","person_id":"0161dedb-c400-7668-b096-576c8e8d5e87","total_fen":12345}', 1519862400000000, 1);
INSERT INTO settlement.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-719b-9fdf-51b76c3dece7', '152501', 'settlement.posted', '0161dedb-c400-781e-8659-618fa455ea35', '{"amounts_digest":"de3fa22e98fa6fd8a71e75df1c18c8a131542fef2463be9bfada13d1465ceb76","cash_fen":145500,"end_day":"2017-03-10","funds_fen":654500,"institution_code":"H15250100001","med_type":"21","ordinal":2,"package_digest":"134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a","person_id":"0161dedb-c400-7668-b096-576c8e8d5e87","total_fen":800000}', 1519862400000000, 2);
INSERT INTO settlement.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-72be-905e-87492df6946c', '152501', 'settlement.posted', '0161dedb-c400-7368-b714-d2d67efc0268', '{"amounts_digest":"254a88dadde68cdabe88ef99a1172ef7fd0e368717c1afdcb08a0413a6204ee7","cash_fen":10000,"end_day":"2017-04-03","funds_fen":10000,"institution_code":"H15250100002","med_type":"11","ordinal":3,"package_digest":"134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a","person_id":"0161dedb-c400-7668-b096-576c8e8d5e87","total_fen":20000}', 1519862400000000, 3);
INSERT INTO settlement.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-72fa-860a-0c9336a36589', '152501', 'settlement.reversed', '0161dedb-c400-7368-b714-d2d67efc0268', '{"funds_fen":10000,"person_id":"0161dedb-c400-7668-b096-576c8e8d5e87"}', 1519862400000000, 4);
INSERT INTO settlement.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7562-bb1c-9e91e937d531', '152501', 'institution.registered', '0161dedb-c400-7399-b0fb-e13d52c47797', '{"institution_code":"H15250100002","kind":"A1","tier":"1"}', 1519862400000000, 5);
INSERT INTO settlement.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7850-9149-982648dbb557', '152501', 'catalogue.published', '0161dedb-c400-7e0b-a59c-049e4afcdf05', '{"digest":"889324b2fc5bbeee0b9cd0b1815e04ef8098ab40512dcd23f6e70a2d6ab10e15","effective_day":"2010-01-01"}', 1519862400000000, 6);
INSERT INTO settlement.event (event_id, area, kind, subject, facts, occurred_at, "position") VALUES ('0161dedb-c400-7cf4-957f-c9969739833c', '152501', 'institution.registered', '0161dedb-c400-7a1f-8969-6d71b842c990', '{"institution_code":"H15250100001","kind":"A1","tier":"2"}', 1519862400000000, 7);
INSERT INTO settlement.institution (area, registration_id, code, name, tier, kind, agreement_from, withdrawn_at, place, contracted, agreement_until, end_reason) VALUES ('152501', '0161dedb-c400-7a1f-8969-6d71b842c990', 'H15250100001', '测试机构', '2', 'A1', '2010-01-01', NULL, 'district', true, NULL, NULL);
INSERT INTO settlement.institution (area, registration_id, code, name, tier, kind, agreement_from, withdrawn_at, place, contracted, agreement_until, end_reason) VALUES ('152501', '0161dedb-c400-7399-b0fb-e13d52c47797', 'H15250100002', '测试机构', '1', 'A1', '2010-01-01', NULL, 'district', true, NULL, NULL);
INSERT INTO settlement.person_year (area, person_id, scheme, year, version, last_ordinal, accumulators, held_by, held_until) VALUES ('152501', '0161dedb-c400-7668-b096-576c8e8d5e87', '390', 2017, 4, 3, '{"basic.base_fen":800000,"basic.deductible_fen":30000,"basic.paid_fen":654500,"critical.base_fen":145500,"critical.deductible_fen":145500,"outpatient.base_fen":12345,"outpatient.paid_fen":6173,"stays_count":1}', NULL, NULL);
INSERT INTO settlement.posting (area, transaction_id, number, settlement_id, reverses, account, amount_fen, posted_at) VALUES ('152501', '0161dedb-c400-7b61-a907-e9b4050e343c', 1, '0161dedb-c400-7b61-a907-e9b4050e343c', NULL, 'fund:390100', -6173, 1519862400000000);
INSERT INTO settlement.posting (area, transaction_id, number, settlement_id, reverses, account, amount_fen, posted_at) VALUES ('152501', '0161dedb-c400-7b61-a907-e9b4050e343c', 2, '0161dedb-c400-7b61-a907-e9b4050e343c', NULL, 'payable:H15250100002', 6173, 1519862400000000);
INSERT INTO settlement.posting (area, transaction_id, number, settlement_id, reverses, account, amount_fen, posted_at) VALUES ('152501', '0161dedb-c400-781e-8659-618fa455ea35', 1, '0161dedb-c400-781e-8659-618fa455ea35', NULL, 'fund:390100', -654500, 1519862400000000);
INSERT INTO settlement.posting (area, transaction_id, number, settlement_id, reverses, account, amount_fen, posted_at) VALUES ('152501', '0161dedb-c400-781e-8659-618fa455ea35', 2, '0161dedb-c400-781e-8659-618fa455ea35', NULL, 'payable:H15250100001', 654500, 1519862400000000);
INSERT INTO settlement.posting (area, transaction_id, number, settlement_id, reverses, account, amount_fen, posted_at) VALUES ('152501', '0161dedb-c400-7368-b714-d2d67efc0268', 1, '0161dedb-c400-7368-b714-d2d67efc0268', NULL, 'fund:390100', -10000, 1519862400000000);
INSERT INTO settlement.posting (area, transaction_id, number, settlement_id, reverses, account, amount_fen, posted_at) VALUES ('152501', '0161dedb-c400-7368-b714-d2d67efc0268', 2, '0161dedb-c400-7368-b714-d2d67efc0268', NULL, 'payable:H15250100002', 10000, 1519862400000000);
INSERT INTO settlement.posting (area, transaction_id, number, settlement_id, reverses, account, amount_fen, posted_at) VALUES ('152501', '0161dedb-c400-7b21-b15a-ddcc36501a98', 1, '0161dedb-c400-7368-b714-d2d67efc0268', '0161dedb-c400-7368-b714-d2d67efc0268', 'payable:H15250100002', -10000, 1519862400000000);
INSERT INTO settlement.posting (area, transaction_id, number, settlement_id, reverses, account, amount_fen, posted_at) VALUES ('152501', '0161dedb-c400-7b21-b15a-ddcc36501a98', 2, '0161dedb-c400-7368-b714-d2d67efc0268', '0161dedb-c400-7368-b714-d2d67efc0268', 'fund:390100', 10000, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'RegisterInstitution', 'world-H15250100001', '1fad0adb0c91c27195a76976024198f485c1332ee1187effe77212800479bbac', 1, '0161dedb-c400-7a1f-8969-6d71b842c990', NULL, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'RegisterInstitution', 'world-H15250100002', 'bcd3ad38a8d87d916e8799c823e1c90918b9a70bf8fd26760474b1a6e19259f7', 1, '0161dedb-c400-7399-b0fb-e13d52c47797', NULL, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'clerk-1', 'PublishCatalogue', 'world-catalogue', '360eff9eea1e7821101361d1ec4d8ab2a2e63ddd1adb258f88c6f33921cb5c5a', 1, '0161dedb-c400-7e0b-a59c-049e4afcdf05', NULL, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'orchestrator~clerk-1', 'PostSettlement', 'O-1', '48ffb5c88f76358b9ab19fb9609c9d978380a861f55d5a42bc38a8ef0bca8e02', 1, '0161dedb-c400-7b61-a907-e9b4050e343c', NULL, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'orchestrator~clerk-1', 'PostSettlement', 'O-2', 'a35b851ee23dea848a7e5a3822b73e7590a032c50b14a3cbae3eacf49bc86462', 1, '0161dedb-c400-781e-8659-618fa455ea35', NULL, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'orchestrator~clerk-1', 'PostSettlement', 'O-3', '43600a896c51bf5d5fc8bd2f58c3e36cd33917677f1891bd2aeacfb62c714c60', 1, '0161dedb-c400-7368-b714-d2d67efc0268', NULL, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'orchestrator~clerk-1', 'ReverseSettlement', 'O-3-back', 'c5d02a29572819f0af99b9e4888e2511ddece0f2c4827233f6d27c2a0fb4e529', 1, '0161dedb-c400-7368-b714-d2d67efc0268', NULL, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'orchestrator~clerk-1', 'PostSettlement', 'O-4', '', 3, NULL, NULL, 1519862400000000);
INSERT INTO settlement.request_key (area, caller, method, request_id, origin, state, subject, refusal, recorded_at) VALUES ('152501', 'orchestrator~clerk-1', 'PostSettlement', 'O-5', '', 3, NULL, NULL, 1519862400000000);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0001_common_tables', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0101_settlements', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0002_document_tables', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0102_places', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0103_batches', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0104_cancellations', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0105_receipts', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0106_reimbursements', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0107_visits', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0108_reconciliations', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0109_agreements', 1795414561);
INSERT INTO settlement.seaql_migrations (version, applied_at) VALUES ('m0110_revisions', 1795414561);
INSERT INTO settlement.settlement (area, settlement_id, person_id, scheme, year, ordinal, institution_code, visit_number, med_type, begin_day, end_day, fingerprint, total_fen, funds_fen, cash_fen, evidence, basis, amounts, engine_version, posted_at, reversed_at, reversal_reason, reimbursement_id, revision) VALUES ('152501', '0161dedb-c400-7b61-a907-e9b4050e343c', '0161dedb-c400-7668-b096-576c8e8d5e87', '390', 2017, 1, 'H15250100002', 'O-V1', '11', '2017-02-03', '2017-02-03', '46e76cc58ab5291fdb6b1360987e19648ce96bc98f401d4cacd91edef7d9e445', 12345, 6173, 6172, '{"bill":{"person":"0161dedb-c400-7668-b096-576c8e8d5e87","institution":"H15250100002","visit":"O-V1","scheme":"390","med_type":"11","begin":"2017-02-03","end":"2017-02-03","diagnosis":"J18.900","diseases":[],"third_party":null,"filing":"none","decided":null,"household_income":null,"lines":[{"number":1,"item":"D-A","unit_price":123450000,"quantity":10000,"amount":12345}]},"member":{"person":"0161dedb-c400-7668-b096-576c8e8d5e87","version":3,"scheme":"390","as_of":"2017-02-03","eligible":true,"reason":null,"identities":["611"],"birth":"1980-01-01","continuous_years":1},"findings":[],"tier":"1","kind":"A1","place":"district","contracted":true,"accumulators":{}}', '{"package":"152501/2017-01-01","package_digest":"134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a","catalogue":"0161dedb-c400-7e0b-a59c-049e4afcdf05","person_version":3,"accumulator_version":0,"day":"2017-02-03","funds":6173,"cash":6172,"amounts_digest":"498c62c998a59b6986e35b352388414ac8d1eae3233701a77313385dc820fafd"}', '{"total":12345,"own_pay":0,"over_limit":0,"first_pay":0,"in_scope":12345,"deductible":0,"shares":[{"fund":"390100","payer":"fund","basic":true,"layer":"居民基本医保","rule":"basic","base":0,"deductible":0,"paid":0},{"fund":"390100","payer":"fund","basic":true,"layer":"居民门诊统筹","rule":"outpatient","base":12345,"deductible":0,"paid":6173},{"fund":"390100","payer":"fund","basic":true,"layer":"居民门诊慢特病","rule":"chronic","base":0,"deductible":0,"paid":0},{"fund":"390100","payer":"fund","basic":false,"layer":"居民基本医保（靶向药）","rule":"targeted","base":0,"deductible":0,"paid":0},{"fund":"390200","payer":"fund","basic":false,"layer":"居民大病保险","rule":"critical","base":0,"deductible":0,"paid":0},{"fund":"390200","payer":"fund","basic":false,"layer":"居民大病保险（靶向药）","rule":"targeted_critical","base":0,"deductible":0,"paid":0},{"fund":"610100","payer":"fund","basic":false,"layer":"医疗救助","rule":"assistance","base":0,"deductible":0,"paid":0}],"account":0,"account_shared":0,"balance":0,"account_left":{"current":0,"past":0,"shared":0},"cash":6172,"hospital":0,"lines":[],"findings":[],"deltas":{"outpatient.base_fen":12345,"outpatient.paid_fen":6173}}', 2, 1519862400000000, NULL, NULL, NULL, NULL);
INSERT INTO settlement.settlement (area, settlement_id, person_id, scheme, year, ordinal, institution_code, visit_number, med_type, begin_day, end_day, fingerprint, total_fen, funds_fen, cash_fen, evidence, basis, amounts, engine_version, posted_at, reversed_at, reversal_reason, reimbursement_id, revision) VALUES ('152501', '0161dedb-c400-781e-8659-618fa455ea35', '0161dedb-c400-7668-b096-576c8e8d5e87', '390', 2017, 2, 'H15250100001', 'O-V2', '21', '2017-03-01', '2017-03-10', 'bf6cb25390d5021926390aed56e0d8e4e05ada6bc76a97ded11c49786e0fa4ac', 800000, 654500, 145500, '{"bill":{"person":"0161dedb-c400-7668-b096-576c8e8d5e87","institution":"H15250100001","visit":"O-V2","scheme":"390","med_type":"21","begin":"2017-03-01","end":"2017-03-10","diagnosis":"J18.900","diseases":[],"third_party":null,"filing":"referred","decided":null,"household_income":null,"referral":"0161dedb-c400-7ac9-82f0-c2e1cecee1cf","lines":[{"number":1,"item":"D-A","unit_price":8000000000,"quantity":10000,"amount":800000}]},"member":{"person":"0161dedb-c400-7668-b096-576c8e8d5e87","version":3,"scheme":"390","as_of":"2017-03-10","eligible":true,"reason":null,"identities":["611"],"birth":"1980-01-01","continuous_years":1},"findings":[],"tier":"2","kind":"A1","place":"district","contracted":true,"accumulators":{"outpatient.base_fen":12345,"outpatient.paid_fen":6173}}', '{"package":"152501/2017-01-01","package_digest":"134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a","catalogue":"0161dedb-c400-7e0b-a59c-049e4afcdf05","person_version":3,"accumulator_version":1,"day":"2017-03-10","funds":654500,"cash":145500,"amounts_digest":"de3fa22e98fa6fd8a71e75df1c18c8a131542fef2463be9bfada13d1465ceb76"}', '{"total":800000,"own_pay":0,"over_limit":0,"first_pay":0,"in_scope":800000,"deductible":30000,"shares":[{"fund":"390100","payer":"fund","basic":true,"layer":"居民基本医保","rule":"basic","base":800000,"deductible":30000,"paid":654500},{"fund":"390100","payer":"fund","basic":true,"layer":"居民门诊统筹","rule":"outpatient","base":0,"deductible":0,"paid":0},{"fund":"390100","payer":"fund","basic":true,"layer":"居民门诊慢特病","rule":"chronic","base":0,"deductible":0,"paid":0},{"fund":"390100","payer":"fund","basic":false,"layer":"居民基本医保（靶向药）","rule":"targeted","base":0,"deductible":0,"paid":0},{"fund":"390200","payer":"fund","basic":false,"layer":"居民大病保险","rule":"critical","base":145500,"deductible":145500,"paid":0},{"fund":"390200","payer":"fund","basic":false,"layer":"居民大病保险（靶向药）","rule":"targeted_critical","base":0,"deductible":0,"paid":0},{"fund":"610100","payer":"fund","basic":false,"layer":"医疗救助","rule":"assistance","base":0,"deductible":0,"paid":0}],"account":0,"account_shared":0,"balance":0,"account_left":{"current":0,"past":0,"shared":0},"cash":145500,"hospital":0,"lines":[],"findings":[],"deltas":{"basic.base_fen":800000,"basic.deductible_fen":30000,"basic.paid_fen":654500,"critical.base_fen":145500,"critical.deductible_fen":145500,"stays_count":1}}', 2, 1519862400000000, NULL, NULL, NULL, NULL);
INSERT INTO settlement.settlement (area, settlement_id, person_id, scheme, year, ordinal, institution_code, visit_number, med_type, begin_day, end_day, fingerprint, total_fen, funds_fen, cash_fen, evidence, basis, amounts, engine_version, posted_at, reversed_at, reversal_reason, reimbursement_id, revision) VALUES ('152501', '0161dedb-c400-7368-b714-d2d67efc0268', '0161dedb-c400-7668-b096-576c8e8d5e87', '390', 2017, 3, 'H15250100002', 'O-V3', '11', '2017-04-03', '2017-04-03', '18a65d10dadfd4b09dd8ce035ad48cac27ee02bce467e5668e48317763ad83b4', 20000, 10000, 10000, '{"bill":{"person":"0161dedb-c400-7668-b096-576c8e8d5e87","institution":"H15250100002","visit":"O-V3","scheme":"390","med_type":"11","begin":"2017-04-03","end":"2017-04-03","diagnosis":"J18.900","diseases":[],"third_party":null,"filing":"none","decided":null,"household_income":null,"lines":[{"number":1,"item":"D-A","unit_price":200000000,"quantity":10000,"amount":20000}]},"member":{"person":"0161dedb-c400-7668-b096-576c8e8d5e87","version":3,"scheme":"390","as_of":"2017-04-03","eligible":true,"reason":null,"identities":["611"],"birth":"1980-01-01","continuous_years":1},"findings":[],"tier":"1","kind":"A1","place":"district","contracted":true,"accumulators":{"basic.base_fen":800000,"basic.deductible_fen":30000,"basic.paid_fen":654500,"critical.base_fen":145500,"critical.deductible_fen":145500,"outpatient.base_fen":12345,"outpatient.paid_fen":6173,"stays_count":1}}', '{"package":"152501/2017-01-01","package_digest":"134e0c2e672078060a7baf1965f5cd5750a62c7c32410f4a52699e4cf54aed1a","catalogue":"0161dedb-c400-7e0b-a59c-049e4afcdf05","person_version":3,"accumulator_version":2,"day":"2017-04-03","funds":10000,"cash":10000,"amounts_digest":"254a88dadde68cdabe88ef99a1172ef7fd0e368717c1afdcb08a0413a6204ee7"}', '{"total":20000,"own_pay":0,"over_limit":0,"first_pay":0,"in_scope":20000,"deductible":0,"shares":[{"fund":"390100","payer":"fund","basic":true,"layer":"居民基本医保","rule":"basic","base":0,"deductible":0,"paid":0},{"fund":"390100","payer":"fund","basic":true,"layer":"居民门诊统筹","rule":"outpatient","base":20000,"deductible":0,"paid":10000},{"fund":"390100","payer":"fund","basic":true,"layer":"居民门诊慢特病","rule":"chronic","base":0,"deductible":0,"paid":0},{"fund":"390100","payer":"fund","basic":false,"layer":"居民基本医保（靶向药）","rule":"targeted","base":0,"deductible":0,"paid":0},{"fund":"390200","payer":"fund","basic":false,"layer":"居民大病保险","rule":"critical","base":0,"deductible":0,"paid":0},{"fund":"390200","payer":"fund","basic":false,"layer":"居民大病保险（靶向药）","rule":"targeted_critical","base":0,"deductible":0,"paid":0},{"fund":"610100","payer":"fund","basic":false,"layer":"医疗救助","rule":"assistance","base":0,"deductible":0,"paid":0}],"account":0,"account_shared":0,"balance":0,"account_left":{"current":0,"past":0,"shared":0},"cash":10000,"hospital":0,"lines":[],"findings":[],"deltas":{"outpatient.base_fen":20000,"outpatient.paid_fen":10000}}', 2, 1519862400000000, 1519862400000000, '测试撤销', NULL, NULL);
ALTER TABLE ONLY enrollment.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (number);
ALTER TABLE ONLY enrollment.coverage
    ADD CONSTRAINT coverage_pkey PRIMARY KEY (area, coverage_id);
ALTER TABLE ONLY enrollment.document_activation
    ADD CONSTRAINT document_activation_pkey PRIMARY KEY (area, activation_id);
ALTER TABLE ONLY enrollment.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (area, document_id);
ALTER TABLE ONLY enrollment.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY enrollment.household
    ADD CONSTRAINT household_pkey PRIMARY KEY (area, household_id);
ALTER TABLE ONLY enrollment.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (area, identity_id);
ALTER TABLE ONLY enrollment.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (area, person_id);
ALTER TABLE ONLY enrollment.request_key
    ADD CONSTRAINT request_key_pkey PRIMARY KEY (area, caller, method, request_id);
ALTER TABLE ONLY enrollment.seaql_migrations
    ADD CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY enrollment.suspension
    ADD CONSTRAINT suspension_pkey PRIMARY KEY (area, suspension_id);
ALTER TABLE ONLY interregional.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (number);
ALTER TABLE ONLY interregional.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY interregional.participant
    ADD CONSTRAINT participant_pkey PRIMARY KEY (area, participant_id);
ALTER TABLE ONLY interregional.request_key
    ADD CONSTRAINT request_key_pkey PRIMARY KEY (area, caller, method, request_id);
ALTER TABLE ONLY interregional.seaql_migrations
    ADD CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY orchestrator.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (number);
ALTER TABLE ONLY orchestrator.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY orchestrator.request_key
    ADD CONSTRAINT request_key_pkey PRIMARY KEY (area, caller, method, request_id);
ALTER TABLE ONLY orchestrator.saga_line
    ADD CONSTRAINT saga_line_pkey PRIMARY KEY (area, saga_id, number);
ALTER TABLE ONLY orchestrator.saga
    ADD CONSTRAINT saga_pkey PRIMARY KEY (area, caller, method, request_id);
ALTER TABLE ONLY orchestrator.seaql_migrations
    ADD CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY referral.bar
    ADD CONSTRAINT bar_pkey PRIMARY KEY (area, bar_id);
ALTER TABLE ONLY referral.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (number);
ALTER TABLE ONLY referral.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY referral.institution
    ADD CONSTRAINT institution_pkey PRIMARY KEY (area, institution);
ALTER TABLE ONLY referral.referral
    ADD CONSTRAINT referral_pkey PRIMARY KEY (area, referral_id);
ALTER TABLE ONLY referral.release
    ADD CONSTRAINT release_pkey PRIMARY KEY (area, referral_id, released_by);
ALTER TABLE ONLY referral.request_key
    ADD CONSTRAINT request_key_pkey PRIMARY KEY (area, caller, method, request_id);
ALTER TABLE ONLY referral.seaql_migrations
    ADD CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY settlement.block
    ADD CONSTRAINT block_pkey PRIMARY KEY (number);
ALTER TABLE ONLY settlement.catalogue
    ADD CONSTRAINT catalogue_pkey PRIMARY KEY (area, catalogue_id);
ALTER TABLE ONLY settlement.closed_day
    ADD CONSTRAINT closed_day_pkey PRIMARY KEY (area, close_id);
ALTER TABLE ONLY settlement.closed_month
    ADD CONSTRAINT closed_month_pkey PRIMARY KEY (area, close_id);
ALTER TABLE ONLY settlement.difference_explanation
    ADD CONSTRAINT difference_explanation_pkey PRIMARY KEY (area, explanation_id);
ALTER TABLE ONLY settlement.difference
    ADD CONSTRAINT difference_pkey PRIMARY KEY (area, reconciliation_id, number);
ALTER TABLE ONLY settlement.document_activation
    ADD CONSTRAINT document_activation_pkey PRIMARY KEY (area, activation_id);
ALTER TABLE ONLY settlement.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (area, document_id);
ALTER TABLE ONLY settlement.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY settlement.expense_receipt
    ADD CONSTRAINT expense_receipt_pkey PRIMARY KEY (area, reimbursement_id, number);
ALTER TABLE ONLY settlement.guarantee
    ADD CONSTRAINT guarantee_pkey PRIMARY KEY (area, guarantee_id);
ALTER TABLE ONLY settlement.held_claim
    ADD CONSTRAINT held_claim_pkey PRIMARY KEY (area, hold_id, number);
ALTER TABLE ONLY settlement.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (area, hold_id);
ALTER TABLE ONLY settlement.institution
    ADD CONSTRAINT institution_pkey PRIMARY KEY (area, registration_id);
ALTER TABLE ONLY settlement.online_suspension
    ADD CONSTRAINT online_suspension_pkey PRIMARY KEY (area, suspension_id);
ALTER TABLE ONLY settlement.person_year
    ADD CONSTRAINT person_year_pkey PRIMARY KEY (area, person_id, scheme, year);
ALTER TABLE ONLY settlement.posting
    ADD CONSTRAINT posting_pkey PRIMARY KEY (area, transaction_id, number);
ALTER TABLE ONLY settlement.reconciliation
    ADD CONSTRAINT reconciliation_pkey PRIMARY KEY (area, reconciliation_id);
ALTER TABLE ONLY settlement.reimbursement
    ADD CONSTRAINT reimbursement_pkey PRIMARY KEY (area, reimbursement_id);
ALTER TABLE ONLY settlement.request_key
    ADD CONSTRAINT request_key_pkey PRIMARY KEY (area, caller, method, request_id);
ALTER TABLE ONLY settlement.revision
    ADD CONSTRAINT revision_pkey PRIMARY KEY (area, revision_id);
ALTER TABLE ONLY settlement.seaql_migrations
    ADD CONSTRAINT seaql_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY settlement.settlement
    ADD CONSTRAINT settlement_pkey PRIMARY KEY (area, settlement_id);
ALTER TABLE ONLY settlement.subsidy
    ADD CONSTRAINT subsidy_pkey PRIMARY KEY (area, subsidy_id);
ALTER TABLE ONLY settlement.visit_line
    ADD CONSTRAINT visit_line_pkey PRIMARY KEY (area, visit_id, number);
ALTER TABLE ONLY settlement.visit
    ADD CONSTRAINT visit_pkey PRIMARY KEY (area, visit_id);
CREATE UNIQUE INDEX coverage_person_year ON enrollment.coverage USING btree (area, person_id, year) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX document_activation_document ON enrollment.document_activation USING btree (area, document_id) WHERE (withdrawn_at IS NULL);
CREATE INDEX document_activation_kind ON enrollment.document_activation USING btree (area, kind, withdrawn_at);
CREATE UNIQUE INDEX document_activation_slot ON enrollment.document_activation USING btree (area, kind, slot, activates_at) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX document_digest ON enrollment.document USING btree (area, kind, digest) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX event_position ON enrollment.event USING btree ("position");
CREATE INDEX event_waiting ON enrollment.event USING btree (event_id) WHERE ("position" IS NULL);
CREATE UNIQUE INDEX household_register_number ON enrollment.household USING btree (area, register_number) WHERE (withdrawn_at IS NULL);
CREATE INDEX identity_person ON enrollment.identity USING btree (area, person_id);
CREATE INDEX person_household ON enrollment.person USING btree (area, household_id);
CREATE UNIQUE INDEX person_id_number ON enrollment.person USING btree (area, id_number);
CREATE INDEX suspension_person ON enrollment.suspension USING btree (area, person_id);
CREATE UNIQUE INDEX event_position ON interregional.event USING btree ("position");
CREATE INDEX event_waiting ON interregional.event USING btree (event_id) WHERE ("position" IS NULL);
CREATE UNIQUE INDEX participant_region ON interregional.participant USING btree (area, region) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX event_position ON orchestrator.event USING btree ("position");
CREATE INDEX event_waiting ON orchestrator.event USING btree (event_id) WHERE ("position" IS NULL);
CREATE INDEX saga_due ON orchestrator.saga USING btree (due_at) WHERE (state = 0);
CREATE UNIQUE INDEX saga_id ON orchestrator.saga USING btree (area, saga_id);
CREATE INDEX saga_state ON orchestrator.saga USING btree (area, state, saga_id);
CREATE INDEX bar_institution ON referral.bar USING btree (area, institution, until_day) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX event_position ON referral.event USING btree ("position");
CREATE INDEX event_waiting ON referral.event USING btree (event_id) WHERE ("position" IS NULL);
CREATE UNIQUE INDEX catalogue_day ON settlement.catalogue USING btree (area, effective_day);
CREATE UNIQUE INDEX closed_day_once ON settlement.closed_day USING btree (area, day, institution_code) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX closed_month_once ON settlement.closed_month USING btree (area, month) WHERE (withdrawn_at IS NULL);
CREATE INDEX difference_explained ON settlement.difference_explanation USING btree (area, institution_code, day, subject);
CREATE UNIQUE INDEX document_activation_document ON settlement.document_activation USING btree (area, document_id) WHERE (withdrawn_at IS NULL);
CREATE INDEX document_activation_kind ON settlement.document_activation USING btree (area, kind, withdrawn_at);
CREATE UNIQUE INDEX document_activation_slot ON settlement.document_activation USING btree (area, kind, slot, activates_at) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX document_digest ON settlement.document USING btree (area, kind, digest) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX event_position ON settlement.event USING btree ("position");
CREATE INDEX event_waiting ON settlement.event USING btree (event_id) WHERE ("position" IS NULL);
CREATE UNIQUE INDEX expense_receipt_once ON settlement.expense_receipt USING btree (area, receipt_code, receipt_number) WHERE (freed_at IS NULL);
CREATE INDEX guarantee_open ON settlement.guarantee USING btree (area, guarantee_id) WHERE ((closed_at IS NULL) AND (withdrawn_at IS NULL));
CREATE UNIQUE INDEX guarantee_person ON settlement.guarantee USING btree (area, person_id) WHERE ((closed_at IS NULL) AND (withdrawn_at IS NULL));
CREATE UNIQUE INDEX guarantee_visit ON settlement.guarantee USING btree (area, institution_code, visit_number) WHERE ((closed_at IS NULL) AND (withdrawn_at IS NULL));
CREATE INDEX hold_batch ON settlement.hold USING btree (area, batch_id) WHERE (batch_id IS NOT NULL);
CREATE INDEX hold_open ON settlement.hold USING btree (area, hold_id) WHERE ((posted_at IS NULL) AND (released_at IS NULL));
CREATE INDEX hold_reversal ON settlement.hold USING btree (area, reversal_id) WHERE (reversal_id IS NOT NULL);
CREATE UNIQUE INDEX institution_code ON settlement.institution USING btree (area, code) WHERE (withdrawn_at IS NULL);
CREATE INDEX online_suspension_days ON settlement.online_suspension USING btree (area, subject, until_day) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX online_suspension_ordinal ON settlement.online_suspension USING btree (area, subject, ordinal);
CREATE INDEX online_suspension_standing ON settlement.online_suspension USING btree (area, suspension_id) WHERE (withdrawn_at IS NULL);
CREATE INDEX person_year_held ON settlement.person_year USING btree (area, held_by) WHERE (held_by IS NOT NULL);
CREATE INDEX posting_posted ON settlement.posting USING btree (area, posted_at);
CREATE INDEX posting_subject ON settlement.posting USING btree (area, settlement_id);
CREATE UNIQUE INDEX reconciliation_of_day ON settlement.reconciliation USING btree (area, institution_code, day, ordinal);
CREATE INDEX reimbursement_settled ON settlement.reimbursement USING btree (area, settlement_id) WHERE (settlement_id IS NOT NULL);
CREATE UNIQUE INDEX revision_number ON settlement.revision USING btree (area, settlement_id, number);
CREATE UNIQUE INDEX revision_place ON settlement.revision USING btree (area, correction_id, place);
CREATE INDEX revision_posted ON settlement.revision USING btree (area, posted_at);
CREATE INDEX revision_withdrawn ON settlement.revision USING btree (area, withdrawn_at) WHERE (withdrawn_at IS NOT NULL);
CREATE INDEX revision_year ON settlement.revision USING btree (area, person_id, scheme, year, year_version);
CREATE INDEX settlement_day_posted ON settlement.settlement USING btree (area, posted_at);
CREATE INDEX settlement_day_reversed ON settlement.settlement USING btree (area, reversed_at) WHERE (reversed_at IS NOT NULL);
CREATE INDEX settlement_days ON settlement.settlement USING btree (area, person_id, end_day);
CREATE UNIQUE INDEX settlement_fingerprint ON settlement.settlement USING btree (area, fingerprint) WHERE (reversed_at IS NULL);
CREATE UNIQUE INDEX settlement_ordinal ON settlement.settlement USING btree (area, person_id, scheme, year, ordinal);
CREATE INDEX settlement_posted ON settlement.settlement USING btree (area, institution_code, posted_at, settlement_id);
CREATE INDEX settlement_reversed ON settlement.settlement USING btree (area, institution_code, reversed_at) WHERE (reversed_at IS NOT NULL);
CREATE UNIQUE INDEX settlement_visit ON settlement.settlement USING btree (area, institution_code, visit_number) WHERE (reversed_at IS NULL);
CREATE UNIQUE INDEX subsidy_year ON settlement.subsidy USING btree (area, person_id, scheme, year) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX visit_line_code ON settlement.visit_line USING btree (area, visit_id, line_code) WHERE (revocation_id IS NULL);
CREATE INDEX visit_line_revocation ON settlement.visit_line USING btree (area, revocation_id) WHERE (revocation_id IS NOT NULL);
CREATE INDEX visit_line_unlisted ON settlement.visit_line USING btree (area, institution_code, fee_day) WHERE ((NOT listed) AND (revocation_id IS NULL));
CREATE INDEX visit_line_upload ON settlement.visit_line USING btree (area, upload_id);
CREATE INDEX visit_listed ON settlement.visit USING btree (area, institution_code, visit_id);
CREATE UNIQUE INDEX visit_number ON settlement.visit USING btree (area, institution_code, visit_number) WHERE (cancelled_at IS NULL);
CREATE INDEX visit_settlement ON settlement.visit USING btree (area, settlement_id) WHERE (settlement_id IS NOT NULL);
