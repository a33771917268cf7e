-- What must hold in any database of Halfterm, checked from the rows alone. Run as the owner of the tables: row policy
-- hides from everyone else what is to be found. No row is the answer of a sound database.
--
-- Constraints hold some of this already. It is worked out again here without them, so that a constraint that was
-- dropped, or never held what its name says, is found as well.
--
-- Before it runs there must be a table of what clients were told, empty where nobody kept note:
--   CREATE TEMP TABLE acknowledged (kind text, id uuid, key text, organisation_id uuid);
-- `kind` is what was acknowledged, `id` what of, `key` the Idempotency-Key; for the kind `event`, an event that the
-- organisation read from its feed.
WITH
today AS (
  SELECT a.id AS authority_id, ((now() + a.clock_offset) AT TIME ZONE 'Europe/London')::date AS on_day, a.clock_ran_to
  FROM authority a
),
live_booking AS (SELECT * FROM booking WHERE state <> 'released'),
live_offer AS (SELECT * FROM offer WHERE state IN ('proposed', 'pending')),
-- The children whom a case serves now. A line in `case_member` is there once a second child has joined.
member AS (
  SELECT m.*, r.state AS referral_state, r.version AS referral_version FROM case_member m
  JOIN referral r ON r.authority_id = m.authority_id AND r.id = m.referral_id
  WHERE m.left_at IS NULL
),
officers AS (SELECT authority_id, id FROM organisation WHERE kind = 'authority'),
-- The terms of each lot today: an extension moves the contract's end, a volume variation the volume.
lot_today AS (
  SELECT l.*, d.on_day, c.starts_on, s.languages, s.modes, s.format, s.version AS service_version,
    coalesce((SELECT (v.terms ->> 'ends_on')::date FROM contract_variation v
      WHERE v.authority_id = c.authority_id AND v.contract_id = c.id AND v.kind = 'extension'
        AND v.effective_on <= d.on_day ORDER BY v.effective_on DESC, v.number DESC LIMIT 1), c.ends_on) AS ends_on,
    coalesce((SELECT (v.terms ->> 'volume')::int FROM contract_variation v
      WHERE v.authority_id = c.authority_id AND v.contract_id = c.id AND v.kind = 'volume'
        AND v.terms ->> 'lot_id' = l.id::text
        AND v.effective_on <= d.on_day ORDER BY v.effective_on DESC, v.number DESC LIMIT 1), l.volume) AS volume_today,
    coalesce((SELECT min(v.effective_on) FROM contract_variation v
      WHERE v.authority_id = c.authority_id AND v.contract_id = c.id AND v.kind = 'lots'
        AND v.terms -> 'lot_ids' ? l.id::text), c.starts_on) AS joins_on,
    (SELECT count(*) FROM intervention i
      WHERE i.authority_id = l.authority_id AND i.lot_id = l.id AND i.started_on IS NOT NULL)
      -- Of a course, a family (or a pupil) once, however many of it came.
      + (SELECT count(DISTINCT (e.course_id, CASE l.volume_unit WHEN 'pupil' THEN e.pupil_id ELSE e.household_id END))
         FROM course_enrolment e WHERE e.authority_id = l.authority_id AND e.lot_id = l.id AND e.used_on IS NOT NULL)
      + (SELECT count(*) FROM placement x WHERE x.authority_id = l.authority_id AND x.lot_id = l.id
         AND x.used_on IS NOT NULL)
      + (SELECT coalesce(ceil(sum(x.halves) / 2.0), 0)::bigint FROM link_day x
         WHERE x.authority_id = l.authority_id AND x.lot_id = l.id AND x.state = 'done')
      AS volume_used,
    (SELECT count(*) FROM booking b
      WHERE b.authority_id = l.authority_id AND b.lot_id = l.id AND b.state IN ('offered', 'accepted')) AS committed
  FROM lot l
  JOIN contract c ON c.authority_id = l.authority_id AND c.id = l.contract_id
  JOIN service s ON s.authority_id = l.authority_id AND s.id = l.service_id
  JOIN today d ON d.authority_id = l.authority_id
),
-- Families still held on places that a cut took away: so many free places of their lot wait, the highest numbers first.
held_after_cut AS (
  SELECT p.authority_id, p.lot_id, count(*) AS held
  FROM place p JOIN today d ON d.authority_id = p.authority_id
  JOIN live_booking b ON b.authority_id = p.authority_id AND b.place_id = p.id
  WHERE p.available_until <= d.on_day GROUP BY p.authority_id, p.lot_id
),
unbooked_place AS (
  SELECT p.*, row_number() OVER (PARTITION BY p.authority_id, p.lot_id ORDER BY p.number DESC) AS from_last
  FROM place p JOIN today d ON d.authority_id = p.authority_id
  WHERE p.available_from <= d.on_day AND (p.available_until IS NULL OR p.available_until > d.on_day)
    AND NOT EXISTS (SELECT FROM live_booking b WHERE b.authority_id = p.authority_id AND b.place_id = p.id)
    AND NOT EXISTS (SELECT FROM place_out_of_service x WHERE x.authority_id = p.authority_id AND x.place_id = p.id
                    AND x.starts_on <= d.on_day AND x.ends_on > d.on_day)
),
free_place AS (
  SELECT p.* FROM unbooked_place p
  LEFT JOIN held_after_cut c ON c.authority_id = p.authority_id AND c.lot_id = p.lot_id
  LEFT JOIN practitioner w ON w.authority_id = p.authority_id AND w.id = p.practitioner_id
  WHERE p.from_last > coalesce(c.held, 0)
    AND (w.id IS NULL OR w.active AND w.caseload_limit > (
      SELECT count(DISTINCT k.id) FROM live_booking b JOIN place k ON k.authority_id = b.authority_id AND k.id = b.place_id
      WHERE b.authority_id = w.authority_id AND k.practitioner_id = w.id AND b.format = 'casework'))
),
-- Cases that went to another provider, and when.
passed_on AS (
  SELECT x.* FROM hand_over_case x WHERE x.outcome = 'moved' AND x.from_provider_id <> x.to_provider_id
),
-- Whom a practitioner has, and may have: a place counts once, for its next family comes when the present one has left. A
-- limit that was changed evicts nobody, so only what it was all along binds.
caseload AS (
  SELECT w.authority_id, w.id AS practitioner_id, w.version,
    CASE WHEN w.active THEN w.caseload_limit ELSE 0 END AS most,
    (SELECT count(DISTINCT p.id) FROM live_booking b JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id
     WHERE b.authority_id = w.authority_id AND p.practitioner_id = w.id AND b.format = 'casework') AS held
  FROM practitioner w
),
-- Who is decided on arrival whatever the day, and since when everyone who waits has been decided by a night. Where an
-- officer confirms the plan of the night, nobody has.
cadence AS (
  SELECT d.authority_id,
    ARRAY(SELECT jsonb_array_elements_text(v.content -> 'at_once' -> 'bands')) AS at_once,
    date_trunc('day', d.clock_ran_to AT TIME ZONE 'Europe/London') AT TIME ZONE 'Europe/London' AS last_night,
    coalesce((v.content ->> 'confirm_batches')::boolean, false) AS confirmed
  FROM today d JOIN LATERAL (
    SELECT content FROM policy_version v WHERE v.authority_id = d.authority_id AND v.effective_from <= d.on_day
    ORDER BY v.effective_from DESC, v.number DESC LIMIT 1
  ) v ON true
),
-- What was decided of each offer, from its record. A late answer may have had another place of the lot since.
offer_decided AS (
  SELECT o.*, d.id AS found_decision_id, d.outcome, d.referral_id AS decided_referral_id, d.as_of, d.run_id,
    (d.record ->> 'place_id')::uuid AS decided_place_id, d.record -> 'want' AS want
  FROM offer o LEFT JOIN decision d ON d.authority_id = o.authority_id AND d.id = o.decision_id
  -- What was handed over was decided for the place before it.
  WHERE NOT EXISTS (SELECT FROM hand_over_case x WHERE x.authority_id = o.authority_id AND x.outcome = 'moved'
                    -- A child who shares the case has an allocation of its own there.
                    AND (x.to_offer_id = o.id
                         OR x.intervention_id = o.joins_intervention_id AND x.to_provider_id = o.provider_id))
),
-- Contacts that count: one that another took the place of was moved, not held.
attended_contact AS (
  SELECT k.* FROM intervention_contact k
  WHERE k.result IN ('attended', 'late')
    AND NOT EXISTS (SELECT FROM intervention_contact n
                    WHERE n.authority_id = k.authority_id AND n.supersedes_id = k.id)
),
school_row AS (
  SELECT r.authority_id, r.id AS return_id, r.period, p.value AS told, (p.value ->> 'referral_id')::uuid AS referral_id
  FROM return_record r CROSS JOIN LATERAL jsonb_array_elements(r.content -> 'pupils') AS p
  WHERE r.template = 'school_term' AND r.state IN ('submitted', 'queried', 'resubmitted', 'accepted')
),
act AS (
  -- What happened, as its own row says, with the event that has to tell of it.
  SELECT authority_id, 'contact' AS what, id, ARRAY['intervention.contact_recorded', 'intervention.started'] AS types,
    'contact_id' AS told_as FROM intervention_contact
  UNION ALL SELECT authority_id, 'reading', id, ARRAY['intervention.reading_recorded'], 'reading_id' FROM reading
  UNION ALL SELECT authority_id, 'review', id, ARRAY['intervention.reviewed'], 'review_id' FROM intervention_review
  UNION ALL SELECT authority_id, 'case handed over', id, ARRAY['intervention.handed_over'], 'hand_over_case_id'
    FROM hand_over_case WHERE outcome = 'moved'
),
act_of_subject AS (
  -- What a provider has by a hand-over was never offered to it.
  SELECT o.authority_id, 'offer made' AS what, o.id, 'allocation.offered' AS type FROM offer o
    WHERE o.state <> 'proposed'
      AND NOT EXISTS (SELECT FROM passed_on x WHERE x.authority_id = o.authority_id
        AND (x.to_offer_id = o.id OR x.intervention_id = o.joins_intervention_id AND x.to_provider_id = o.provider_id))
  UNION ALL SELECT o.authority_id, 'offer accepted', o.id, 'allocation.accepted' FROM offer o
    WHERE o.state = 'accepted'
      AND NOT EXISTS (SELECT FROM passed_on x WHERE x.authority_id = o.authority_id
        AND (x.to_offer_id = o.id OR x.intervention_id = o.joins_intervention_id AND x.to_provider_id = o.provider_id))
  UNION ALL SELECT authority_id, 'offer superseded', id, 'allocation.superseded' FROM offer WHERE state = 'superseded'
  UNION ALL SELECT authority_id, 'offer declined', id, 'allocation.declined' FROM offer WHERE state = 'declined'
  -- A case that ends before it began, because the sender took the referral back, is told of by `referral.closed`; one
  -- that silence had accepted and that was given back, by what became of its allocation.
  UNION ALL SELECT i.authority_id, 'case closed', i.id, 'intervention.closed' FROM intervention i
    WHERE i.state = 'closed' AND NOT i.sealed AND NOT EXISTS (SELECT FROM status_history h
      WHERE i.outcome = 'withdrawn' AND (i.started_on IS NULL OR i.shared)
        AND h.authority_id = i.authority_id AND h.referral_id = i.referral_id AND h.event_type = 'referral.closed')
  UNION ALL SELECT authority_id, 'case started', id, 'intervention.started' FROM intervention WHERE started_on IS NOT NULL
  -- The next provider of a case reads it again.
  UNION ALL SELECT i.authority_id, 'safety read', i.id, 'intervention.safety_acknowledged' FROM intervention i
    WHERE i.safety_acknowledged_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM passed_on x WHERE x.authority_id = i.authority_id AND x.intervention_id = i.id)
  UNION ALL SELECT authority_id, 'hand-over recorded', id, 'hand_over.planned' FROM hand_over
  UNION ALL SELECT authority_id, 'hand-over done', id, 'hand_over.done' FROM hand_over WHERE state = 'done'
  UNION ALL SELECT authority_id, 'referral sent', id, 'referral.submitted' FROM referral WHERE state <> 'draft'
  UNION ALL SELECT authority_id, 'return opened', id, 'return.due' FROM return_record
  UNION ALL SELECT authority_id, 'return submitted', id, 'return.submitted' FROM return_record
    WHERE submitted_at IS NOT NULL
  UNION ALL SELECT authority_id, 'return accepted', id, 'return.accepted' FROM return_record
    WHERE accepted_at IS NOT NULL
)

-- Places: never two bookings at a time, those that have ended included.
SELECT 'place_booked_twice' AS invariant, b.id AS offending_id,
  format('place %s, with booking %s', b.place_id, o.id) AS detail
FROM booking b JOIN booking o ON o.authority_id = b.authority_id AND o.place_id = b.place_id AND o.id > b.id
  AND daterange(o.starts_on, o.ends_on) && daterange(b.starts_on, b.ends_on)

UNION ALL
SELECT 'household_has_two_places', (min(id::text))::uuid, format('household %s holds %s places', household_id, count(*))
FROM live_booking WHERE format = 'casework' GROUP BY authority_id, household_id HAVING count(*) > 1

UNION ALL
SELECT 'two_live_offers_of_referral', (min(id::text))::uuid, format('referral %s', referral_id)
FROM live_offer GROUP BY authority_id, referral_id HAVING count(*) > 1

UNION ALL
SELECT 'two_live_offers_of_place', (min(id::text))::uuid, format('place %s', place_id)
FROM live_offer WHERE joins_intervention_id IS NULL GROUP BY authority_id, place_id HAVING count(*) > 1

UNION ALL
SELECT 'two_open_referrals', (min(id::text))::uuid, format('pupil %s, from %s', pupil_id, referring_organisation_id)
FROM referral WHERE state <> 'closed'
GROUP BY authority_id, pupil_id, referring_organisation_id HAVING count(*) > 1

-- A booking begins on a place that is in service. What runs on when the place is cut, or goes out of service, is not
-- evicted, on its first day neither: what was recorded after the booking (ids rise with time) is not held against it.
UNION ALL
SELECT 'booked_out_of_service', b.id, format('place %s on %s', b.place_id, b.starts_on)
FROM booking b JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id
WHERE b.starts_on < p.available_from
  OR (b.starts_on >= p.available_until
      AND NOT EXISTS (SELECT FROM capacity_change c WHERE c.authority_id = p.authority_id AND c.lot_id = p.lot_id
                      AND c.effective_on = p.available_until AND c.id > b.id))
  OR EXISTS (SELECT FROM place_out_of_service x WHERE x.authority_id = b.authority_id AND x.place_id = b.place_id
             AND x.starts_on <= b.starts_on AND x.ends_on > b.starts_on AND x.id < b.id)

-- A lot that holds as many as it has places, those after a cut included, takes nobody. As it was when the booking was
-- made (ids rise with time): what was booked, or cut, since then is not held against it.
UNION ALL
SELECT 'taken_while_over_held', b.id, format('lot %s on %s', b.lot_id, b.starts_on)
FROM booking b
WHERE (SELECT count(*) FROM booking o WHERE o.authority_id = b.authority_id AND o.lot_id = b.lot_id
         AND o.starts_on <= b.starts_on AND o.ends_on > b.starts_on AND o.id <= b.id)
    > (SELECT count(*) FROM place p WHERE p.authority_id = b.authority_id AND p.lot_id = b.lot_id
         AND p.available_from <= b.starts_on AND (p.available_until IS NULL OR p.available_until > b.starts_on
           OR EXISTS (SELECT FROM capacity_change c WHERE c.authority_id = p.authority_id AND c.lot_id = p.lot_id
                      AND c.effective_on = p.available_until AND c.id > b.id)))

-- On no day are more places of a lot held than it has in service, those still held after a cut aside. The number held
-- only rises on a day on which a booking begins, so those days are looked at.
UNION ALL
SELECT 'more_held_than_places', s.lot_id, format('%s held of %s on %s', s.held, s.places, s.on_day)
FROM (
  SELECT d.authority_id, d.lot_id, d.on_day,
    (SELECT count(*) FROM booking b JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id
     WHERE b.authority_id = d.authority_id AND b.lot_id = d.lot_id AND b.starts_on <= d.on_day AND b.ends_on > d.on_day
       AND (p.available_until IS NULL OR p.available_until > d.on_day)) AS held,
    (SELECT count(*) FROM place p WHERE p.authority_id = d.authority_id AND p.lot_id = d.lot_id
       AND p.available_from <= d.on_day AND (p.available_until IS NULL OR p.available_until > d.on_day)) AS places
  FROM (SELECT DISTINCT authority_id, lot_id, starts_on AS on_day FROM booking) d
) s WHERE s.held > s.places

UNION ALL
SELECT 'booking_of_another_lot', b.id, format('place %s is of lot %s', b.place_id, p.lot_id)
FROM booking b JOIN place p ON p.authority_id = b.authority_id AND p.id = b.place_id
WHERE p.lot_id <> b.lot_id OR p.provider_id <> b.provider_id

UNION ALL
SELECT 'caseload_exceeded', c.practitioner_id, format('%s held of %s', c.held, c.most)
FROM caseload c WHERE c.held > c.most AND c.version = 1

-- Volume: used by interventions whose first contact was attended, and within what was commissioned and varied.
UNION ALL
SELECT 'volume_beyond_contract', l.id, format('%s used of %s', l.volume_used, l.volume_today)
FROM lot_today l WHERE l.volume_used > l.volume_today

UNION ALL
SELECT 'volume_not_by_first_contact', i.id, format('started on %s, first attended on %s', i.started_on, c.first_on)
FROM intervention i LEFT JOIN (
  SELECT authority_id, intervention_id, min((held_at AT TIME ZONE 'Europe/London')::date) AS first_on
  FROM attended_contact GROUP BY authority_id, intervention_id
) c ON c.authority_id = i.authority_id AND c.intervention_id = i.id
WHERE i.started_on IS DISTINCT FROM c.first_on

-- Bookings, offers, cases and referrals agree.
UNION ALL
SELECT 'booking_state_disagrees', b.id, format('booking %s, offer %s, case %s', b.state, o.state, i.state)
FROM booking b
LEFT JOIN live_offer o ON o.authority_id = b.authority_id AND o.booking_id = b.id
LEFT JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id
WHERE b.format = 'casework' AND b.state IS DISTINCT FROM CASE
  WHEN o.id IS NOT NULL THEN 'offered'
  WHEN i.state = 'planned' OR (i.state = 'paused' AND i.started_on IS NULL) THEN 'accepted'
  WHEN i.state IN ('active', 'paused') THEN 'active'
  ELSE 'released' END

UNION ALL
SELECT 'booking_without_case_or_offer', b.id, format('booking %s', b.state) FROM live_booking b
WHERE b.format = 'casework' AND NOT EXISTS (SELECT FROM offer o WHERE o.authority_id = b.authority_id AND o.booking_id = b.id)

UNION ALL
SELECT 'accepted_without_case', o.id, format('case %s', o.intervention_id) FROM offer o
LEFT JOIN intervention i ON i.authority_id = o.authority_id AND i.id = o.intervention_id
WHERE o.state = 'accepted'
  AND (i.id IS NULL OR i.booking_id <> o.booking_id OR i.provider_id <> o.provider_id
       OR (i.referral_id <> o.referral_id AND NOT EXISTS (
         SELECT FROM case_member m WHERE m.authority_id = o.authority_id AND m.intervention_id = i.id
           AND m.referral_id = o.referral_id))
       -- Work that had begun when it was handed over has used the volume of the lot that it came from.
       OR (i.lot_id <> o.lot_id AND (i.started_on IS NULL OR NOT EXISTS (
         SELECT FROM hand_over_case x WHERE x.authority_id = i.authority_id AND x.intervention_id = i.id
           AND x.outcome = 'moved'))))

-- A case that was given back, which stays sealed, has none any more.
UNION ALL
SELECT 'case_not_of_one_offer', i.id, format('%s accepted offers', count(o.id)) FROM intervention i
LEFT JOIN offer o ON o.authority_id = i.authority_id AND o.intervention_id = i.id AND o.state = 'accepted'
  AND o.joins_intervention_id IS NULL
GROUP BY i.authority_id, i.id
HAVING count(o.id) <> CASE WHEN i.sealed AND i.state = 'closed' THEN 0 ELSE 1 END

UNION ALL
SELECT 'booking_of_two_cases', b.booking_id, format('%s cases', count(*)) FROM intervention b
GROUP BY b.authority_id, b.booking_id HAVING count(*) > 1

-- A case that was handed over holds the place that it went to, from the day on which it left the other; it is with the
-- provider that it went to, and whoever had it before reads of the family for its time alone.
UNION ALL
SELECT 'hand_over_disagrees', x.id, format('case %s', x.intervention_id)
FROM (
  SELECT h.*, lead(h.id) OVER (PARTITION BY h.authority_id, h.intervention_id ORDER BY h.id) AS next_id
  FROM hand_over_case h WHERE h.outcome = 'moved'
) x
JOIN intervention i ON i.authority_id = x.authority_id AND i.id = x.intervention_id
JOIN booking f ON f.authority_id = x.authority_id AND f.id = x.from_booking_id
JOIN booking t ON t.authority_id = x.authority_id AND t.id = x.to_booking_id
WHERE f.state <> 'released' OR f.released_on <> x.decided_on OR t.starts_on <> x.decided_on
  -- What was promised for a later day and never begun keeps no day of it.
  OR f.ends_on > greatest(f.starts_on, t.starts_on)
  OR (f.household_id <> t.household_id AND NOT i.shared) OR t.lot_id <> x.to_lot_id OR t.provider_id <> x.to_provider_id
  OR (x.next_id IS NULL AND (i.booking_id <> t.id OR i.provider_id <> x.to_provider_id))

UNION ALL
SELECT 'hand_over_not_done', h.id, format('planned for %s', h.effective_on)
FROM hand_over h JOIN today d ON d.authority_id = h.authority_id
WHERE h.state = 'planned' AND h.effective_on <= (d.clock_ran_to AT TIME ZONE 'Europe/London')::date

UNION ALL
SELECT 'former_provider_still_reads', r.id, format('provider %s until %s', r.former_provider_id, r.former_until)
FROM referral r JOIN today d ON d.authority_id = r.authority_id
WHERE r.former_until <= (d.clock_ran_to AT TIME ZONE 'Europe/London')::date
  OR NOT EXISTS (SELECT FROM passed_on x WHERE x.authority_id = r.authority_id
                 AND x.intervention_id = r.intervention_id AND x.from_provider_id = r.former_provider_id)
     AND r.former_provider_id IS NOT NULL

-- No offer outlives its contract.
UNION ALL
SELECT 'offered_after_contract', o.id, format('lot %s ended on %s', l.id, l.ends_on)
FROM live_offer o JOIN lot_today l ON l.authority_id = o.authority_id AND l.id = o.lot_id
JOIN today d ON d.authority_id = o.authority_id
WHERE l.ends_on < (d.clock_ran_to AT TIME ZONE 'Europe/London')::date

UNION ALL
SELECT 'closed_case_holds_place', i.id, format('booking %s is %s', b.id, b.state)
FROM intervention i JOIN live_booking b ON b.authority_id = i.authority_id AND b.id = i.booking_id
WHERE i.state = 'closed'

UNION ALL
SELECT 'referral_state_disagrees', r.id, format('referral %s, case %s, live offer %s', r.state, i.state, o.id)
FROM referral r
LEFT JOIN intervention i ON i.authority_id = r.authority_id AND i.id = r.intervention_id
LEFT JOIN live_offer o ON o.authority_id = r.authority_id AND o.referral_id = r.id
WHERE (r.state = 'offered') <> (o.id IS NOT NULL)
  -- A child who joins a case that has begun is accepted until it is met.
  OR (r.state = 'accepted' AND i.state IS DISTINCT FROM 'planned' AND NOT coalesce(i.shared AND i.state <> 'closed', false))
  OR (r.state = 'in_progress' AND i.state IS DISTINCT FROM 'active')
  OR (r.state = 'on_hold' AND i.state IS DISTINCT FROM 'paused')
  OR (r.state = 'closed' AND i.state <> 'closed' AND NOT EXISTS (
    SELECT FROM case_member m WHERE m.authority_id = r.authority_id AND m.intervention_id = i.id
      AND m.referral_id = r.id AND m.left_at IS NOT NULL))

-- A case that children share: one of them stands for it, and is open while it is; who has left is closed, or goes on
-- elsewhere; and the case is of a lot that counts families, but for two referrals of one child.
UNION ALL
SELECT 'shared_case_disagrees', i.id, format('referral %s stands for it', i.referral_id) FROM intervention i
LEFT JOIN member m ON m.authority_id = i.authority_id AND m.intervention_id = i.id AND m.referral_id = i.referral_id
WHERE i.shared AND (m.referral_id IS NULL OR (m.referral_state = 'closed') <> (i.state = 'closed'))

UNION ALL
SELECT 'member_of_no_case', m.referral_id, format('case %s', m.intervention_id) FROM member m
JOIN intervention i ON i.authority_id = m.authority_id AND i.id = m.intervention_id
JOIN referral r ON r.authority_id = m.authority_id AND r.id = m.referral_id
WHERE NOT i.shared OR (m.referral_state IN ('accepted', 'in_progress', 'on_hold') AND r.intervention_id <> i.id)
  OR (m.referral_state = 'in_progress' AND m.started_on IS NULL)

UNION ALL
SELECT 'family_has_two_cases', (min(i.id::text))::uuid, format('siblings %s in lot %s', r.sibling_group_id, i.lot_id)
FROM referral r
JOIN intervention i ON i.authority_id = r.authority_id AND i.id = r.intervention_id AND i.state <> 'closed' AND NOT i.sealed
JOIN lot l ON l.authority_id = i.authority_id AND l.id = i.lot_id AND l.volume_unit = 'family'
-- Who was linked after both had a case keeps its own; so does one whom silence gave a case while the other's was unread.
WHERE r.sibling_group_id IS NOT NULL AND r.state IN ('accepted', 'in_progress', 'on_hold')
  AND NOT EXISTS (SELECT FROM offer o WHERE o.authority_id = r.authority_id AND o.intervention_id = i.id
                  AND o.deemed_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM event e WHERE e.authority_id = r.authority_id AND e.referral_id = r.id
                  AND e.type = 'referral.siblings_linked' AND e.occurred_at > i.accepted_at)
GROUP BY r.authority_id, r.sibling_group_id, i.lot_id HAVING count(DISTINCT i.id) > 1

-- A change of school is done on its day, and the old school's access has ended with it.
UNION ALL
SELECT 'school_change_not_done', c.id, format('planned for %s', c.starts_on)
FROM school_change c JOIN today d ON d.authority_id = c.authority_id
WHERE c.state = 'planned' AND c.starts_on <= (d.clock_ran_to AT TIME ZONE 'Europe/London')::date

UNION ALL
SELECT 'old_school_still_reads', c.id, format('referral %s', c.referral_id) FROM school_change c
JOIN referral r ON r.authority_id = c.authority_id AND r.id = c.referral_id
WHERE c.state = 'done'
  AND NOT EXISTS (SELECT FROM school_change n WHERE n.authority_id = c.authority_id AND n.referral_id = c.referral_id
                  AND n.state = 'done' AND n.ended_at > c.ended_at)
  AND (r.school_id IS DISTINCT FROM c.to_school_id OR r.referring_organisation_id = c.from_school_id
    OR EXISTS (SELECT FROM offer o WHERE o.authority_id = r.authority_id AND o.referral_id = r.id
               AND o.state IN ('proposed', 'pending', 'accepted') AND o.school_id = c.from_school_id)
    OR EXISTS (SELECT FROM intervention i WHERE i.authority_id = r.authority_id AND i.referral_id = r.id
               AND i.state <> 'closed' AND i.school_id = c.from_school_id))

-- An authority to which a child has moved is told of it: while nobody has confirmed that, it is owed.
UNION ALL
SELECT 'transfer_not_followed_up', t.id, format('referral %s', t.referral_id) FROM transfer t
WHERE t.confirmed_at IS NULL
  AND NOT EXISTS (SELECT FROM transfer n WHERE n.authority_id = t.authority_id AND n.referral_id = t.referral_id
                  AND n.recorded_at > t.recorded_at)
  AND NOT EXISTS (SELECT FROM obligation b WHERE b.authority_id = t.authority_id AND b.subject_id = t.referral_id
                  AND b.kind = 'transfer_check' AND b.cancelled_at IS NULL AND b.met_at IS NULL)

-- A case is paused by one pause that nobody has ended, and none other is open; its pauses lie apart; and no contact took
-- place in one but those that are not the work with the family. A case that was closed in a pause keeps it open.
UNION ALL
SELECT 'pause_disagrees', i.id, format('case %s, %s open pauses', i.state, count(p.id))
FROM intervention i LEFT JOIN intervention_pause p
  ON p.authority_id = i.authority_id AND p.intervention_id = i.id AND p.resumed_on IS NULL
WHERE i.state <> 'closed' GROUP BY i.authority_id, i.id
HAVING count(p.id) <> CASE i.state WHEN 'paused' THEN 1 ELSE 0 END

UNION ALL
SELECT 'pauses_overlap', p.id, format('case %s, with pause %s', p.intervention_id, o.id)
FROM intervention_pause p JOIN intervention_pause o ON o.authority_id = p.authority_id
  AND o.intervention_id = p.intervention_id AND o.id > p.id
  AND daterange(o.starts_on, o.resumed_on) && daterange(p.starts_on, p.resumed_on)

UNION ALL
SELECT 'worked_in_a_pause', k.id, format('case %s on %s', k.intervention_id, k.held_at)
FROM intervention_contact k JOIN intervention_pause p ON p.authority_id = k.authority_id
  AND p.intervention_id = k.intervention_id
  AND daterange(p.starts_on, p.resumed_on) @> (k.held_at AT TIME ZONE 'Europe/London')::date
WHERE k.result IN ('attended', 'late') AND k.kind IN ('initial', 'session', 'review')

-- The place is the family's until the planned end, whatever has moved it.
UNION ALL
SELECT 'place_held_too_short', b.id, format('until %s, planned until %s', b.ends_on, i.planned_end_on)
FROM live_booking b JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id
WHERE b.ends_on < i.planned_end_on

-- A closed case takes the follow-up of completed work, and nothing else.
UNION ALL
SELECT 'worked_after_the_close', k.id, format('case %s on %s', k.intervention_id, k.held_at)
FROM intervention_contact k
JOIN intervention i ON i.authority_id = k.authority_id AND i.id = k.intervention_id
WHERE i.closed_on < (k.held_at AT TIME ZONE 'Europe/London')::date
  AND (k.kind <> 'follow_up' OR i.outcome <> 'completed')

UNION ALL
SELECT 'waiting_holds_place', r.id, format('booking %s', b.id) FROM referral r
JOIN offer o ON o.authority_id = r.authority_id AND o.referral_id = r.id
JOIN live_booking b ON b.authority_id = o.authority_id AND b.id = o.booking_id
WHERE r.state IN ('waiting', 'submitted', 'information_requested', 'in_panel', 'closed')

-- A place that was offered ahead: offer, case and booking name one first day, and none stands empty before it.
UNION ALL
SELECT 'start_disagrees', b.id, format('booking from %s, offer from %s, case from %s', b.starts_on, o.starts_on,
  i.planned_start_on)
FROM live_booking b
LEFT JOIN live_offer o ON o.authority_id = b.authority_id AND o.booking_id = b.id
LEFT JOIN intervention i ON i.authority_id = b.authority_id AND i.booking_id = b.id
-- A case that was handed over, or whose closure was undone, goes on with a booking of a later day.
WHERE NOT EXISTS (SELECT FROM hand_over_case x WHERE x.authority_id = b.authority_id AND x.to_booking_id = b.id)
  AND NOT EXISTS (SELECT FROM status_history h WHERE h.authority_id = b.authority_id AND h.referral_id = i.referral_id
                  AND h.event_type = 'referral.reopened')
  AND (o.starts_on <> b.starts_on OR i.planned_start_on < b.starts_on OR i.started_on < b.starts_on)

UNION ALL
SELECT 'promised_place_idle', b.id, format('place %s, promised from %s', b.place_id, b.starts_on)
FROM live_booking b JOIN today d ON d.authority_id = b.authority_id
WHERE b.starts_on > d.on_day AND b.format = 'casework'
  AND NOT EXISTS (SELECT FROM live_booking n WHERE n.authority_id = b.authority_id AND n.place_id = b.place_id
                  AND n.starts_on < b.starts_on)
  AND NOT EXISTS (SELECT FROM place_out_of_service x WHERE x.authority_id = b.authority_id AND x.place_id = b.place_id
                  AND x.starts_on < b.starts_on AND x.ends_on >= d.on_day)

-- Nobody waits who could have a place that is free, except for the run of the night. Judged by the terms and the
-- calendar day of now, as the allocation judges them, one place and one family at a time: it asks whether any single
-- free place would do. What a place can do itself stands over what its lot can.
UNION ALL
SELECT 'place_idle_while_someone_waits', r.id, format('place %s of lot %s', p.id, l.id)
FROM referral r
JOIN cadence t ON t.authority_id = r.authority_id AND NOT t.confirmed
  AND (r.band = ANY (t.at_once) OR r.received_at < t.last_night)
JOIN lot_today l ON l.authority_id = r.authority_id
JOIN free_place p ON p.authority_id = l.authority_id AND p.lot_id = l.id
LEFT JOIN caseload c ON c.authority_id = p.authority_id AND c.practitioner_id = p.practitioner_id
WHERE r.state = 'waiting' AND cardinality(r.holds) = 0 AND l.format = 'casework'
  AND l.on_day BETWEEN greatest(l.starts_on, l.joins_on) AND l.ends_on
  AND ((cardinality(l.area_ids) = 0 AND cardinality(l.school_ids) = 0)
       OR r.area_id = ANY (l.area_ids) OR r.school_id = ANY (l.school_ids))
  AND r.key_stage = ANY (l.key_stages) AND r.need_codes[1] = ANY (coalesce(p.needs, l.needs))
  AND r.language = ANY (coalesce(p.languages, l.languages)) AND r.modes && coalesce(p.modes, l.modes)
  AND l.provider_id <> ALL (r.refused_provider_ids) AND l.volume_today - l.volume_used - l.committed > 0
  AND (c.practitioner_id IS NULL OR c.held < c.most)
  AND NOT EXISTS (SELECT FROM offer o WHERE o.authority_id = r.authority_id AND o.referral_id = r.id
                  AND o.provider_id = l.provider_id AND o.provider_allowed_at IS NULL
                  AND (o.state IN ('declined', 'expired') OR o.withdraw_reason IS NOT NULL))
  AND NOT EXISTS (SELECT FROM live_booking b
                  WHERE b.authority_id = r.authority_id AND b.household_id = r.household_id
                    AND b.format = 'casework')

-- Offers: each was decided, of a place whose terms take the family, and of no provider that it refuses or that has said
-- no (or nothing) before.
UNION ALL
SELECT 'offer_not_decided', o.id, format('decision %s', o.decision_id) FROM offer_decided o
WHERE o.found_decision_id IS NULL OR o.outcome <> 'offered' OR o.decided_referral_id <> o.referral_id
  OR NOT EXISTS (SELECT FROM place p WHERE p.authority_id = o.authority_id AND p.id = o.decided_place_id
                 AND p.lot_id = o.lot_id)

UNION ALL
SELECT 'offered_outside_terms', o.id, format('place %s of lot %s', o.place_id, o.lot_id)
FROM offer_decided o
JOIN lot_today l ON l.authority_id = o.authority_id AND l.id = o.lot_id
JOIN place p ON p.authority_id = o.authority_id AND p.id = o.decided_place_id
-- Of the area and the school that it had then: a child may have changed school since. Who joins a case of its family is
-- of any: the family has its place there already.
WHERE o.joins_intervention_id IS NULL AND NOT (cardinality(l.area_ids) = 0 AND cardinality(l.school_ids) = 0)
    AND coalesce(o.want ->> 'area_id' <> ALL (l.area_ids::text[]), true)
    AND coalesce(o.want ->> 'school_id' <> ALL (l.school_ids::text[]), true)
  OR o.want ->> 'key_stage' <> ALL (l.key_stages)
  OR o.want ->> 'primary_need' <> ALL (coalesce(p.needs, l.needs))
  -- What a service does may be widened or narrowed later; what a place does, and the first terms of a service, stand.
  OR (p.languages IS NOT NULL OR l.service_version = 1)
    AND o.want ->> 'language' <> ALL (coalesce(p.languages, l.languages))
  OR (p.modes IS NOT NULL OR l.service_version = 1) AND NOT o.want -> 'modes' ?| coalesce(p.modes, l.modes)
  OR o.as_of < greatest(l.starts_on, l.joins_on) OR o.as_of > l.ends_on

UNION ALL
SELECT 'offered_to_refused_provider', o.id, format('provider %s', o.provider_id) FROM live_offer o
JOIN referral r ON r.authority_id = o.authority_id AND r.id = o.referral_id
WHERE o.provider_id = ANY (r.refused_provider_ids)

UNION ALL
SELECT 'offered_again_after_no', o.id, format('%s before, by offer %s', e.state, e.id) FROM offer o
JOIN offer e ON e.authority_id = o.authority_id AND e.referral_id = o.referral_id AND e.provider_id = o.provider_id
  AND e.state IN ('declined', 'expired') AND e.offered_at < o.offered_at
-- But when an officer let it be asked again, or chose it.
WHERE e.provider_allowed_at IS NULL
  AND NOT EXISTS (SELECT FROM decision d WHERE d.authority_id = o.authority_id AND d.id = o.decision_id
                  AND d.trigger = 'override')

-- Runs: everyone in scope is counted once, and what takes effect is what was seen.
UNION ALL
SELECT 'run_counts_disagree', u.id, u.plan ->> 'counts' FROM allocation_run u
WHERE u.over = 'waiting_list' AND (SELECT sum(value::int) FROM jsonb_each_text(u.plan -> 'counts')) IS DISTINCT FROM
    (SELECT count(DISTINCT told ->> 'referral_id')
     FROM jsonb_array_elements((u.plan -> 'offers') || (u.plan -> 'waiting')) AS told)

UNION ALL
SELECT 'run_not_as_previewed', u.id, format('%s made, %s of them as seen', m.made, m.as_seen)
FROM allocation_run u CROSS JOIN LATERAL (
  SELECT count(*) AS made, count(*) FILTER (WHERE EXISTS (
    SELECT FROM jsonb_array_elements(u.plan -> 'offers') AS seen
    WHERE seen ->> 'referral_id' = o.referral_id::text AND seen ->> 'place_id' = o.decided_place_id::text)) AS as_seen
  FROM offer_decided o WHERE o.authority_id = u.authority_id AND o.run_id = u.id
) m
WHERE u.what_if IS NULL AND u.over = 'waiting_list' AND (m.made <> m.as_seen
  OR m.as_seen <> CASE u.state WHEN 'committed' THEN jsonb_array_length(u.plan -> 'offers') ELSE 0 END)

-- History: one unbroken chain, whose end is the referral's state.
UNION ALL
SELECT 'state_not_last_of_history', r.id, format('%s, history says %s', r.state, h.to_state)
FROM referral r LEFT JOIN LATERAL (
  SELECT sequence, to_state FROM status_history h
  WHERE h.authority_id = r.authority_id AND h.referral_id = r.id ORDER BY sequence DESC LIMIT 1
) h ON true
WHERE r.state IS DISTINCT FROM h.to_state OR r.state_sequence IS DISTINCT FROM h.sequence

UNION ALL
SELECT 'history_broken', h.referral_id, format('line %s from %s', h.sequence, h.from_state)
FROM (
  SELECT *, lag(to_state, 1, 'new') OVER w AS expected, row_number() OVER w AS place FROM status_history
  WINDOW w AS (PARTITION BY authority_id, referral_id ORDER BY sequence)
) h WHERE h.from_state <> h.expected OR h.sequence <> h.place

UNION ALL
SELECT 'move_not_listed', h.referral_id, format('%s to %s by %s', h.from_state, h.to_state, h.event_type)
FROM status_history h WHERE NOT EXISTS (
  SELECT FROM referral_transition t
  WHERE (t.from_state, t.to_state, t.event_type) = (h.from_state, h.to_state, h.event_type))

UNION ALL
SELECT 'move_not_told_once', h.referral_id, format('line %s, event %s', h.sequence, h.event_id)
FROM status_history h LEFT JOIN event e ON e.authority_id = h.authority_id AND e.id = h.event_id
WHERE e.id IS NULL OR e.type <> h.event_type OR e.referral_id IS DISTINCT FROM h.referral_id
  OR (SELECT count(*) FROM status_history o WHERE o.authority_id = h.authority_id AND o.event_id = h.event_id) > 1

-- Events: each act has exactly one, which the authority may read, in one order.
UNION ALL
SELECT 'act_not_told_once', a.id, format('%s, told %s times', a.what, count(e.id)) FROM act a
LEFT JOIN event e ON e.authority_id = a.authority_id AND e.type = ANY (a.types) AND e.data ->> a.told_as = a.id::text
GROUP BY a.authority_id, a.what, a.id HAVING count(e.id) <> 1

UNION ALL
SELECT 'act_not_told_once', a.id, format('%s, told %s times', a.what, count(e.id)) FROM act_of_subject a
LEFT JOIN event e ON e.authority_id = a.authority_id AND e.type = a.type AND e.subject_id = a.id
  -- A closure that was undone has its event too: of a closed case, that of its last closure counts.
  AND (a.what <> 'case closed' OR e.subject_version =
       (SELECT max(x.subject_version) FROM event x
        WHERE x.authority_id = a.authority_id AND x.type = a.type AND x.subject_id = a.id))
GROUP BY a.authority_id, a.what, a.id HAVING count(e.id) <> 1

-- A version of anything is told of by one event; every version of a referral by a line of its history or by an event
-- of its own.
UNION ALL
SELECT 'version_told_twice', subject_id, format('%s, version %s', subject_kind, subject_version)
-- That a contract ends, or that nobody answers for a referral, changes nothing of it.
FROM event WHERE type NOT IN ('contract.ending', 'referral.escalated') GROUP BY authority_id, subject_kind, subject_id, subject_version HAVING count(*) > 1

UNION ALL
SELECT 'change_not_told_once', r.id, format('version %s, %s moves and %s other events', r.version, h.count, e.count)
FROM referral r
CROSS JOIN LATERAL (
  SELECT count(*) FROM status_history h WHERE h.authority_id = r.authority_id AND h.referral_id = r.id
) h
CROSS JOIN LATERAL (
  -- The first read of a case that silence accepted is told of by its allocation.
  SELECT count(*) FROM event e WHERE e.authority_id = r.authority_id AND e.referral_id = r.id
    AND (e.subject_kind = 'referral' AND e.subject_id = r.id AND e.type <> 'referral.escalated'
         OR e.type = 'allocation.identity_released') AND NOT EXISTS (
      SELECT FROM status_history h WHERE h.authority_id = e.authority_id AND h.event_id = e.id)
) e
WHERE r.version <> h.count + e.count

UNION ALL
SELECT 'authority_not_told', e.id, e.type FROM event e
WHERE NOT EXISTS (
  SELECT FROM event_audience a JOIN officers o ON o.authority_id = a.authority_id AND o.id = a.organisation_id
  WHERE a.authority_id = e.authority_id AND a.event_id = e.id)

UNION ALL
SELECT 'event_order_not_unique', (min(event_id::text))::uuid, format('%s events at %s, %s', count(*), xid, seq)
FROM event_audience GROUP BY xid, seq HAVING count(*) > 1

UNION ALL
SELECT 'event_for_a_stranger', a.event_id, format('organisation %s', a.organisation_id) FROM event_audience a
WHERE NOT EXISTS (SELECT FROM organisation o WHERE o.authority_id = a.authority_id AND o.id = a.organisation_id)

-- Returns: what is owed exists once, and what was submitted stands as facts.
UNION ALL
SELECT 'return_owed_twice', (min(id::text))::uuid, format('%s %s of %s', template, period, organisation_id)
FROM return_record GROUP BY authority_id, organisation_id, template, period HAVING count(*) > 1

UNION ALL
SELECT DISTINCT 'return_not_opened', i.provider_id, format('provider_half_term %s-%s', c.academic_year, c.half_term)
FROM calendar_period c
JOIN today d ON d.authority_id = c.authority_id
JOIN intervention i ON i.authority_id = c.authority_id
  AND (i.accepted_at AT TIME ZONE 'Europe/London')::date <= c.ends_on
  AND (i.closed_on IS NULL OR i.closed_on >= c.starts_on)
  AND NOT EXISTS (SELECT FROM passed_on x WHERE x.authority_id = i.authority_id AND x.intervention_id = i.id
                  AND x.to_provider_id = i.provider_id AND x.decided_on > c.ends_on)
WHERE c.ends_on < (d.clock_ran_to AT TIME ZONE 'Europe/London')::date
  AND NOT EXISTS (SELECT FROM return_record r WHERE r.authority_id = c.authority_id
                  AND r.organisation_id = i.provider_id AND r.template = 'provider_half_term'
                  AND r.period = format('%s-%s', c.academic_year, c.half_term))

UNION ALL
SELECT DISTINCT 'return_not_opened', r.school_id, format('school_term, term that ended on %s', c.ends_on)
FROM calendar_period c
JOIN today d ON d.authority_id = c.authority_id
JOIN referral r ON r.authority_id = c.authority_id AND r.school_id IS NOT NULL
  AND (r.received_at AT TIME ZONE 'Europe/London')::date <= c.ends_on
  AND (r.state <> 'closed' OR EXISTS (SELECT FROM intervention i WHERE i.authority_id = r.authority_id
    AND i.referral_id = r.id AND i.started_on IS NOT NULL AND i.closed_on >= c.starts_on))
  AND r.outcome IS DISTINCT FROM 'entered_in_error'
WHERE c.half_term IN (2, 4, 6) AND c.ends_on < (d.clock_ran_to AT TIME ZONE 'Europe/London')::date
  AND NOT EXISTS (SELECT FROM return_record x WHERE x.authority_id = c.authority_id
                  AND x.organisation_id = r.school_id AND x.template = 'school_term'
                  AND x.period_ends_on = c.ends_on)

UNION ALL
SELECT 'attendance_not_as_returned', s.return_id, format('referral %s, %s', s.referral_id, s.period)
FROM school_row s LEFT JOIN attendance_record f ON f.authority_id = s.authority_id AND f.referral_id = s.referral_id
  AND f.source = 'return' AND f.term = s.period
WHERE s.told ->> 'no_figures_reason' IS NULL
  AND (f.sessions_possible, f.sessions_attended, f.sessions_authorised, f.sessions_unauthorised) IS DISTINCT FROM
    ((s.told ->> 'sessions_possible')::int, (s.told ->> 'sessions_attended')::int,
     (s.told ->> 'sessions_authorised')::int, (s.told ->> 'sessions_unauthorised')::int)

UNION ALL
SELECT 'suspensions_not_as_returned', s.return_id, format('referral %s, %s', s.referral_id, s.period)
FROM school_row s LEFT JOIN suspension_record f ON f.authority_id = s.authority_id AND f.referral_id = s.referral_id
  AND f.source = 'return' AND f.term = s.period
WHERE s.told ->> 'no_figures_reason' IS NULL
  AND (f.suspension_count, f.sessions_lost, f.permanent_exclusion_count) IS DISTINCT FROM
    ((s.told ->> 'suspension_count')::int, (s.told ->> 'sessions_lost')::int,
     (s.told ->> 'permanent_exclusion_count')::int)

UNION ALL
SELECT 'owed_though_done', o.id, format('%s of %s %s', o.kind, o.subject_kind, o.subject_id) FROM obligation o
WHERE o.met_at IS NULL AND o.cancelled_at IS NULL AND (
  EXISTS (SELECT FROM offer f WHERE f.authority_id = o.authority_id AND f.id = o.subject_id AND f.state <> 'pending'
          AND (o.kind = 'answer_offer' OR f.state <> 'accepted'))
  OR EXISTS (SELECT FROM intervention i
             WHERE i.authority_id = o.authority_id AND i.id = o.subject_id AND i.state = 'closed'
               AND (o.kind <> 'follow_up' OR i.outcome <> 'completed'))
  OR EXISTS (SELECT FROM return_record r WHERE r.authority_id = o.authority_id AND r.id = o.subject_id
             AND r.state NOT IN ('due', 'draft') AND o.kind IN ('provider_return', 'school_return'))
  OR EXISTS (SELECT FROM course c WHERE c.authority_id = o.authority_id AND c.id = o.subject_id
             AND c.state IN ('finished', 'cancelled'))
  OR EXISTS (SELECT FROM placement c WHERE c.authority_id = o.authority_id AND c.id = o.subject_id
             AND c.state IN ('declined', 'withdrawn', 'ended'))
  OR EXISTS (SELECT FROM link_day_action c WHERE c.authority_id = o.authority_id AND c.id = o.subject_id
             AND c.state <> 'open'))

-- Courses: no more people than seats, nobody open on one that is over, and every seat that somebody has is a booking
-- that says the same. A booking ends with its days, whether anybody has said by then what became of the seat or not.
UNION ALL
SELECT 'course_over_its_seats', c.id, format('%s on %s seats', count(e.id), c.seats)
FROM course c JOIN course_enrolment e ON e.authority_id = c.authority_id AND e.course_id = c.id
  AND e.state IN ('offered', 'taken')
GROUP BY c.authority_id, c.id, c.seats HAVING count(e.id) > c.seats

UNION ALL
SELECT 'seat_disagrees', e.id, format('enrolment %s, booking %s', e.state, b.state)
FROM course_enrolment e
LEFT JOIN booking b ON b.authority_id = e.authority_id AND b.id = e.booking_id
LEFT JOIN course_seat s ON s.authority_id = e.authority_id AND s.course_id = e.course_id AND s.number = e.seat_number
WHERE CASE
  WHEN e.state IN ('waiting', 'lapsed') THEN b.id IS NOT NULL
  WHEN e.state IN ('offered', 'taken') THEN b.id IS NULL OR s.place_id IS DISTINCT FROM b.place_id
    OR b.format <> 'course' OR b.household_id <> e.household_id OR b.lot_id <> e.lot_id
    OR b.state <> CASE WHEN b.cause = 'over' THEN 'released' WHEN e.state = 'offered' THEN 'offered'
                       WHEN e.used_on IS NULL THEN 'accepted' ELSE 'active' END
  ELSE coalesce(b.state, 'released') <> 'released' END

UNION ALL
SELECT 'course_booking_of_nobody', b.id, format('booking %s', b.state) FROM live_booking b
WHERE b.format = 'course'
  AND NOT EXISTS (SELECT FROM course_enrolment e WHERE e.authority_id = b.authority_id AND e.booking_id = b.id)

UNION ALL
SELECT 'enrolled_on_what_is_over', e.id, format('enrolment %s, course %s', e.state, c.state)
FROM course_enrolment e JOIN course c ON c.authority_id = e.authority_id AND c.id = e.course_id
WHERE c.state IN ('finished', 'cancelled') AND e.state IN ('waiting', 'offered', 'taken')

UNION ALL
SELECT 'course_use_not_by_first_session', e.id, format('used on %s, first came on %s', e.used_on, a.first_on)
FROM course_enrolment e LEFT JOIN (
  SELECT x.authority_id, x.enrolment_id, min((t.starts_at AT TIME ZONE 'Europe/London')::date) AS first_on
  FROM course_attendance x JOIN course_session t ON t.authority_id = x.authority_id AND t.course_id = x.course_id
    AND t.number = x.number WHERE x.result <> 'absent' GROUP BY x.authority_id, x.enrolment_id
) a ON a.authority_id = e.authority_id AND a.enrolment_id = e.id
WHERE e.used_on IS DISTINCT FROM a.first_on

-- Placements: one at a time, its place booked on its very days, used from the first day there, twenty weeks at most.
UNION ALL
SELECT 'placement_disagrees', p.id, format('placement %s to %s is %s, booking %s to %s is %s', p.starts_on, p.ends_on,
  p.state, b.starts_on, b.ends_on, b.state)
FROM placement p LEFT JOIN booking b ON b.authority_id = p.authority_id AND b.id = p.booking_id
WHERE b.id IS NULL OR b.format <> 'placement' OR b.lot_id <> p.lot_id OR p.weeks > 20
  OR CASE WHEN p.state IN ('requested', 'agreed', 'running')
     THEN (b.starts_on, b.ends_on) <> (p.starts_on, p.ends_on)
       OR b.state <> CASE WHEN b.cause = 'over' THEN 'released' WHEN p.state = 'requested' THEN 'offered'
                          WHEN p.state = 'agreed' THEN 'accepted' ELSE 'active' END
     ELSE b.state <> 'released' END

UNION ALL
SELECT 'placements_overlap', p.id, format('with placement %s', o.id)
FROM placement p JOIN placement o ON o.authority_id = p.authority_id AND o.pupil_id = p.pupil_id AND o.id > p.id
WHERE p.state NOT IN ('declined', 'withdrawn') AND o.state NOT IN ('declined', 'withdrawn')
  AND p.starts_on < o.ends_on AND o.starts_on < p.ends_on

UNION ALL
SELECT 'placement_use_not_by_first_day', p.id, format('used on %s, first there on %s', p.used_on, d.first_on)
FROM placement p LEFT JOIN (
  SELECT authority_id, placement_id, min(on_day) AS first_on FROM placement_day WHERE morning OR afternoon GROUP BY 1, 2
) d ON d.authority_id = p.authority_id AND d.placement_id = p.id
WHERE p.used_on IS DISTINCT FROM d.first_on

-- Link days: a booking of the very day while it is held, which the halves of the day share, and nobody in two schools.
UNION ALL
SELECT 'link_day_disagrees', d.id, format('link day %s on %s, booking %s from %s', d.state, d.on_day, b.state, b.starts_on)
FROM link_day d LEFT JOIN booking b ON b.authority_id = d.authority_id AND b.id = d.booking_id
WHERE d.state IN ('confirmed', 'done') AND (
  b.id IS NULL OR b.format <> 'link_days' OR b.starts_on <> d.on_day OR b.lot_id <> d.lot_id
  OR (b.state = 'released' AND b.cause <> 'over'))

UNION ALL
SELECT 'link_day_booking_of_nobody', b.id, format('booking of %s', b.starts_on) FROM live_booking b
WHERE b.format = 'link_days'
  AND NOT EXISTS (SELECT FROM link_day d WHERE d.authority_id = b.authority_id AND d.booking_id = b.id
                  AND d.state IN ('confirmed', 'done'))

UNION ALL
SELECT 'in_two_schools_at_once', d.id, format('with link day %s', o.id)
FROM link_day d JOIN link_day o ON o.authority_id = d.authority_id AND o.practitioner_id = d.practitioner_id
  AND o.on_day = d.on_day AND o.id > d.id
WHERE d.state IN ('confirmed', 'done') AND o.state IN ('confirmed', 'done')
  AND (d.part = 'whole' OR o.part = 'whole' OR d.part = o.part)

-- Panels: whatever is before a panel stands on one agenda; an item is decided once, and its referral is where that put
-- it; members read only what was circulated to them, and for no longer than the policy says.
UNION ALL
SELECT 'before_a_panel_off_the_agenda', r.id, format('%s listed items', count(i.id))
FROM referral r LEFT JOIN panel_item i ON i.authority_id = r.authority_id AND i.referral_id = r.id
  AND i.state = 'listed'
WHERE r.state = 'in_panel' GROUP BY r.authority_id, r.id HAVING count(i.id) <> 1

UNION ALL
SELECT 'on_an_agenda_but_not_before_it', i.id, format('referral %s is %s', r.id, r.state)
FROM panel_item i JOIN referral r ON r.authority_id = i.authority_id AND r.id = i.referral_id
WHERE i.state = 'listed' AND r.state <> 'in_panel'

UNION ALL
SELECT 'listed_at_a_sitting_that_is_over', i.id, format('sitting %s is %s', s.id, s.state)
FROM panel_item i JOIN panel_sitting s ON s.authority_id = i.authority_id AND s.id = i.sitting_id
WHERE i.state = 'listed' AND s.state IN ('minuted', 'cancelled')

UNION ALL
SELECT 'item_not_decided_once', i.id, format('%s, %s standing decisions', i.state, d.standing)
FROM panel_item i CROSS JOIN LATERAL (
  SELECT count(*) AS standing FROM panel_decision d WHERE d.authority_id = i.authority_id AND d.item_id = i.id
    AND NOT EXISTS (SELECT FROM panel_decision c WHERE c.authority_id = d.authority_id AND c.corrects_id = d.id)
) d
WHERE d.standing <> CASE i.state WHEN 'decided' THEN 1 ELSE 0 END

UNION ALL
SELECT 'panel_reads_what_it_may_not', i.id, format('sitting %s is %s, read until %s', s.id, s.state, s.access_until)
FROM panel_item i JOIN authority a ON a.id = i.authority_id
LEFT JOIN panel_sitting s ON s.authority_id = i.authority_id AND s.id = i.sitting_id
WHERE i.reader_ids <> '{}' AND (s.id IS NULL OR s.state IN ('planned', 'cancelled') OR NOT i.reader_ids <@ s.member_ids
  OR s.access_until < (a.clock_ran_to AT TIME ZONE 'Europe/London')::date
  OR EXISTS (SELECT FROM jsonb_array_elements(i.conflicts) c
             WHERE (c ->> 'organisation_id')::uuid = ANY (i.reader_ids)))

UNION ALL
SELECT 'panel_debt_disagrees', o.id, o.kind FROM obligation o
LEFT JOIN panel_action p ON p.authority_id = o.authority_id AND p.id = o.subject_id AND o.kind = 'panel_action'
LEFT JOIN panel_sitting s ON s.authority_id = o.authority_id AND s.id = o.subject_id AND o.kind = 'panel_circulation'
LEFT JOIN pre_exclusion_review v
  ON v.authority_id = o.authority_id AND v.id = o.subject_id AND o.kind = 'exclusion_outcome'
WHERE o.kind IN ('panel_action', 'panel_circulation', 'exclusion_outcome')
  AND (o.met_at IS NULL AND o.cancelled_at IS NULL)
      <> coalesce(p.state = 'open', s.state = 'planned', v.outcome IS NULL AND v.id IS NOT NULL)

-- What a provider owes on a case, by where the case stands. What has been done, and what the case calls for no longer,
-- is not owed.
UNION ALL
SELECT 'case_debt_missing', i.id, format('%s case, no open %s of its provider', i.state, k.kind)
FROM intervention i CROSS JOIN LATERAL (VALUES
  ('initial_contact', i.started_on IS NULL), ('closure', i.started_on IS NOT NULL), ('pause_end', i.state = 'paused')
) AS k (kind, called_for)
WHERE i.state <> 'closed' AND k.called_for
  AND NOT EXISTS (SELECT FROM obligation o WHERE o.authority_id = i.authority_id AND o.subject_id = i.id
                  AND o.kind = k.kind AND o.owed_by_id = i.provider_id AND o.met_at IS NULL AND o.cancelled_at IS NULL)

UNION ALL
SELECT 'case_debt_stale', o.id, format('%s of case %s', o.kind, i.id)
FROM obligation o JOIN intervention i ON i.authority_id = o.authority_id AND i.id = o.subject_id
WHERE o.met_at IS NULL AND o.cancelled_at IS NULL AND i.state <> 'closed' AND CASE o.kind
  WHEN 'initial_contact' THEN i.started_on IS NOT NULL
  WHEN 'pause_end' THEN i.state <> 'paused'
  WHEN 'follow_up' THEN true
  WHEN 'baseline' THEN i.started_on IS NULL
    OR EXISTS (SELECT FROM reading r WHERE r.authority_id = i.authority_id AND r.intervention_id = i.id)
  WHEN 'plan' THEN i.started_on IS NULL
    OR EXISTS (SELECT FROM plan p WHERE p.authority_id = i.authority_id AND p.intervention_id = i.id)
  WHEN 'review' THEN i.started_on IS NULL
    OR EXISTS (SELECT FROM intervention_review r WHERE r.authority_id = i.authority_id AND r.intervention_id = i.id)
  WHEN 'closure' THEN i.started_on IS NULL
  ELSE false END

-- What a case leaves behind: every close has its two letters, one of each for each version, none before a first close;
-- words that were taken back stand nowhere; what a closure's summary names is a signpost too.
UNION ALL
SELECT 'close_without_letters', i.id, format('%s of two', count(DISTINCT l.audience)) FROM intervention i
LEFT JOIN closure_letter l ON l.authority_id = i.authority_id AND l.intervention_id = i.id
WHERE i.closure_summary IS NOT NULL GROUP BY i.id HAVING count(DISTINCT l.audience) <> 2

UNION ALL
SELECT 'letter_without_its_pair', l.intervention_id, format('version %s', l.version) FROM closure_letter l
GROUP BY l.authority_id, l.intervention_id, l.version HAVING count(DISTINCT l.audience) <> 2

UNION ALL
SELECT 'letters_without_a_close', l.intervention_id, format('%s for %s closings', max(l.version), (
    SELECT count(*) FROM event e WHERE e.type = 'intervention.closed' AND e.subject_id = l.intervention_id))
FROM closure_letter l GROUP BY l.authority_id, l.intervention_id
HAVING max(l.version) > (
    SELECT count(*) FROM event e WHERE e.type = 'intervention.closed' AND e.subject_id = l.intervention_id)

UNION ALL
SELECT 'withdrawn_words_kept', q.id, 'taken back on ' || q.withdrawn_on FROM family_quote q
WHERE q.withdrawn_on IS NOT NULL AND q.words IS NOT NULL

UNION ALL
SELECT 'words_in_a_letter', l.id, 'a quote is read with its letter and not copied into it' FROM closure_letter l
CROSS JOIN LATERAL jsonb_array_elements(l.content -> 'blocks') block
WHERE block ->> 'kind' = 'quote' AND block ->> 'reference' IS NOT NULL AND block ->> 'text' <> ''

UNION ALL
SELECT 'closure_signpost_not_recorded', i.id, named ->> 'name' FROM intervention i
CROSS JOIN LATERAL jsonb_array_elements(i.closure_summary -> 'signposted') named
WHERE NOT EXISTS (SELECT FROM signpost s WHERE s.authority_id = i.authority_id AND s.intervention_id = i.id
                  AND lower(s.name) = lower(named ->> 'name'))

UNION ALL
SELECT 'plan_without_goals', p.intervention_id, format('version %s', p.version) FROM plan p
WHERE NOT EXISTS (SELECT FROM goal g WHERE g.authority_id = p.authority_id AND g.intervention_id = p.intervention_id)

UNION ALL
SELECT 'recorded_before_the_case', x.id, x.what FROM (
  SELECT authority_id, intervention_id, id, said_on AS on_day, 'progress' AS what FROM goal_progress
  UNION ALL SELECT authority_id, intervention_id, id, signposted_on, 'signpost' FROM signpost
  UNION ALL SELECT authority_id, intervention_id, id, said_on, 'quote' FROM family_quote) x
JOIN intervention i ON i.authority_id = x.authority_id AND i.id = x.intervention_id
WHERE x.on_day < (i.accepted_at AT TIME ZONE 'Europe/London')::date

UNION ALL
SELECT 'told_before_its_time', o.id, o.kind FROM obligation o
WHERE o.reminded_at < o.remind_at OR o.reminded_at >= o.due_at OR o.overdue_at < o.due_at
  OR o.escalated_at < o.escalate_at

-- The clock looks at every midnight at the latest: what is open had been told of by the next one.
UNION ALL
SELECT 'debt_not_told_in_time', o.id, format('%s of %s at %s', o.kind, m.mark, m.at)
FROM obligation o JOIN today t ON t.authority_id = o.authority_id
CROSS JOIN LATERAL (VALUES
  ('overdue', o.due_at, o.overdue_at), ('escalated', o.escalate_at, o.escalated_at)
) m (mark, at, told_at)
CROSS JOIN LATERAL (SELECT greatest(m.at, o.created_at, o.put_off_at) + interval '26 hours' AS by_then) b
WHERE m.at IS NOT NULL AND m.told_at IS NULL AND o.met_at IS NULL AND o.cancelled_at IS NULL
  AND b.by_then < t.clock_ran_to

UNION ALL
SELECT 'debt_not_told_once', o.id, format('%s: %s', o.kind, m.type)
FROM obligation o
CROSS JOIN LATERAL (VALUES
  ('obligation.due_soon', o.reminded_at), ('obligation.overdue', o.overdue_at), ('obligation.escalated', o.escalated_at)
) m (type, at)
LEFT JOIN (
  SELECT authority_id, subject_id, type, occurred_at, count(*) AS times FROM event
  WHERE subject_kind = 'obligation' GROUP BY 1, 2, 3, 4
) e ON e.authority_id = o.authority_id AND e.subject_id = o.id AND e.type = m.type AND e.occurred_at = m.at
WHERE m.at IS NOT NULL AND e.times IS DISTINCT FROM 1

-- Notes, messages and concerns: each reaches those whom it was meant for, and of an allegation the authority alone.
UNION ALL
SELECT 'note_correction_broken', n.id, format('corrects %s, corrected by %s', n.supersedes_id, n.superseded_by_id)
FROM case_note n
WHERE n.supersedes_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM case_note o WHERE o.authority_id = n.authority_id AND o.id = n.supersedes_id
      AND o.superseded_by_id = n.id AND o.intervention_id = n.intervention_id AND o.organisation_id = n.organisation_id)
  OR n.superseded_by_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM case_note l WHERE l.authority_id = n.authority_id AND l.id = n.superseded_by_id
      AND l.supersedes_id = n.id)

UNION ALL
SELECT 'message_for_a_stranger', m.id, format('told to %s', a.organisation_id)
FROM message m
JOIN event e ON e.authority_id = m.authority_id AND e.subject_kind = 'message' AND e.subject_id = m.id
JOIN event_audience a ON a.authority_id = e.authority_id AND a.event_id = e.id
WHERE a.organisation_id <> ALL (m.reader_ids)
  AND NOT EXISTS (SELECT FROM officers o WHERE o.authority_id = m.authority_id AND o.id = a.organisation_id)

UNION ALL
SELECT 'message_read_by_a_stranger', x.message_id, format('organisation %s', x.organisation_id)
FROM message_read x JOIN message m ON m.authority_id = x.authority_id AND m.id = x.message_id
WHERE x.organisation_id <> ALL (m.reader_ids) AND NOT m.for_case OR x.organisation_id = m.organisation_id

UNION ALL
SELECT 'concern_not_owed', c.id, format('%s debts', o.count) FROM concern c
CROSS JOIN LATERAL (
  SELECT count(*), bool_and(d.owed_by_id = c.recipient_id AND (d.met_at IS NOT NULL) = EXISTS (
    SELECT FROM concern_act t WHERE t.authority_id = c.authority_id AND t.concern_id = c.id)) AS sound
  FROM obligation d WHERE d.authority_id = c.authority_id AND d.subject_id = c.id AND d.kind = 'concern_action'
) o WHERE o.count <> 1 OR NOT o.sound

UNION ALL
SELECT 'concern_told_to_another', c.id, format('%s to %s', e.type, a.organisation_id) FROM concern c
JOIN event e ON e.authority_id = c.authority_id
  AND (e.subject_kind = 'concern' AND e.subject_id = c.id OR e.data ->> 'about_id' = c.id::text)
JOIN event_audience a ON a.authority_id = e.authority_id AND a.event_id = e.id
WHERE NOT EXISTS (SELECT FROM officers o WHERE o.authority_id = c.authority_id AND o.id = a.organisation_id)
  AND (c.kind <> 'child_at_risk' OR NOT (
    a.organisation_id = c.recipient_id
    OR a.organisation_id = c.organisation_id AND e.type = 'concern.acknowledged'))

UNION ALL
SELECT 'allegation_owed_by_another', c.id, format('recipient %s', c.recipient_id) FROM concern c
WHERE c.kind <> 'child_at_risk'
  AND NOT EXISTS (SELECT FROM officers o WHERE o.authority_id = c.authority_id AND o.id = c.recipient_id)

-- What clients were told: no acknowledged write is lost, a retry had no second effect, no event was skipped.
UNION ALL
SELECT 'acknowledged_write_lost', k.id, k.kind FROM (SELECT DISTINCT kind, id FROM acknowledged) k
WHERE NOT CASE k.kind
  WHEN 'referral' THEN EXISTS (SELECT FROM referral r WHERE r.id = k.id)
  WHEN 'referral_closed' THEN EXISTS (SELECT FROM referral r WHERE r.id = k.id AND r.state = 'closed')
  WHEN 'released' THEN EXISTS (SELECT FROM referral r WHERE r.id = k.id AND cardinality(r.holds) = 0)
  WHEN 'accepted' THEN EXISTS (SELECT FROM offer o WHERE o.id = k.id AND o.state = 'accepted')
  WHEN 'declined' THEN EXISTS (SELECT FROM offer o WHERE o.id = k.id AND o.state = 'declined')
  WHEN 'contact' THEN EXISTS (SELECT FROM intervention_contact c WHERE c.id = k.id)
  WHEN 'reading' THEN EXISTS (SELECT FROM reading c WHERE c.id = k.id)
  WHEN 'plan' THEN EXISTS (SELECT FROM plan p WHERE p.intervention_id = k.id)
  WHEN 'extended' THEN EXISTS (SELECT FROM intervention_extension x WHERE x.intervention_id = k.id)
  WHEN 'paused' THEN EXISTS (SELECT FROM intervention_pause x WHERE x.intervention_id = k.id)
  WHEN 'review' THEN EXISTS (SELECT FROM intervention_review x WHERE x.id = k.id)
  WHEN 'case_closed' THEN EXISTS (SELECT FROM intervention i WHERE i.id = k.id AND i.state = 'closed')
  WHEN 'attendance' THEN EXISTS (SELECT FROM attendance_record f WHERE f.id = k.id)
  WHEN 'suspensions' THEN EXISTS (SELECT FROM suspension_record f WHERE f.id = k.id)
  WHEN 'return_submitted' THEN EXISTS (SELECT FROM return_record r WHERE r.id = k.id AND r.submitted_at IS NOT NULL)
  WHEN 'return_accepted' THEN EXISTS (SELECT FROM return_record r WHERE r.id = k.id AND r.state = 'accepted')
  WHEN 'note' THEN EXISTS (SELECT FROM case_note n WHERE n.id = k.id)
  WHEN 'message' THEN EXISTS (SELECT FROM message m WHERE m.id = k.id)
  WHEN 'concern' THEN EXISTS (SELECT FROM concern c WHERE c.id = k.id)
  WHEN 'event' THEN EXISTS (SELECT FROM event e WHERE e.id = k.id)
  ELSE false END

UNION ALL
SELECT 'closed_referral_asks_for_attention', x.id, x.rule FROM referral_attention x
JOIN referral r ON r.authority_id = x.authority_id AND r.id = x.referral_id
WHERE r.state = 'closed' AND x.cleared_at IS NULL AND x.looked_at IS NULL

UNION ALL
SELECT 'attention_review_owed_for_nothing', o.id, format('referral %s', o.subject_id) FROM obligation o
WHERE o.kind = 'attention_review' AND o.met_at IS NULL AND o.cancelled_at IS NULL
  AND NOT EXISTS (SELECT FROM referral_attention x WHERE x.authority_id = o.authority_id
                  AND x.referral_id = o.subject_id AND x.asks_review AND x.cleared_at IS NULL AND x.looked_at IS NULL)

UNION ALL
SELECT 'absence_flag_not_in_its_figures', x.id, x.figures::text FROM referral_attention x
WHERE x.rule_content ->> 'measure' = 'absence_percent'
  AND ((x.figures ->> 'sessions_possible')::int = 0
    OR (x.figures ->> 'sessions_missed')::int * 100
      < (x.rule_content ->> 'threshold')::int * (x.figures ->> 'sessions_possible')::int)

UNION ALL
SELECT 'corrected_reading_counts', d.id, format('superseded at %s', d.superseded_at) FROM reading d
WHERE (d.superseded_at IS NOT NULL)
  <> EXISTS (SELECT FROM reading n WHERE n.authority_id = d.authority_id AND n.supersedes_id = d.id)

UNION ALL
SELECT 'audit_action_not_as_owed', a.id, a.state FROM audit_action a
WHERE (a.state = 'open') <> EXISTS (SELECT FROM obligation o WHERE o.authority_id = a.authority_id
  AND o.subject_id = a.id AND o.kind = 'audit_action' AND o.met_at IS NULL AND o.cancelled_at IS NULL)

UNION ALL
SELECT 'retry_had_two_answers', (min(id::text))::uuid, format('%s, key %s', kind, key)
FROM acknowledged WHERE key <> '' GROUP BY kind, key HAVING count(DISTINCT id) > 1

UNION ALL
SELECT 'retry_had_two_effects', r.id, format('%s referrals with the reference %s', count(*) OVER w, r.sender_reference)
FROM referral r JOIN (SELECT DISTINCT id FROM acknowledged WHERE kind = 'referral') k ON k.id = r.id
JOIN referral o ON o.authority_id = r.authority_id AND o.referring_organisation_id = r.referring_organisation_id
  AND o.sender_reference = r.sender_reference AND o.id <> r.id
WINDOW w AS (PARTITION BY r.authority_id, r.sender_reference)

UNION ALL
SELECT 'event_skipped_by_feed', a.event_id, format('organisation %s', a.organisation_id) FROM event_audience a
WHERE EXISTS (SELECT FROM acknowledged k WHERE k.kind = 'event' AND k.organisation_id = a.organisation_id)
  AND NOT EXISTS (SELECT FROM acknowledged k WHERE k.kind = 'event' AND k.organisation_id = a.organisation_id
                  AND k.id = a.event_id)

UNION ALL
SELECT 'event_read_twice', id, format('organisation %s', organisation_id) FROM acknowledged
WHERE kind = 'event' GROUP BY id, organisation_id HAVING count(*) > 1

ORDER BY invariant, offending_id
