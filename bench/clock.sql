-- Open cases of the first authority, one row of `bench_open` each: half of their six weeks are over on the whole, one in
-- twenty runs past its planned end. Marks: :cases, :now. Every obligation has its moments worked out already, as the
-- clock leaves them, and what lay in the past was told then.

CREATE TEMPORARY TABLE bench_open AS
SELECT n, bench_party(1, 0) AS authority_id, bench_id(:now, 60, n) AS referral_id, bench_id(:now, 61, n) AS household_id,
  bench_id(:now, 62, n) AS place_id, bench_id(:now, 63, n) AS booking_id, bench_id(:now, 64, n) AS intervention_id,
  bench_id(:now, 65, n) AS offer_id, bench_id(:now, 66, n) AS pupil_id, bench_party(4, n % 40) AS school_id,
  bench_party(5, 0) AS provider_id,
  :now - interval '44 days' + interval '44 days' * (n::float8 / :cases) AS accepted_at,
  (:now - interval '2 days' + interval '44 days' * (n::float8 / :cases))::date AS planned_end_on
FROM generate_series(1, :cases) n;

INSERT INTO household (authority_id, id) SELECT authority_id, household_id FROM bench_open;

INSERT INTO pupil (authority_id, id, household_id, given_name, family_name, date_of_birth)
SELECT authority_id, pupil_id, household_id, 'Robin', 'Sampleton ' || n, '2014-01-01' FROM bench_open;

INSERT INTO place (authority_id, id, lot_id, provider_id, number, available_from)
SELECT authority_id, place_id, bench_party(8, 0), provider_id, 1000000 + n, '2020-01-01' FROM bench_open;

INSERT INTO booking (authority_id, id, place_id, lot_id, provider_id, household_id, state, starts_on, ends_on, cause)
SELECT authority_id, booking_id, place_id, bench_party(8, 0), provider_id, household_id, 'active', accepted_at::date,
  greatest(planned_end_on, :now::date + 1), 'offer'
FROM bench_open;

INSERT INTO referral (authority_id, id, reference, version, state, state_sequence, referring_organisation_id, school_id,
  pupil_id, household_id, area_id, case_provider_id, intervention_id, referrer, received_at, updated_at, year_group,
  key_stage, band, band_asked, banded_on, need_codes, needs, language, modes, agreement, agreement_status, lawful_basis,
  immediate_danger, unplaceable)
SELECT authority_id, referral_id, bench_reference('C', n), 4, 'in_progress', 4, school_id, school_id, pupil_id,
  household_id, bench_party(3, n % 4), provider_id, intervention_id, '{"name": "Sam Testwell"}', accepted_at, accepted_at,
  '3', 'KS2', 'P3', 'P3', accepted_at::date, '{attendance}', '[]', 'ENG', '{home}', '{"status": "given"}', 'given', '{}',
  false, false
FROM bench_open;

INSERT INTO intervention (authority_id, id, booking_id, referral_id, lot_id, provider_id, referring_organisation_id,
  school_id, state, accepted_at, updated_at, safety_acknowledged_at, started_on, planned_start_on, planned_end_on)
SELECT authority_id, intervention_id, booking_id, referral_id, bench_party(8, 0), provider_id, school_id, school_id,
  'active', accepted_at, accepted_at, accepted_at, accepted_at::date, accepted_at::date, planned_end_on
FROM bench_open;

CREATE TEMPORARY TABLE bench_owed AS
SELECT o.*, d.kind, d.due_at, d.met_at, d.due_at - interval '32 hours' AS remind_at, d.due_at + interval '2 days' AS escalate_at
FROM bench_open o CROSS JOIN LATERAL (VALUES
  ('initial_contact', accepted_at::date + 7 + interval '17 hours', accepted_at + interval '3 days'),
  ('plan', accepted_at::date + 14 + interval '17 hours', CASE WHEN accepted_at < :now - interval '10 days' THEN accepted_at + interval '9 days' END),
  ('review', accepted_at::date + 28 + interval '17 hours', CASE WHEN accepted_at < :now - interval '21 days' THEN accepted_at + interval '20 days' END),
  ('closure', planned_end_on + interval '17 hours', NULL)
) AS d (kind, due_at, met_at);

INSERT INTO obligation (authority_id, id, kind, owed_by_id, subject_kind, subject_id, clock, created_at, due_at, met_at,
  planned_for, remind_at, escalate_at, reminded_at, overdue_at, escalated_at)
SELECT authority_id, bench_id(:now, 70, row_number() OVER ()), kind, provider_id, 'intervention', intervention_id,
  'school_day', accepted_at, due_at, met_at, due_at, remind_at, escalate_at,
  CASE WHEN remind_at <= :now AND (met_at IS NULL OR met_at > remind_at) THEN remind_at END,
  CASE WHEN due_at <= :now AND (met_at IS NULL OR met_at > due_at) THEN due_at END,
  CASE WHEN escalate_at <= :now AND (met_at IS NULL OR met_at > escalate_at) THEN escalate_at END
FROM bench_owed;
