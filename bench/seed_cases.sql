-- The rows of the cases n in [:first, :last), table by table. Each insert follows from `bench_case` alone.

INSERT INTO household (authority_id, id, home_language)
SELECT authority_id, household_id, 'ENG' FROM bench_case WHERE n >= :first AND n < :last ORDER BY n;

INSERT INTO pupil (authority_id, id, household_id, given_name, family_name, date_of_birth, sex, first_language)
SELECT authority_id, pupil_id, household_id, 'Robin', 'Sampleton ' || n, '2014-01-01'::date + (n % 2000)::int,
  CASE WHEN n % 2 = 0 THEN 'F' ELSE 'M' END, 'ENG'
FROM bench_case WHERE n >= :first AND n < :last ORDER BY n;

-- Numbers of the made-up establishment 9999, with a check letter that is nobody's: a sound one is not needed here.
INSERT INTO pupil_statutory (authority_id, pupil_id, upn, ethnicity, free_school_meals)
SELECT authority_id, pupil_id, 'I9269999' || lpad(k::text, 5, '0'), 'WBRI', n % 3 = 0
FROM bench_case WHERE n >= :first AND n < :last ORDER BY n;

INSERT INTO enrolment (authority_id, id, pupil_id, school_id, mis_id, starts_on)
SELECT authority_id, bench_id(received_at, 22, n), pupil_id, school_id, 'P-' || k, '2022-09-01'
FROM bench_case WHERE n >= :first AND n < :last ORDER BY n;

INSERT INTO household_contact (authority_id, id, household_id, position, name, relationship, parental_responsibility,
  lives_with_child, phones)
SELECT authority_id, bench_id(received_at, 23, n), household_id, 1, 'Alex Sampleton ' || n, 'mother', true, true, '{01632 960123}'
FROM bench_case WHERE n >= :first AND n < :last ORDER BY n;

INSERT INTO referral (authority_id, id, reference, version, state, state_sequence, referring_organisation_id, school_id,
  pupil_id, household_id, area_id, case_provider_id, intervention_id, referrer, sender_reference, mis_id, received_at,
  updated_at, year_group, key_stage, band, band_asked, banded_on, need_codes, needs, language, modes, agreement,
  agreement_status, lawful_basis, immediate_danger, unplaceable, outcome, close_reason, closed_at)
SELECT authority_id, referral_id, bench_reference('R', n), m.moves, state, m.moves, school_id, school_id, pupil_id,
  household_id, area_id,
  CASE WHEN state IN ('accepted', 'in_progress') THEN provider_id END,
  CASE WHEN state IN ('accepted', 'in_progress', 'closed') THEN bench_id(received_at, 28, n) END,
  '{"name": "Sam Testwell", "role": "Attendance lead", "email": "s.testwell@school.example"}', 'MIS-' || k, 'P-' || k,
  received_at, received_at, year_group, key_stage, band, band, received_at::date, ARRAY[need],
  jsonb_build_array(jsonb_build_object('code', need, 'about', 'child', 'words', 'Mornings are hard since the move.')),
  'ENG', '{home,school}',
  '{"status": "given", "given_by": "Alex Sampleton", "how": "in_person"}', 'given',
  '{"purpose": "Early help for the family", "basis": "public_task"}', false, state = 'waiting',
  CASE WHEN state = 'closed' THEN 'completed' END, CASE WHEN state = 'closed' THEN 'goals_met' END,
  CASE WHEN state = 'closed' THEN received_at + interval '45 days' END
FROM bench_case c, LATERAL (SELECT CASE state WHEN 'accepted' THEN 3 WHEN 'in_progress' THEN 4 WHEN 'closed' THEN 4 ELSE 2 END AS moves) m
WHERE n >= :first AND n < :last ORDER BY n;

CREATE TEMPORARY TABLE bench_move ON COMMIT DROP AS
SELECT c.n, c.authority_id, c.referral_id, c.school_id, c.provider_id, c.officers_id, m.sequence, m.from_state, m.to_state,
  m.event_type, bench_id(c.received_at, 40 + m.sequence, c.n) AS event_id,
  c.received_at + m.after AS at, m.by_provider
FROM bench_case c CROSS JOIN LATERAL (
  SELECT 1 AS sequence, 'new' AS from_state, 'submitted' AS to_state, 'referral.submitted' AS event_type,
    interval '0' AS after, false AS by_provider
  UNION ALL SELECT 2, 'submitted', CASE c.state WHEN 'waiting' THEN 'waiting' ELSE 'offered' END,
    CASE c.state WHEN 'waiting' THEN 'referral.waiting' ELSE 'allocation.offered' END, '0', false
  UNION ALL SELECT 3, 'offered', 'accepted', 'allocation.accepted', '1 day', true
  WHERE c.state IN ('accepted', 'in_progress', 'closed')
  UNION ALL SELECT 4, 'accepted', 'in_progress', 'intervention.started', '7 days', true WHERE c.state = 'in_progress'
  UNION ALL SELECT 4, 'accepted', 'closed', 'intervention.closed', '45 days', true WHERE c.state = 'closed'
) m WHERE c.n >= :first AND c.n < :last;

INSERT INTO status_history (authority_id, referral_id, sequence, from_state, to_state, event_id, event_type, changed_at,
  organisation_id)
SELECT authority_id, referral_id, sequence, from_state, to_state, event_id, event_type, at,
  CASE WHEN by_provider THEN provider_id ELSE school_id END
FROM bench_move ORDER BY n, sequence;

INSERT INTO event (authority_id, id, type, subject_kind, subject_id, subject_version, referral_id, organisation_id,
  occurred_at, recorded_at)
SELECT authority_id, event_id, event_type, 'referral', referral_id, sequence, referral_id,
  CASE WHEN by_provider THEN provider_id ELSE school_id END, at, at
FROM bench_move ORDER BY at;

INSERT INTO event_audience (authority_id, event_id, organisation_id)
SELECT m.authority_id, m.event_id, o.organisation_id
FROM bench_move m CROSS JOIN LATERAL (
  SELECT m.officers_id AS organisation_id UNION ALL SELECT m.school_id
  UNION ALL SELECT m.provider_id WHERE m.event_type NOT IN ('referral.submitted', 'referral.waiting')
) o ORDER BY m.at;

INSERT INTO decision (authority_id, id, referral_id, policy_version_id, decided_at, as_of, trigger, outcome, record)
SELECT authority_id, bench_id(received_at, 25, n), referral_id, bench_party(11, a), received_at, received_at::date, 'arrival',
  CASE state WHEN 'waiting' THEN 'unplaceable' ELSE 'offered' END,
  jsonb_build_object('lots', jsonb_build_array(lot_id), 'as_of', received_at::date, 'needs', jsonb_build_array(need))
FROM bench_case WHERE n >= :first AND n < :last ORDER BY n;

INSERT INTO booking (authority_id, id, place_id, lot_id, provider_id, household_id, state, starts_on, ends_on, cause, released_on)
SELECT authority_id, bench_id(received_at, 26, n), bench_party(9, lot_number * 100000 + place_number), lot_id, provider_id,
  household_id, CASE state WHEN 'closed' THEN 'released' WHEN 'in_progress' THEN 'active' ELSE state END,
  received_at::date, received_at::date + 45 + CASE state WHEN 'closed' THEN 0 ELSE 30 END, 'offer',
  CASE state WHEN 'closed' THEN received_at::date + 45 END
FROM bench_case WHERE n >= :first AND n < :last AND state <> 'waiting' ORDER BY n;

INSERT INTO intervention (authority_id, id, booking_id, referral_id, lot_id, provider_id, referring_organisation_id,
  school_id, practitioner_id, state, accepted_at, updated_at, safety_acknowledged_at, started_on,
  planned_start_on, planned_end_on, closed_on, outcome, close_reason, closure_summary)
SELECT authority_id, bench_id(received_at, 28, n), bench_id(received_at, 26, n), referral_id, lot_id, provider_id, school_id,
  school_id, practitioner_id,
  CASE state WHEN 'accepted' THEN 'planned' WHEN 'in_progress' THEN 'active' ELSE 'closed' END,
  received_at + interval '1 day', received_at + interval '1 day', received_at + interval '2 days',
  CASE WHEN state <> 'accepted' THEN received_at::date + 7 END, received_at::date, received_at::date + 45,
  CASE state WHEN 'closed' THEN received_at::date + 45 END, CASE state WHEN 'closed' THEN 'completed' END,
  CASE state WHEN 'closed' THEN 'goals_met' END, CASE state WHEN 'closed' THEN '{"what_changed": "Calm mornings.", "signposted": [], "family_words": null}'::jsonb END
FROM bench_case WHERE n >= :first AND n < :last AND state IN ('accepted', 'in_progress', 'closed') ORDER BY n;

INSERT INTO offer (authority_id, id, referral_id, provider_id, referring_organisation_id, school_id, lot_id, service_id,
  place_id, booking_id, decision_id, practitioner_id, intervention_id, reference, state, version, starts_on, offered_at,
  answer_due_at, answered_at, updated_at, summary)
SELECT authority_id, bench_id(received_at, 27, n), referral_id, provider_id, school_id, school_id, lot_id, service_id,
  bench_party(9, lot_number * 100000 + place_number), bench_id(received_at, 26, n), bench_id(received_at, 25, n), practitioner_id,
  CASE WHEN state <> 'offered' THEN bench_id(received_at, 28, n) END, bench_reference('A', n),
  CASE WHEN state = 'offered' THEN 'pending' ELSE 'accepted' END, 1, received_at::date, received_at,
  received_at + interval '30 days',
  CASE WHEN state <> 'offered' THEN received_at + interval '1 day' END, received_at,
  jsonb_build_object('year_group', year_group, 'key_stage', key_stage, 'band', band, 'needs', jsonb_build_array(need),
    'area_id', area_id, 'language', 'ENG', 'interpreter_needed', false, 'modes', '["home", "school"]'::jsonb,
    'preferred_mode', NULL, 'visit_risk_level', 'none', 'known_to_you', false, 'attendance_band', '70-79',
    'suspensions_band', '1-2')
FROM bench_case WHERE n >= :first AND n < :last AND state <> 'waiting' ORDER BY n;

INSERT INTO obligation (authority_id, id, kind, owed_by_id, subject_kind, subject_id, clock, created_at, due_at, met_at)
SELECT authority_id, bench_id(received_at, 29, n),
  CASE WHEN state = 'waiting' THEN 'place_referral' ELSE 'answer_offer' END,
  CASE WHEN state = 'waiting' THEN officers_id ELSE provider_id END,
  CASE WHEN state = 'waiting' THEN 'referral' ELSE 'offer' END,
  CASE WHEN state = 'waiting' THEN referral_id ELSE bench_id(received_at, 27, n) END,
  CASE WHEN state = 'waiting' THEN 'calendar_hour' ELSE 'working_day' END, received_at, received_at + interval '30 days',
  CASE WHEN state NOT IN ('offered', 'waiting') THEN received_at + interval '1 day' END
FROM bench_case WHERE n >= :first AND n < :last ORDER BY n;

-- Figures as sent with the referral, then of the term before it and the first after its end.
CREATE TEMPORARY TABLE bench_fact ON COMMIT DROP AS
SELECT c.n, c.authority_id, c.referral_id, c.pupil_id, c.school_id, f.kind, f.source, f.at, t.*
FROM bench_case c CROSS JOIN LATERAL (
  SELECT 0 AS kind, 'referral' AS source, c.received_at AS at
  UNION ALL SELECT 1, 'push', c.received_at - interval '4 months' WHERE c.state = 'closed'
  UNION ALL SELECT 2, 'push', c.received_at + interval '45 days' + interval '4 months' WHERE c.state = 'closed'
) f CROSS JOIN LATERAL (
  SELECT extract(year FROM f.at)::int - CASE WHEN extract(month FROM f.at) < 9 THEN 1 ELSE 0 END AS began,
    CASE WHEN extract(month FROM f.at) >= 9 THEN 'autumn' WHEN extract(month FROM f.at) <= 3 THEN 'spring' ELSE 'summer' END AS term
) t
WHERE c.n >= :first AND c.n < :last;

INSERT INTO attendance_record (authority_id, id, referral_id, pupil_id, school_id, term, period_starts_on, period_ends_on,
  sessions_possible, sessions_attended, sessions_authorised, sessions_unauthorised, source, recorded_at)
SELECT authority_id, bench_id(at, 30 + kind, n), referral_id, pupil_id, school_id,
  CASE WHEN kind > 0 THEN began || '/' || lpad(((began + 1) % 100)::text, 2, '0') || '-' || term END,
  at::date - 40 + kind, at::date, 120, 60 + (n % 50)::int, 10, 50 - (n % 50)::int, source, at
FROM bench_fact ORDER BY n, kind;

INSERT INTO suspension_record (authority_id, id, referral_id, pupil_id, school_id, term, period_starts_on, period_ends_on,
  suspension_count, sessions_lost, source, recorded_at)
SELECT authority_id, bench_id(at, 33 + kind, n), referral_id, pupil_id, school_id,
  CASE WHEN kind > 0 THEN began || '/' || lpad(((began + 1) % 100)::text, 2, '0') || '-' || term END,
  at::date - 40 + kind, at::date, (n % 4)::int, (n % 4)::int * 2, source, at
FROM bench_fact ORDER BY n, kind;
