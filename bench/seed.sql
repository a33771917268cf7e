-- The ground: authorities with their parties and block, then a staging table of cases that `seed_cases.sql` reads.
-- Marks such as :rows are filled in by bench/seed.py. Times count back from the moment of seeding.

CREATE OR REPLACE FUNCTION bench_id(at timestamptz, kind int, n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  -- A UUIDv7 of a moment: rising with time as the service's own ids do, and known without looking it up.
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(kind), 3, '0')
          || '8' || lpad(to_hex(n), 15, '0'))::uuid
$$;
CREATE OR REPLACE FUNCTION bench_party(kind int, n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT bench_id('2023-01-01Z', kind, n) $$;
CREATE OR REPLACE FUNCTION bench_reference(prefix text, n bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT prefix || '-' || substr(t, 1, 4) || '-' || substr(t, 5, 4) FROM (SELECT upper(lpad(to_hex(n), 8, '0')) AS t) x
$$;

-- Kinds of id: 1 authority, 2 its organisation, 3 area, 4 school, 5 provider, 6 service, 7 contract, 8 lot, 9 place,
-- 10 practitioner, 11 policy version; of a case: 20 household, 21 pupil, 22 enrolment, 23 contact, 24 referral,
-- 25 decision, 26 booking, 27 offer, 28 intervention, 29 obligation, 30 to 34 facts, 40 to 44 events.

INSERT INTO authority (id, la_code, name, safeguarding_contact, clock_ran_to)
SELECT bench_party(1, a), lpad((a + 100)::text, 3, '0'), 'Benchshire ' || a, '{"name": "Benchshire MASH"}', :now
FROM generate_series(0, :authorities - 1) a;

INSERT INTO organisation (authority_id, id, kind, name)
SELECT bench_party(1, a), bench_party(2, a), 'authority', 'Benchshire ' || a FROM generate_series(0, :authorities - 1) a
UNION ALL
SELECT bench_party(1, a), bench_party(4, a * 1000 + s), 'school', 'Made-up School ' || s
FROM generate_series(0, :authorities - 1) a, generate_series(0, 39) s
UNION ALL
SELECT bench_party(1, a), bench_party(5, a * 1000 + p), 'provider', 'Made-up Families ' || p
FROM generate_series(0, :authorities - 1) a, generate_series(0, 3) p;

INSERT INTO area (authority_id, id, code, name)
SELECT bench_party(1, a), bench_party(3, a * 1000 + s), 'area-' || s, 'Area ' || s
FROM generate_series(0, :authorities - 1) a, generate_series(0, 3) s;

INSERT INTO school (authority_id, organisation_id, urn, laestab, phase, low_age, high_age, pupils_on_roll, area_id, member_from)
SELECT bench_party(1, a), bench_party(4, a * 1000 + s), (900000 + a * 40 + s)::text, NULL,
  CASE WHEN s % 4 = 0 THEN 'Secondary' ELSE 'Primary' END, CASE WHEN s % 4 = 0 THEN 11 ELSE 4 END,
  CASE WHEN s % 4 = 0 THEN 18 ELSE 11 END, 300, bench_party(3, a * 1000 + s % 4), '2020-09-01'
FROM generate_series(0, :authorities - 1) a, generate_series(0, 39) s;

INSERT INTO policy_version (authority_id, id, number, content, digest, effective_from)
SELECT bench_party(1, a), bench_party(11, a), 1, :policy, :digest, '2020-01-01'
FROM generate_series(0, :authorities - 1) a;

INSERT INTO service (authority_id, id, provider_id, name, summary, tier, needs, key_stages, languages, modes)
SELECT bench_party(1, a), bench_party(6, a * 1000 + p), bench_party(5, a * 1000 + p), 'Family support', 'Six weeks at home.',
  'targeted', '{attendance,behaviour_at_school,emotional_wellbeing}', '{KS1,KS2,KS3,KS4}', '{ENG,POL}', '{home,school}'
FROM generate_series(0, :authorities - 1) a, generate_series(0, 3) p;

INSERT INTO contract (authority_id, id, provider_id, title, contract_number, starts_on, ends_on, price_pence)
SELECT bench_party(1, a), bench_party(7, a * 1000 + p), bench_party(5, a * 1000 + p), 'Family support', 'C-' || p,
  '2020-01-01', '2035-07-31', 25000000
FROM generate_series(0, :authorities - 1) a, generate_series(0, 3) p;

INSERT INTO lot (authority_id, id, contract_id, provider_id, prime_id, service_id, name, key_stages, needs, volume)
SELECT bench_party(1, a), bench_party(8, a * 1000 + p), bench_party(7, a * 1000 + p), bench_party(5, a * 1000 + p),
  bench_party(5, a * 1000 + p), bench_party(6, a * 1000 + p), 'Lot 1', '{KS1,KS2,KS3,KS4}',
  '{attendance,behaviour_at_school,emotional_wellbeing}', 1000000
FROM generate_series(0, :authorities - 1) a, generate_series(0, 3) p;

INSERT INTO practitioner (authority_id, id, provider_id, name, caseload_limit)
SELECT bench_party(1, a), bench_party(10, a * 1000 + p * 10 + s), bench_party(5, a * 1000 + p), 'Sam Sampleton ' || s, 12
FROM generate_series(0, :authorities - 1) a, generate_series(0, 3) p, generate_series(0, 9) s;

-- One row per referral in the order of time, spread evenly over the authorities and the last three years. The newest
-- 1.5% wait (no lot serves them), then 0.5% are offered, 1% accepted, 3% in progress, and all older ones closed.
CREATE UNLOGGED TABLE bench_case AS
WITH c AS (
  SELECT n, n % :authorities AS a, n / :authorities AS k,
    (:rows - 1 - n)::float8 / :rows AS age,
    date_trunc('milliseconds', :now::timestamptz - interval '1095 days' * ((:rows - n)::float8 / :rows)) AS received_at
  FROM generate_series(0, :rows::bigint - 1) n
), s AS (
  SELECT *, CASE WHEN age < 0.015 THEN 'waiting' WHEN age < 0.02 THEN 'offered' WHEN age < 0.03 THEN 'accepted'
    WHEN age < 0.06 THEN 'in_progress' ELSE 'closed' END AS state,
    CASE WHEN k % 5 < 4 THEN 0 ELSE 1 + (k / 5) % 3 END AS p,
    (k * 7) % 40 AS s
  FROM c
)
SELECT n, a, k, received_at, state,
  bench_party(1, a) AS authority_id, bench_party(2, a) AS officers_id,
  bench_party(4, a * 1000 + s) AS school_id, bench_party(3, a * 1000 + s % 4) AS area_id,
  bench_party(5, a * 1000 + p) AS provider_id, bench_party(6, a * 1000 + p) AS service_id,
  bench_party(8, a * 1000 + p) AS lot_id, a * 1000 + p AS lot_number,
  bench_party(10, a * 1000 + p * 10 + k % 10) AS practitioner_id,
  CASE WHEN s % 4 = 0 THEN (7 + k % 5)::text ELSE (1 + k % 6)::text END AS year_group,
  CASE WHEN s % 4 = 0 THEN CASE WHEN k % 5 < 3 THEN 'KS3' ELSE 'KS4' END
    ELSE CASE WHEN k % 6 < 2 THEN 'KS1' ELSE 'KS2' END END AS key_stage,
  CASE WHEN state = 'waiting' THEN 'transition'
    ELSE (ARRAY['attendance', 'behaviour_at_school', 'emotional_wellbeing'])[1 + k % 3] END AS need,
  (ARRAY['P1', 'P2', 'P3', 'P4'])[1 + (k * 3) % 4] AS band,
  -- Live cases hold a place each; a closed one names any.
  CASE WHEN state IN ('offered', 'accepted', 'in_progress')
    THEN row_number() OVER (PARTITION BY a, p, state IN ('offered', 'accepted', 'in_progress') ORDER BY n) ELSE 1 END AS place_number,
  bench_id(received_at, 24, n) AS referral_id, bench_id(received_at, 21, n) AS pupil_id,
  bench_id(received_at, 20, n) AS household_id
FROM s;
CREATE UNIQUE INDEX ON bench_case (n);

INSERT INTO place (authority_id, id, lot_id, provider_id, number, practitioner_id, available_from)
SELECT bench_party(1, a), bench_party(9, (a * 1000 + p) * 100000::bigint + number), bench_party(8, a * 1000 + p),
  bench_party(5, a * 1000 + p), number, bench_party(10, a * 1000 + p * 10 + number % 10), '2020-01-01'
FROM generate_series(0, :authorities - 1) a CROSS JOIN generate_series(0, 3) p
LEFT JOIN (SELECT lot_number, max(place_number) AS held FROM bench_case GROUP BY 1) c ON c.lot_number = a * 1000 + p
CROSS JOIN LATERAL generate_series(1, coalesce(c.held, 1)::int + CASE WHEN p = 0 THEN :spare_places ELSE 0 END) number;
ANALYZE bench_case;
