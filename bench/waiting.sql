-- A long waiting list in one authority: :count referrals of many kinds, received over the last 200 days.
-- Run after the seed. Marks such as :count are filled in by bench/waiting.py.

DELETE FROM referral WHERE authority_id = bench_party(1, 0) AND state = 'waiting';

CREATE TEMPORARY TABLE long_list AS
SELECT n, bench_party(1, 0) AS authority_id, bench_party(4, (n * 7) % 40) AS school_id,
  bench_party(3, (n * 7) % 40 % 4) AS area_id, bench_id('2022-01-01Z', 50, n) AS referral_id,
  bench_id('2022-01-01Z', 51, n) AS household_id, :now::timestamptz - interval '200 days' * (n::float8 / :count) AS received_at,
  (ARRAY['P1', 'P2', 'P2', 'P3', 'P3', 'P3', 'P4', 'P4', 'P4', 'P4'])[1 + (n * 3 + n / 11) % 10] AS band,
  (ARRAY['KS1', 'KS2', 'KS3', 'KS4'])[1 + (n / 3) % 4] AS key_stage,
  -- One in ten has a need that no lot serves, one in twenty a language that none speaks.
  (ARRAY['attendance', 'behaviour_at_school', 'emotional_wellbeing', 'attendance', 'behaviour_at_school',
         'emotional_wellbeing', 'attendance', 'behaviour_at_school', 'emotional_wellbeing', 'housing'])[1 + (n / 7) % 10] AS need,
  CASE WHEN n % 20 = 7 THEN 'SOM' WHEN n % 6 = 1 THEN 'POL' ELSE 'ENG' END AS language,
  CASE WHEN n % 13 = 0 THEN ARRAY[bench_party(5, n % 4)] ELSE '{}' END AS refused
FROM generate_series(0, :count::bigint - 1) n;

INSERT INTO household (authority_id, id, home_language)
SELECT authority_id, household_id, 'ENG' FROM long_list ON CONFLICT DO NOTHING;

INSERT INTO referral (authority_id, id, reference, version, state, state_sequence, referring_organisation_id, school_id,
  pupil_id, household_id, area_id, referrer, sender_reference, received_at, updated_at, year_group, key_stage, band,
  band_asked, banded_on, need_codes, needs, language, modes, refused_provider_ids, agreement, agreement_status,
  lawful_basis, immediate_danger, unplaceable)
SELECT authority_id, referral_id, bench_reference('R', 4000000000 + n), 2, 'waiting', 2, school_id, school_id,
  bench_id('2022-01-01Z', 52, n), household_id, area_id, '{"name": "Sam Testwell"}', 'W-' || n, received_at, received_at,
  '7', key_stage, band, band, received_at::date, ARRAY[need], '[]', language, '{home,school}', refused,
  '{"status": "given"}', 'given', '{"purpose": "Early help for the family", "basis": "public_task"}', false,
  need = 'housing' OR language = 'SOM'
FROM long_list;

INSERT INTO status_history (authority_id, referral_id, sequence, from_state, to_state, event_id, event_type, changed_at,
  organisation_id)
SELECT authority_id, referral_id, 2, 'submitted', 'waiting', bench_id('2022-01-01Z', 53, n), 'referral.waiting',
  received_at, school_id
FROM long_list ON CONFLICT DO NOTHING;

ANALYZE referral;
